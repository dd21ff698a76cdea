"""The texts of contracts: each version is kept once and never changes."""

from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import Connection, insert, select

from include.sla_logic.domain.contract import Contract, read_contract
from include.sla_logic.domain.contract.reading import parse_stored
from include.sla_logic.domain.errors import ForeseenError, NotFoundError
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.persistence.schema import reference as t


class UnableToFindRecord(NotFoundError):
    """The register has no such customer, agreement or contract."""


def no_customer(customer: str) -> UnableToFindRecord:
    """Return what is said of a customer who does not exist, and of one who may not be seen."""
    msg = "There is no customer %(customer)s in the contract register."
    return UnableToFindRecord(Sentence(msg, customer=customer))


class UnableToLoadContract(ForeseenError):
    """This version of the contract was loaded before with another text."""


def find_contract(connection: Connection, contract: str, version: str) -> Contract:
    """Return one version of a contract; raise `UnableToFindRecord` where it was never loaded."""
    text = connection.scalar(
        select(t.contracts.c.text).where(t.contracts.c.id == contract, t.contracts.c.version == version)
    )
    if text is None:
        msg = f"Version {version} of the contract {contract} was never loaded."
        raise UnableToFindRecord(msg)
    return parse_contract(text, contract, version)


@lru_cache(maxsize=256)
def parse_contract(text: str, contract: str, version: str) -> Contract:
    """Read the text of a contract that was validated when it was loaded."""
    return parse_stored(text, name=f"{contract} {version}")


def load_contract(connection: Connection, text: str, *, name: str, now: datetime) -> tuple[Contract, bool]:
    """Validate and keep a contract; return it and whether it is new.

    A version once loaded never changes: judgements made on it must stay explainable.
    """
    contract = read_contract(text, name=name)
    digest = sha256(text.encode()).hexdigest()
    known = connection.scalar(
        select(t.contracts.c.digest).where(t.contracts.c.id == contract.id, t.contracts.c.version == contract.version)
    )
    if known == digest:
        return contract, False
    if known is not None:
        msg = (
            f"{name}: version {contract.version} of the contract {contract.id} was loaded before with another text; "
            "give the changed text a new version."
        )
        raise UnableToLoadContract(msg)
    connection.execute(
        insert(t.contracts).values(id=contract.id, version=contract.version, text=text, digest=digest, loaded_at=now)
    )
    return contract, True

"""What another contract would have cost: past windows judged under it and under the one on record; writes nothing."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import Connection, select

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.simulated_windows import Pair, pairs
from include.sla_logic.domain.simulation import Simulation, UnableToSimulate
from include.sla_logic.domain.sla.claims import as_claimed
from include.sla_logic.persistence.contract_texts import find_contract
from include.sla_logic.persistence.contracts import Subscription
from include.sla_logic.persistence.fact_columns import FactReader
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.quiet_rounds import OUTAGES
from include.sla_logic.services.screening import Known
from include.sla_logic.services.simulated_windows import Facts, SimulatedWindows
from include.sla_logic.services.stand_ins import Version

__all__ = ["Asked", "Simulations", "UnableToSimulate"]

AT_ONCE = 2_000  # customers' services whose windows are looked at together
_CLASH = (
    "Version %(version)s of the contract %(contract)s is on record with another text: give the new contract a version "
    "of its own."
)
_TOO_MANY = (
    "%(count)s services have this contract, more than the %(most)s that are simulated here: use `sla simulate`, which "
    "has no limit, or name fewer customers."
)


@dataclass(frozen=True)
class Asked:
    """What is to be simulated: the new contract in the place of `old` (ID or ID@VERSION; its own id if not given).

    Windows count that lie between `first` and `last`, days of the zone of each contract, the last excluded. `customers`
    are the only ones that count, where given. Facts are those known at `as_of`, else now. With `claimed` every credit
    is paid as if it had been claimed in time; what was not reported as the contract asks stays unpaid. `growth` is a
    factor for the length of every outage, under both contracts; with another one than 1 all credits are taken for
    claimed too. `exactly` judges every window one by one, as a check.
    """

    new: Contract
    first: date
    last: date
    old: str | None = None
    customers: Collection[str] | None = None
    claimed: bool = False
    growth: Fraction = Fraction(1)
    as_of: datetime | None = None
    exactly: bool = False


@dataclass(frozen=True)
class Simulations:
    """Judge past windows under two contracts, and write nothing."""

    work: UnitOfWork

    def contracts(self) -> list[str]:
        """Name every version of a contract on record, as ID@VERSION."""
        c = t.contracts.c
        with self.work.reading() as connection:
            rows = connection.execute(select(c.id, c.version).order_by(c.id, c.version))
            return [f"{row.id}@{row.version}" for row in rows]

    def simulate(
        self, asked: Asked, *, progress: Callable[[int], None] = lambda _services: None, most: int | None = None
    ) -> Simulation:
        """Judge the windows; `progress` is told how many services are done.

        Raise `UnableToSimulate` where no agreement is concerned, or more services than `most`.
        """
        return self.sweep(asked, [asked.new], progress=progress, most=most)[0]

    def sweep(
        self,
        asked: Asked,
        news: Sequence[Contract],
        *,
        progress: Callable[[int], None] = lambda _services: None,
        most: int | None = None,
    ) -> list[Simulation]:
        """Judge the windows under each of several new contracts in turn; facts and the old contract are read once."""
        with self.work.reading() as connection:
            at = asked.as_of or self.work.database.now(connection)
            old = _versions(connection, asked)
            names = _subscriptions(connection, old, asked.customers)
            if not names:
                msg = (
                    "No agreement was ever made under the contract %(contract)s."
                    if asked.customers is None
                    else "No agreement of these customers was ever made under the contract %(contract)s."
                )
                raise UnableToSimulate(Sentence(msg, contract=_named(asked)))
            if most is not None and len(names) > most:
                raise UnableToSimulate(Sentence(_TOO_MANY, count=len(names), most=most))
            found = [_begun(asked, new, old, at) for new in news]
            for number, pair in Judging(connection, asked, old, at, news).pairs(names, progress):
                found[number].add(pair)
            return found


@dataclass
class Judging:
    """The windows of both contracts, many services at once, as one transaction sees them."""

    connection: Connection
    asked: Asked
    old: Mapping[Version, Contract]
    at: datetime
    news: Sequence[Contract]
    _known: dict[int, Known] = field(default_factory=dict)

    def pairs(self, names: Sequence[Subscription], progress: Callable[[int], None]) -> Iterator[tuple[int, Pair]]:
        """Yield the pairs of these customers' services, each with the place of the new contract in `news`."""
        for some in portions(names, AT_ONCE):
            yield from self._of(some)
            progress(len(some))

    def _of(self, some: Sequence[Subscription]) -> Iterator[tuple[int, Pair]]:
        facts = self._facts(some)
        olds, *news = self._sides(facts)
        for side in (olds, *news):
            side.cut()
        before = olds.outcomes()
        for number, side in enumerate(news):
            after = side.outcomes()
            for place, (customer, service) in enumerate(some):
                for pair in pairs(customer, service, before.get(place, []), after.get(place, [])):
                    yield number, pair

    def _sides(self, facts: Facts) -> Iterator[SimulatedWindows]:
        """Yield the windows under the contracts on record, then under each new one."""
        days = self.asked.first, self.asked.last
        by: list[Mapping[Version, Contract]] = [{key: self._terms(one) for key, one in self.old.items()}]
        by += [dict.fromkeys(self.old, self._terms(new)) for new in self.news]
        for number, instead in enumerate(by):
            yield SimulatedWindows(facts, instead, days, self._known.setdefault(number, {}), self.asked.exactly)

    def _terms(self, contract: Contract) -> Contract:
        return as_claimed(contract) if self.asked.claimed or self.asked.growth != 1 else contract

    def _facts(self, some: Sequence[Subscription]) -> Facts:
        reader = FactReader(self.connection, [service for _customer, service in some], self.at)
        return Facts(self.connection, some, self.at, reader.read(), reader.complete(OUTAGES)).grown(self.asked.growth)


def _begun(asked: Asked, new: Contract, old: Mapping[Version, Contract], at: datetime) -> Simulation:
    return Simulation(
        old=tuple(f"{name} {version}" for name, version in sorted(old)),
        new=f"{new.id} {new.version}",
        currency=new.currency,
        first=asked.first,
        last=asked.last,
        as_of=at,
    )


def _named(asked: Asked) -> str:
    return asked.old or asked.new.id


def _versions(connection: Connection, asked: Asked) -> dict[Version, Contract]:
    """Return the versions on record that the new contract stands in for."""
    if asked.first >= asked.last:
        msg = "No day lies between %(first)s and %(last)s: the last day is excluded."
        raise UnableToSimulate(Sentence(msg, first=asked.first, last=asked.last))
    name, _, version = (asked.old or asked.new.id).partition("@")
    c = t.contracts.c
    found = [(row.id, row.version) for row in connection.execute(select(c.id, c.version).where(c.id == name))]
    mine = [one for one in found if version in ("", one[1])]
    if not mine:
        msg = (
            "The contract %(contract)s was never loaded: known are its versions %(versions)s."
            if found
            else "The contract %(contract)s was never loaded."
        )
        known = tuple(sorted(one[1] for one in found))
        raise UnableToSimulate(Sentence(msg, contract=_named(asked), versions=known))
    old = {one: find_contract(connection, *one) for one in mine}
    clash = asked.new.id, asked.new.version
    other = None if clash in old else connection.scalar(select(c.text).where(c.id == clash[0], c.version == clash[1]))
    if other is not None and find_contract(connection, *clash) != asked.new:
        raise UnableToSimulate(Sentence(_CLASH, version=clash[1], contract=clash[0]))
    return old


def _subscriptions(
    connection: Connection, old: Collection[Version], customers: Collection[str] | None
) -> list[Subscription]:
    """Return every customer and service about which one of these versions was ever agreed."""
    a, terms = t.agreements.c, agreement_terms.c
    named = select(a.customer, a.service, a.contract, a.contract_version)
    changed = select(terms.customer, a.service, terms.contract, terms.contract_version).join(
        t.agreements, a.id == terms.agreement
    )
    names = {name for name, _version in old}
    rows = connection.execute(named.where(a.contract.in_(names)).union(changed.where(terms.contract.in_(names))))
    return sorted(
        {(row[0], row[1]) for row in rows if (row[2], row[3]) in old and (customers is None or row[0] in customers)}
    )

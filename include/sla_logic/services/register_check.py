"""What a notification says of customer and service, held against the contract register."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.domain.notification_check import Received, Refusal, Rejection, instant_in
from include.sla_logic.domain.sentence import Sentence, sentence_of
from include.sla_logic.persistence.contract_texts import no_customer
from include.sla_logic.persistence.contracts import ContractRegister, UnableToFindRecord
from include.sla_logic.persistence.queries.subscriptions import list_subscriptions

_NAMED = 10  # services of the customer


def faults_in_register(
    connection: Connection, received: Received, *, customers: Collection[str] | None = None
) -> Iterator[Rejection]:
    """Yield an unknown customer, or a service without agreement with the services that the customer has.

    Outside `customers`, those whom the sender may know of, a customer is unknown; None is everybody.
    What else is wrong with the notification does not hide it; a field that is wrong in itself is not looked up.
    """
    wrong = received.result.faults if isinstance(received.result, Refusal) else ()
    reasons = {fault.field: fault.reason for fault in wrong}
    customer, service = received.said.get("customer"), received.said.get("service")
    if not isinstance(customer, str) or ".customer" in reasons:
        return
    register = ContractRegister(connection=connection)
    try:
        if customers is not None and customer not in customers:
            raise no_customer(customer)
        register.customer(customer)
    except UnableToFindRecord:
        msg = "there is no customer %(customer)s in the contract register; send the number that it has there"
        yield Rejection(".customer", Sentence(msg, customer=customer))
        return
    theirs = _services_of(connection, customer)
    at = instant_in(received.said, "observed_from")
    if (why := reasons.get(".service") or _why_not(register, customer, service, at, theirs)) is not None:
        instead = _instead(customer, service, theirs)
        yield Rejection(".service", Sentence("%(wrong)s; %(instead)s", wrong=why, instead=instead))


def _why_not(
    register: ContractRegister, customer: str, service: object, at: datetime | None, theirs: Sequence[str]
) -> str | None:
    """Say why the service is none of the customer's at that time, or at any where the time is wrong itself."""
    if not isinstance(service, str):
        return None
    if at is None:
        msg = "customer %(customer)s has no service %(service)s"
        known = service in theirs or len(theirs) > _NAMED
        return None if known else Sentence(msg, customer=customer, service=service)
    try:
        register.contract(register.agreement(customer, service, at=at))
    except UnableToFindRecord as error:
        return _as_reason(error)
    return None


def _services_of(connection: Connection, customer: str) -> list[str]:
    found = list_subscriptions(connection, customer=customer, limit=_NAMED + 1)
    return list(dict.fromkeys(one.service for one in found))


def _instead(customer: str, service: object, theirs: Sequence[str]) -> str:
    """Name the customer's services; one that differs by capital letters alone is meant."""
    if not theirs:
        return Sentence("%(customer)s has no service in the register", customer=customer)
    meant = [name for name in theirs if name != service and name.casefold() == str(service).casefold()]
    if meant:
        return Sentence("send %(known)s", known=meant[0])
    msg = "%(customer)s has %(services)s and more" if len(theirs) > _NAMED else "%(customer)s has %(services)s"
    return Sentence(msg, customer=customer, services=", ".join(theirs[:_NAMED]))


def _as_reason(error: Exception) -> str:
    """Write a sentence of the register as a clause."""
    said = sentence_of(error)
    if isinstance(said, Sentence):  # the one about an agreement
        msg = "customer %(customer)s has no agreement for service %(service)s in force on %(day)s"
        return Sentence(msg, **said.values)
    return said[:1].lower() + said[1:].rstrip(".")

"""The form for a new problem report: the same model as every other way in, and its pitfalls said at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.persistence.contracts import ContractRegister, UnableToFindRecord
from include.sla_logic.persistence.schema.reference import agreements, customers, services
from include.sla_logic.services import UseCases

_SUGGESTED = 200
_INSTANTS = ("observed_from", "observed_to", "reported_at")


class UnableToReadReport(ForeseenError):
    """The form says something that no register knows; `fields` has one sentence for each field."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("; ".join(fields.values()))
        self.fields = fields


@dataclass(frozen=True)
class Suggestion:
    """A customer and a service that she has subscribed."""

    customer: str
    customer_name: str
    service: str
    service_name: str


def suggestions(use_cases: UseCases) -> Sequence[Suggestion]:
    """Return subscribed services to choose from, as many as a form can offer."""
    query = (
        select(agreements.c.customer, customers.c.name, agreements.c.service, services.c.name)
        .join(customers, customers.c.id == agreements.c.customer)
        .join(services, services.c.id == agreements.c.service)
        .order_by(agreements.c.customer, agreements.c.service)
        .limit(_SUGGESTED)
    )
    with use_cases.work.reading() as connection:
        return [Suggestion(*row) for row in connection.execute(query)]


def read_report(form: Mapping[str, str], use_cases: UseCases) -> ProblemNotification:
    """Return the notification; raise pydantic's error for its fields, `UnableToReadReport` for unknown records."""
    said: dict[str, object] = {name: value.strip() for name, value in form.items() if value.strip()}
    for name in _INSTANTS:
        if name in said:
            said[name] = _in_utc(str(said[name]))
    notification = ProblemNotification.model_validate(said)
    with use_cases.work.reading() as connection:
        register = ContractRegister(connection=connection)
        try:
            register.customer(notification.customer)
            register.agreement(notification.customer, notification.service, at=notification.observed_from)
        except UnableToFindRecord as error:
            field = "service" if "agreement" in str(error) else "customer"
            raise UnableToReadReport({field: str(error)}) from error
    return notification


def _in_utc(text: str) -> str:
    """Browsers send a wall-clock time without zone: the form asks for UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at).isoformat()

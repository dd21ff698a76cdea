"""What the API answers in its long lists."""

from datetime import date, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.service_problem import ServiceProblem
from include.sla_logic.web.api.answers import Answer

T = TypeVar("T")


class Listed(BaseModel, Generic[T]):
    """One page of a list; pages are counted from 1."""

    total: int
    page: int
    pages: int
    items: list[T]


class Waiting(Answer):
    """One restoration request that an operator can still release."""

    ticket: str
    customer: str
    service: str
    deadline: datetime
    held_because: str | None


class WaitingCredit(Answer):
    """A credit that waits: `held` for a second person, `unclaimed` for the customer, or `to_be_paid_out`.

    `amount` is null where a person must name it; `entered_by` is who did, and may not approve it.
    """

    reference: str
    ticket: str
    customer: str
    customer_name: str
    service: str
    agreement: str
    objective: str
    window_start: datetime
    window_end: datetime
    amount: Money | None
    currency: str
    state: str
    reason: str | None
    recorded_at: datetime
    claim_deadline: datetime | None
    claim_until: date | None
    entered_by: str | None


class DisputeView(Answer):
    """What a customer contests of a window; while `state` is open, nothing is booked for it.

    `contested` is the kind of record, `changed` are the kinds that were corrected before the decision.
    """

    reference: str
    customer: str
    service: str
    window: Period
    ticket: str | None
    contested: str
    words: str
    recorded_by: str
    recorded_at: datetime
    state: str
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None
    changed: list[str]


class Quarantined(Answer):
    """One refused notification; `body` is JSON text, whole if `complete`; `ticket` once it was accepted."""

    id: int
    origin: str
    run_id: str
    field: str
    reason: str
    body: str
    complete: bool
    state: str
    received_at: datetime
    ticket: str | None


class Outgoing(Answer):
    """One message of the outbox; `payload` is always null in lists."""

    id: int
    key: str
    ticket: str | None
    kind: str
    state: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None
    answer: Any
    last_error: str | None
    payload: Any = None


class ProblemView(Answer):
    """One service problem with the incidents that are tied to it."""

    problem: ServiceProblem
    tickets: list[str]
    services: list[str]
    priority: int
    held: int


class Act(Answer):
    """One line of the audit; `subject` is a ticket id, a run id or the key of a message."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: str

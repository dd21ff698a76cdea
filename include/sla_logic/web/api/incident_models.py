"""What the API answers about incidents."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from include.sla_logic.domain.closed_incident import ClosedIncident
from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket
from include.sla_logic.web.api.answers import Answer
from include.sla_logic.web.api.list_models import DisputeView


class BoardLine(Answer):
    """One incident of the board.

    `deadline` is that of a restoration request that still waits. `seconds_left` run until what `until` says and are
    negative once it has passed; they run out at `runs_out_at`, which is null while the clock is stopped, and
    `stopped_by` says who owes the next step. Outside the service hours the clock stands until `stands_until`, in words
    `stands`. `words` are the first of the customer's, `changed_at` is when the timeline last grew. `at_stake` is what
    the next tier costs on top; `assumed` says that it is the first tier of the contract,
    because no comparison exists yet.
    """

    ticket: str
    reference: str | None
    run_id: str
    customer: str
    customer_name: str | None
    service: str
    service_name: str | None
    status: str
    lane: str
    escalated: bool
    created_at: datetime
    protected: bool
    priority: str | None
    original_priority: str | None
    score: int | None
    breached: bool | None
    objective: str | None
    judged_at: datetime | None
    open: bool
    seconds_left: int | None
    until: str | None
    runs_out_at: datetime | None
    stopped_by: str | None
    stands_until: datetime | None
    stands: str | None
    net_seconds: int
    at_stake: Money | None
    assumed: bool
    due: Money | None
    deadline: datetime | None
    held_because: str | None
    outcome: str | None
    credit: Money | None
    credit_state: str | None
    closed_at: datetime | None
    owner: str | None
    symptom: str | None
    words: str | None
    changed_at: datetime | None
    children: list[str]


class IncidentPage(BaseModel):
    """One page of incidents in queue order."""

    total: int
    page: int
    pages: int
    incidents: list[BoardLine]


class StatusChange(Answer):
    """One status that the ticket took."""

    sequence: int
    status: TicketStatus
    reason: str
    at: datetime


class TimelineEntry(Answer):
    """One sentence of the timeline."""

    sequence: int
    lane: str
    event: str
    at: datetime


class TakenStep(Answer):
    """One step that is done, with its choice where it was a decision."""

    task: str
    choice: str | None
    done_at: datetime


class KeptDocument(Answer):
    """One document as it was written; `body` is its JSON."""

    kind: str
    round: int
    schema_version: int
    task: str
    written_at: datetime
    body: dict[str, Any]


class CaseRestoration(Answer):
    """The wait for a restoration request."""

    opened_at: datetime
    deadline: datetime
    held_because: str | None
    sent_at: datetime | None
    sent_by: str | None
    rejected_at: datetime | None
    rejected_by: str | None
    reason: str | None
    outcome: RestorationOutcome | None
    decided_at: datetime | None


class CaseProblem(Answer):
    """A service problem to which the incident is tied, with all incidents that share it."""

    id: str
    resource: str
    status: str
    analysed_as: str
    tickets: list[str]


class CaseMessage(Answer):
    """One outgoing message of this incident."""

    id: int
    key: str
    kind: str
    state: str
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    sent_at: datetime | None
    answer: Any
    last_error: str | None


class CaseAct(Answer):
    """What a person did, or what was refused."""

    at: datetime
    actor: str
    action: str
    detail: str


class CaseNote(Answer):
    """What a person wrote about the incident; `kind` is internal, or customer for what was sent to them."""

    id: int
    kind: str
    author: str
    text: str
    written_at: datetime
    attachments: tuple[int, ...] = ()


class CaseAttachment(Answer):
    """One file of the incident; `digest` is the SHA-256 of its content, `size` is in bytes."""

    id: int
    name: str
    kind: str
    size: int
    digest: str
    author: str
    attached_at: datetime


class CaseClock(Answer):
    """How the clock of an open incident stands: `running` says that `seconds_left` run down now.

    They run out at `runs_out_at`, which is null while a hold stops the clock; outside the service hours it stands until
    `stands_until`, in words `stands`, and while it runs in them they end at `closes_at`.
    """

    seconds_left: int | None
    until: str | None
    running: bool
    stopped_by: str | None
    runs_out_at: datetime | None
    stands_until: datetime | None
    stands: str | None
    closes_at: datetime | None
    as_of: datetime
    net_seconds: int


class Case(Answer):
    """One incident with everything that is stored of it; all lists are oldest first.

    `airflow_run` is the run that works on it: one that carries it with others, or else its own. `clock` is null once
    the ticket is settled.
    """

    ticket: TroubleTicket
    airflow_run: str
    origin: str
    children: list[str]
    status_history: list[StatusChange]
    timeline: list[TimelineEntry]
    path: list[TakenStep]
    documents: list[KeptDocument]
    rebate: Rebate | None
    adjustment: BillingAdjustment | None
    closed: ClosedIncident | None
    restoration: CaseRestoration | None
    problems: tuple[CaseProblem, ...] = ()
    outbox: list[CaseMessage]
    audit: list[CaseAct]
    clock: CaseClock | None = None
    owner: str | None = None
    notes: tuple[CaseNote, ...] = ()
    disputes: tuple[DisputeView, ...] = ()
    attachments: tuple[CaseAttachment, ...] = ()

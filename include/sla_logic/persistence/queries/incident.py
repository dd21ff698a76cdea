"""Everything about one incident, read at one moment."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select

from include.sla_logic.domain.closed_incident import ClosedIncident
from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.disputes import Dispute
from include.sla_logic.domain.document import Document, Value
from include.sla_logic.domain.mail_message import NO_LETTERS
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.domain.standing import Standing
from include.sla_logic.domain.trouble_ticket import TicketStatus, TroubleTicket
from include.sla_logic.persistence.attachments import Attachment, attachments_of
from include.sla_logic.persistence.audit import acts_about
from include.sla_logic.persistence.cohort_members import carrying_run
from include.sla_logic.persistence.disputes import disputes_about
from include.sla_logic.persistence.incident_records import find_number, ticket_id, ticket_of
from include.sla_logic.persistence.outbox import list_messages
from include.sla_logic.persistence.queries.service_problems import problems_of
from include.sla_logic.persistence.restorations import find_restorations
from include.sla_logic.persistence.schema.system_t import documents, steps, ticket_status_history, tickets, timeline
from include.sla_logic.persistence.sla_clocks import read_standings
from include.sla_logic.persistence.team import notes_of, owner_of

D = TypeVar("D", bound=Document)
V = TypeVar("V", bound=Value)


class StatusChange(Value):
    """One status that the ticket took."""

    sequence: int
    status: TicketStatus
    reason: str
    at: datetime


class TimelineEntry(Value):
    """One sentence of the timeline."""

    sequence: int
    lane: str
    event: str
    at: datetime


class TakenStep(Value):
    """One step that is done, with its choice where it was a decision."""

    task: str
    choice: str | None
    done_at: datetime


class KeptDocument(Value):
    """One document as it was written; `body` is its JSON."""

    kind: str
    round: int
    schema_version: int
    task: str
    written_at: datetime
    body: dict[str, Any]


class CaseRestoration(Value):
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


class CaseProblem(Value):
    """A service problem to which the incident is tied, with all incidents that share it."""

    id: str
    resource: str
    status: str
    analysed_as: str
    tickets: tuple[str, ...]


class CaseMessage(Value):
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

    @property
    def apart(self) -> bool:
        """Whether it is no letter: a mail to the operators, or what a person at the desk wrote."""
        return self.key.startswith(NO_LETTERS)


class CaseAct(Value):
    """What a person did, or what was refused."""

    at: datetime
    actor: str
    action: str
    detail: str


class CaseNote(Value):
    """What a person wrote about the incident: `kind` is internal, or customer for what was sent to them.

    `received` is what a partner wrote.
    """

    id: int
    kind: str
    author: str
    text: str
    written_at: datetime
    received: bool = False
    attachments: tuple[int, ...] = ()


class Case(Value):
    """One incident with everything that is stored of it; all sequences are oldest first.

    `airflow_run` is the run that works on it: one that carries it with others, or else its own. `clock` is how its
    clock stands while the ticket is open.
    """

    ticket: TroubleTicket
    airflow_run: str
    origin: str
    children: tuple[str, ...]
    status_history: tuple[StatusChange, ...]
    timeline: tuple[TimelineEntry, ...]
    path: tuple[TakenStep, ...]
    documents: tuple[KeptDocument, ...]
    rebate: Rebate | None
    adjustment: BillingAdjustment | None
    closed: ClosedIncident | None
    restoration: CaseRestoration | None
    problems: tuple[CaseProblem, ...] = ()
    outbox: tuple[CaseMessage, ...]
    audit: tuple[CaseAct, ...]
    clock: Standing | None = None
    owner: str | None = None
    notes: tuple[CaseNote, ...] = ()
    disputes: tuple[Dispute, ...] = ()
    attachments: tuple[Attachment, ...] = ()

    def document(self, kind: type[D]) -> D | None:
        """Return the newest document of this kind, or None."""
        return _newest(self.documents, kind)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the steps in the order in which they were done."""
        return tuple(step.task for step in self.path)

    @property
    def letters(self) -> tuple[str, ...]:
        """Where letters were written to, or what the mail server answered."""
        answers = (
            message.answer for message in self.outbox if message.kind == "mail" and message.answer and not message.apart
        )
        places = ([answer["sent"]] if "sent" in answer else answer.get("written", []) for answer in answers)
        return tuple(place for several in places for place in several)


def view_case(connection: Connection, number: int, *, now: datetime) -> Case:
    """Read everything about one incident, and how its clock stands now."""
    row = connection.execute(select(tickets).where(tickets.c.number == number)).one()
    documents = _documents(connection, number)
    wait = find_restorations(connection, [number]).get(number)
    ownership = owner_of(connection, number)
    children = select(tickets.c.number).where(tickets.c.parent == number).order_by(tickets.c.number)
    return Case(
        ticket=ticket_of(row),
        airflow_run=carrying_run(connection, number) or row.run_id,
        origin=row.origin,
        children=tuple(map(ticket_id, connection.scalars(children))),
        status_history=tuple(_rows(connection, ticket_status_history, number, "sequence", StatusChange)),
        timeline=tuple(_rows(connection, timeline, number, "sequence", TimelineEntry)),
        path=tuple(_rows(connection, steps, number, "id", TakenStep)),
        documents=documents,
        rebate=_newest(documents, Rebate),
        adjustment=_newest(documents, BillingAdjustment),
        closed=_newest(documents, ClosedIncident),
        restoration=None if wait is None else CaseRestoration.model_validate(vars(wait)),
        problems=tuple(_problems(connection, number)),
        outbox=tuple(CaseMessage.model_validate(vars(m)) for m in reversed(list_messages(connection, ticket=number))),
        audit=tuple(CaseAct.model_validate(vars(act)) for act in acts_about(connection, ticket_id(number), row.run_id)),
        clock=read_standings(connection, [number], now=now).get(number),
        owner=ownership.owner if ownership else None,
        disputes=tuple(disputes_about(connection, ticket_of(row), _newest(documents, Rebate))),
        notes=tuple(CaseNote.model_validate(vars(note)) for note in notes_of(connection, number)),
        attachments=attachments_of(connection, number),
    )


def run_of_parent(connection: Connection, ticket: TroubleTicket) -> str | None:
    """Return the run of the incident that a child ticket belongs to; None for every other ticket."""
    if ticket.parent is None:
        return None
    return connection.scalar(select(tickets.c.run_id).where(tickets.c.number == find_number(connection, ticket.parent)))


def _newest(documents: tuple[KeptDocument, ...], kind: type[D]) -> D | None:
    mine = [document for document in documents if document.kind == kind.kind()]
    # Through JSON, as a case file reads it, so that numbers and instants come out the same.
    return kind.model_validate_json(json.dumps(mine[-1].body)) if mine else None


def _documents(connection: Connection, number: int) -> tuple[KeptDocument, ...]:
    query = select(documents).where(documents.c.ticket == number).order_by(documents.c.id)
    return tuple(
        KeptDocument.model_validate(row._asdict() | {"body": json.loads(row.body)}) for row in connection.execute(query)
    )


def _problems(connection: Connection, number: int) -> Iterator[CaseProblem]:
    for view in problems_of(connection, number):
        one = view.problem
        yield CaseProblem(
            id=one.id, resource=one.resource, status=view.status, analysed_as=one.analysed_as, tickets=view.tickets
        )


def _rows(connection: Connection, table: Table, number: int, order: str, view: type[V]) -> list[V]:
    query = select(table).where(table.c.ticket == number).order_by(table.c[order])
    return [view.model_validate(row._asdict()) for row in connection.execute(query)]

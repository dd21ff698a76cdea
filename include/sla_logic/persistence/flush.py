"""Writes what steps have left in their case files: one statement per table, however many incidents there are."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.events import Event
from include.sla_logic.domain.open_apis.parts import reference
from include.sla_logic.domain.open_apis.sla_violation import Violation, violations_in
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.sla_clock import StatusEvent
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.database import insert_into
from include.sla_logic.persistence.events import note_events
from include.sla_logic.persistence.letter_archive import payloads_of
from include.sla_logic.persistence.pending_messages import Message
from include.sla_logic.persistence.problem_events import tell_problems
from include.sla_logic.persistence.queue_positions import Progress, keep_places
from include.sla_logic.persistence.schema.problems import service_problem_tickets
from include.sla_logic.persistence.schema.system_t import (
    documents,
    outbox,
    restorations,
    steps,
    ticket_status_history,
    tickets,
    timeline,
)
from include.sla_logic.persistence.sla_violations import note_violations
from include.sla_logic.persistence.ticket_events import Told, move_events
from include.sla_logic.process.graph import WAIT

Rows = Iterable[dict[str, Any]]
AUTOMATIC = "Service Management, automatically"


class UnableToKeepMessage(ForeseenError):
    """Another message has left, or waits to leave, under the same key."""


def flush(connection: Connection, files: Sequence[SqlCaseFile]) -> None:
    """Write what these files of one batch hold into the open transaction; a file that is left out has done nothing."""
    if not files:
        return
    repositories, now = files[0].repositories, files[0].now
    repositories.flush()
    _add(connection, documents, (row for file in files for row in _documents(file)))
    note_violations(connection, [one for file in files for one in _judged(file)], now=now)
    _add(connection, timeline, (row for file in files for row in _entries(file)))
    _add(connection, ticket_status_history, (row for file in files for row in _moves(file)))
    _add_once(connection, restorations, "ticket", (row for file in files for row in _waits(file)))
    file_messages(
        connection,
        [
            message_row(message, ticket=file.incident.number, now=now)
            for file in files
            for message in file.outgoing.messages
        ],
    )
    _change_tickets(connection, files)
    if events := [event for file in files for event in _events(file)]:
        note_events(connection, events, now=now)
    _add(connection, steps, (row for file in files for row in _steps(file)))
    _add(connection, service_problem_tickets, (row for file in files for row in _ties(file)))
    if left := [file.incident.number for file in files if file.pending.has_left]:
        from include.sla_logic.persistence.service_problems import end_left

        end_left(connection, left, now=now)
    if any(map(_may_change_problems, files)):
        tied = {(problem, file.incident.number) for file in files for problem, _priority in file.pending.ties}
        tell_problems(connection, [file.incident.number for file in files], tied, now=now)
    keep_places(connection, (_progress(file) for file in files), now=now)


def _may_change_problems(file: SqlCaseFile) -> bool:
    """Tell whether a step looked at problems, or began, answered or ended a wait that holds them."""
    pending = file.pending
    waits = pending.waits or file.task.startswith("restoration ") or any(one.task == WAIT for one in pending.steps)
    return bool(waits or pending.has_left or "problems" in vars(file.repositories))


def _ties(file: SqlCaseFile) -> Iterator[dict[str, Any]]:
    for problem, priority in file.pending.ties:
        yield {"ticket": file.incident.number, "problem": problem, "priority": priority, "tied_at": file.now}


def _progress(file: SqlCaseFile) -> Progress:
    moves = [StatusEvent(status=move.status, at=file.now, reason=move.reason) for move in file.pending.moves]
    return Progress(
        number=file.incident.number,
        status=file.ticket.status,
        moved=bool(moves),
        documents=[document for _, document in file.pending.documents],
        place=file.incident.place,
        moves=[*file.incident.moves, *moves],
    )


def _documents(file: SqlCaseFile) -> Iterator[dict[str, Any]]:
    for number, document in file.pending.documents:
        yield {
            "ticket": file.incident.number,
            "kind": document.kind(),
            "round": number,
            "schema_version": document.schema_version,
            "body": document.model_dump_json(),
            "task": file.task,
            "written_at": file.now,
        }


def _judged(file: SqlCaseFile) -> Iterator[Violation]:
    for _, document in file.pending.documents:
        if isinstance(document, SlaComparison):
            judged_in = reference("TroubleTicketRef", file.ticket.id)
            yield from violations_in(document, customer=file.ticket.customer, judged_in=judged_in)


def _entries(file: SqlCaseFile) -> Iterator[dict[str, Any]]:
    for sequence, entry in enumerate(file.pending.entries, start=file.incident.timeline_length + 1):
        yield {
            "ticket": file.incident.number,
            "sequence": sequence,
            "lane": str(entry.lane),
            "event": entry.event,
            "at": file.now,
        }


def _moves(file: SqlCaseFile) -> Iterator[dict[str, Any]]:
    for sequence, move in enumerate(file.pending.moves, start=len(file.incident.moves) + 1):
        yield {
            "ticket": file.incident.number,
            "sequence": sequence,
            "status": str(move.status),
            "reason": move.reason,
            "at": file.now,
        }


def _events(file: SqlCaseFile) -> Iterator[Event]:
    """Tell partners of each move."""
    for move in file.pending.moves:
        yield from move_events(Told(file.ticket.id, file.ticket.customer), move.status, at=file.now, now=file.now)


def _waits(file: SqlCaseFile) -> Iterator[dict[str, Any]]:
    for wait in file.pending.waits:
        sent = wait.held_because is None
        yield {
            "ticket": file.incident.number,
            "opened_at": file.now,
            "deadline": wait.deadline,
            "held_because": wait.held_because,
            "sent_at": file.now if sent else None,
            "sent_by": AUTOMATIC if sent else None,
        }


def message_row(message: Message, *, ticket: int | None, now: datetime) -> dict[str, Any]:
    """Return the outbox row of one message, due now; its payload as JSON will give it back."""
    return {
        "key": message.key,
        "ticket": ticket,
        "kind": message.kind,
        "payload": json.loads(json.dumps(dict(message.payload), allow_nan=False)),
        "state": "waiting",
        "attempts": 0,
        "created_at": now,
        "next_attempt_at": now,
    }


def _steps(file: SqlCaseFile) -> Iterator[dict[str, Any]]:
    for step in file.pending.steps:
        yield {"ticket": file.incident.number, "task": step.task, "choice": step.choice, "done_at": step.done_at}


def _add(connection: Connection, table: Table, rows: Rows) -> None:
    if values := list(rows):
        connection.execute(insert(table), values)


def _add_once(connection: Connection, table: Table, key: str, rows: Rows) -> None:
    """Add the rows whose key is new; a wait that is open already keeps its deadline."""
    if values := list(rows):
        connection.execute(insert_into(connection, table).on_conflict_do_nothing(index_elements=[key]), values)


def file_messages(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Add messages once per key; the same key with other content would lose one of them, so it is refused."""
    if not rows:
        return
    names = ("id", "key", "ticket", "kind", "payload", "archived_at")
    query = select(*(outbox.c[name] for name in names)).where(outbox.c.key.in_([row["key"] for row in rows]))
    there = connection.execute(query).all()
    payloads = payloads_of(connection, there)
    kept = {row.key: {**row._asdict(), "payload": payloads[row.id]} for row in there}
    new: dict[str, dict[str, Any]] = {}
    for row in rows:
        found = kept.get(row["key"]) or new.setdefault(row["key"], row)
        if any(found[column] != row[column] for column in ("ticket", "kind", "payload")):
            msg = f"Another message of the outbox has the key {row['key']}."
            raise UnableToKeepMessage(msg)
    _add(connection, outbox, new.values())


def _change_tickets(connection: Connection, files: Sequence[SqlCaseFile]) -> None:
    changed = [
        {
            "its_number": file.incident.number,
            "status": str(file.ticket.status),
            "assigned_to": str(file.ticket.assigned_to),
            "escalated": file.ticket.escalated,
        }
        for file in files
        if file.ticket != file.incident.ticket
    ]
    if changed:
        write_tickets(connection, changed)


def write_tickets(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write status, assignment and escalation of tickets, each under `its_number`."""
    connection.execute(update(tickets).where(tickets.c.number == bindparam("its_number")), rows)

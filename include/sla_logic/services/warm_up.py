"""What nearly every step sends, compiled by the process that forks those that do steps."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from include.sla_logic.gateways.network_state import NetworkState
from include.sla_logic.gateways.simulated_probes import measured_questions
from include.sla_logic.persistence.accounts import read_accounts, totals
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.compiled import compile_statements, inserts
from include.sla_logic.persistence.contracts import ContractRegister, read_agreements
from include.sla_logic.persistence.counted_credits import credit_histories
from include.sla_logic.persistence.credit_rows import bookings_of
from include.sla_logic.persistence.database import is_there
from include.sla_logic.persistence.disputes import disputes_of
from include.sla_logic.persistence.events import heard_apis
from include.sla_logic.persistence.flush import file_messages, message_row, write_tickets
from include.sla_logic.persistence.incident_records import (
    find_number_of_run,
    load_incident_records,
    load_record_of_run,
    lock_run,
)
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.measured_rows import facts_questions
from include.sla_logic.persistence.outbox import claim_due
from include.sla_logic.persistence.pending_messages import Message
from include.sla_logic.persistence.problem_events import tell_problems
from include.sla_logic.persistence.queue_positions import write_places
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import documents, outbox, steps, ticket_status_history, timeline
from include.sla_logic.persistence.service_problems import ProblemRegister
from include.sla_logic.persistence.sla_violations import hold_violations
from include.sla_logic.persistence.unit_of_work import UnitOfWork

NONE, NOW = "none", datetime(2026, 1, 1, tzinfo=UTC)  # nothing is sent: any values will do
Asked = Iterator[Callable[[Connection], Any]]


def warm_up(work: UnitOfWork) -> None:
    """Connect once, compile what steps send, and disconnect: for a process that forks those that do steps.

    They inherit what the engine has compiled and learnt of the server, and connect themselves. A database that is not
    there is not made.
    """
    if not is_there(work.settings.database_url):
        return
    with work.reading() as connection:
        batches = [Batch(connection, (), NOW, work.gateways, looks=looks) for looks in (False, True)]
        asked = (*_about_incidents(), *_about_services(), *_about_network(*batches), *_writes())
        compile_statements(connection, asked)
    work.database.engine.dispose()


def _about_incidents() -> Asked:
    yield partial(lock_run, run_id=NONE)
    yield partial(load_record_of_run, run_id=NONE)
    yield partial(load_incident_records, numbers=[0])
    yield partial(find_number_of_run, run_id=NONE)
    yield installation_id
    for ticket in (None, 0):
        yield partial(claim_due, now=NOW, leases={NONE: 0}, by=NONE, limit=1, ticket=ticket)


def _about_services() -> Asked:
    names, mine = {"customers": [NONE], "services": [NONE]}, [(NONE, NONE)]
    times = dict.fromkeys(("as_of", "window_start", "window_end", "seen_start", "seen_end"), NOW)
    yield partial(read_agreements, customers=[NONE], services=[NONE])
    yield lambda connection: ContractRegister(connection=connection).customer(NONE)
    yield lambda connection: facts_questions(with_reports=False).ask(connection, **names, **times)
    yield lambda connection: facts_questions(with_reports=True).ask(connection, **names, **times)
    yield partial(hold_violations, keys=[(NONE, NONE, NONE, NONE, NOW, NOW)])
    yield partial(read_accounts, accounts=[NONE])
    yield partial(totals, invoices=[NONE])
    yield partial(bookings_of, numbers=[NONE])
    yield partial(credit_histories, subscriptions=mine)
    yield partial(disputes_of, subscriptions=mine)


def _about_network(batch: Batch, looking: Batch) -> Asked:
    yield lambda _: batch.hold_resources()
    yield lambda connection: NetworkState(connection, NOW).load_services([NONE])
    yield lambda connection: measured_questions().ask(connection, services=[NONE], newest_at=0)
    yield partial(tell_problems, numbers=[0], fresh=(), now=NOW)
    yield lambda _: ProblemRegister(looking).of(0)


def _writes() -> Asked:
    mail = message_row(Message(kind="mail", key=NONE, payload={}), ticket=0, now=NOW)
    yield partial(file_messages, rows=[mail])
    yield from inserts(outbox, mail)
    for table in (documents, timeline, steps, ticket_status_history):
        yield from inserts(table, set(table.c.keys()) - {"id", "owner"})
    ticket = {"its_number": 0, "status": NONE, "assigned_to": NONE, "escalated": False}
    yield partial(write_tickets, rows=[ticket])
    yield partial(write_places, rows=[dict.fromkeys(queue.c.keys())])
    yield heard_apis

"""Waiting tickets are taken as the issue says: protected, priority, seconds left, significance, age."""

from datetime import date

import pytest
from sqlalchemy import insert, select, update

from include.sla_logic.persistence.cohort_members import LEFT, mark
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.process import customer_service
from include.sla_logic.services.holds import ClockOwner
from tests.backlog.logs import event, open_tickets, take_in, write_csv

PLENTY = {"limit": 1_000, "at_most": 1_000, "carries": 500}


def references(use_cases):
    return [line.reference for line in use_cases.backlog.open_incidents(waiting_only=True)]


def claimed(use_cases, by="sched-1"):
    planned = use_cases.backlog.claim(by=by, **PLENTY)
    return [use_cases.lookups.incident(ticket).ticket.external_reference for run in planned for ticket in run.tickets]


def register(use_cases, customer, **more):
    """Register somebody who has the service of the sample."""
    person = {"id": customer, "name": customer, "locale": "en", "protected": False} | more
    with use_cases.work.database.write() as connection:
        connection.execute(insert(t.customers), [person])
        agreement = connection.execute(t.agreements.select().where(t.agreements.c.id == "AG-1")).one()._asdict()
        connection.execute(insert(t.agreements), [agreement | {"id": f"AG-{customer}", "customer": customer}])


def test_a_ticket_held_for_the_customer_comes_after_one_whose_time_is_up(any_use_cases, tmp_path):
    rows = [
        event("HELD", "inProgress", "1 00:00"),
        event("HELD", "pending", "1 00:10", reason="Asked for a trace."),
        event("OVERDUE", "acknowledged", "1 06:00"),
        event("LATER", "acknowledged", "2 08:00"),
    ]
    take_in(any_use_cases, write_csv(tmp_path / "log.csv", rows))
    left = {line.reference: (line.seconds_left, line.running) for line in any_use_cases.backlog.open_incidents()}
    assert left["HELD"] == (8 * 3600 - 600, False)
    assert left["OVERDUE"] == (8 * 3600 - 30 * 3600, True)
    assert references(any_use_cases) == claimed(any_use_cases) == ["OVERDUE", "LATER", "HELD"]


def test_time_that_was_held_before_is_not_lost_in_the_order(use_cases, tmp_path):
    rows = [
        event("HELD-BEFORE", "inProgress", "1 00:00"),
        event("HELD-BEFORE", "pending", "1 00:10"),
        event("HELD-BEFORE", "inProgress", "2 10:00"),
        event("YOUNGER", "acknowledged", "2 08:00"),
    ]
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    assert claimed(use_cases) == ["YOUNGER", "HELD-BEFORE"]


def test_a_hold_and_its_end_move_an_incident_that_is_worked_on(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 3)
    for name in ("W-0", "W-1", "W-2"):
        use_cases.incidents.perform(customer_service.enter_problem_report, run_id=f"incident.{name}")

    def order():
        return [line.reference for line in use_cases.backlog.open_incidents()]

    assert order() == ["W-0", "W-1", "W-2"]
    first = use_cases.lookups.incident("W-0").ticket.id
    use_cases.holds.hold(first, owner=ClockOwner.CUSTOMER, by="Kim", reason="Asked for a trace.")
    assert order() == ["W-1", "W-2", "W-0"]
    use_cases.holds.resume(first, by="Kim", reason="She has answered.")
    assert order() == ["W-0", "W-1", "W-2"]
    use_cases.holds.hold(first, owner=ClockOwner.PROVIDER, by="Kim", reason="We pause.")
    assert order() == ["W-0", "W-1", "W-2"]


def test_of_those_whose_time_is_equally_near_the_more_significant_customer_comes_first(any_use_cases, tmp_path):
    register(any_use_cases, "C-OLD", since=date(2001, 1, 1))
    rows = [event("YOUNG", "acknowledged", "2 08:00"), event("OLD", "acknowledged", "2 08:00", customer="C-OLD")]
    take_in(any_use_cases, write_csv(tmp_path / "log.csv", rows))
    scores = {line.reference: line.score for line in any_use_cases.backlog.open_incidents()}
    assert scores["OLD"] > scores["YOUNG"]
    assert claimed(any_use_cases) == ["OLD", "YOUNG"]


def test_the_significance_of_a_customer_who_is_registered_later_counts_when_she_is_claimed(use_cases, tmp_path):
    rows = [event("YOUNG", "acknowledged", "2 08:00"), event("OLD", "acknowledged", "2 08:00", customer="C-OLD")]
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    assert {line.reference: line.score for line in use_cases.backlog.open_incidents()}["OLD"] is None
    register(use_cases, "C-OLD", since=date(2001, 1, 1))
    assert claimed(use_cases) == ["OLD", "YOUNG"]


def test_age_decides_last_and_not_the_order_of_the_import(use_cases, tmp_path):
    rows = [
        event(name, status, when)
        for name, opened in (("SECOND", "1 07:00"), ("FIRST", "1 06:00"))
        for status, when in (("inProgress", opened), ("pending", "1 08:00"))
    ]
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    assert claimed(use_cases) == ["FIRST", "SECOND"]


def test_a_released_ticket_keeps_its_due_time(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 3)
    [run] = use_cases.backlog.claim(by="sched-1", limit=1, at_most=1, carries=1)
    use_cases.backlog.note_run_started(run.run_id)
    use_cases.incidents.perform(customer_service.enter_problem_report, run_id="incident.W-0")
    use_cases.backlog.release_dead_claims(lambda _run: True)
    assert claimed(use_cases, "sched-2") == ["W-0", "W-1", "W-2"]


def test_an_incident_that_left_a_cohort_for_its_own_run_is_not_released_with_it(any_use_cases, tmp_path):
    open_tickets(any_use_cases, tmp_path, 2)
    [run] = any_use_cases.backlog.claim(by="sched-1", **PLENTY)
    any_use_cases.backlog.note_run_started(run.run_id)
    any_use_cases.cohorts.accept({"incidents": list(run.tickets)}, run_id=run.run_id)
    with any_use_cases.work.database.write() as connection:
        first = connection.scalars(select(cohort_members.c.ticket).order_by(cohort_members.c.ticket)).first()
        mark(connection, run.run_id, [first], LEFT)
    [released] = any_use_cases.backlog.release_dead_claims(lambda _run: True)
    assert released.again == run.tickets[1:]
    assert claimed(any_use_cases, "sched-2") == ["W-1"]


def test_every_ticket_of_a_cohort_has_its_own_attempts(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 2)
    with use_cases.work.database.write() as connection:
        connection.execute(update(arrivals).where(arrivals.c.ticket == 2).values(attempts=2))
    [run] = use_cases.backlog.claim(by="sched-1", **PLENTY)
    use_cases.backlog.note_run_started(run.run_id)
    [released] = use_cases.backlog.release_dead_claims(lambda _run: True)
    assert (released.again, released.given_up) == (run.tickets[:1], run.tickets[1:])


def test_what_waits_and_is_not_open_is_neither_counted_nor_taken(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 2)
    with use_cases.work.database.write() as connection:
        connection.execute(update(queue).where(queue.c.ticket == 1).values(open=False))
    assert use_cases.backlog.summary().waiting.total == 1
    assert claimed(use_cases) == ["W-1"]


@pytest.mark.parametrize("impact", ["1", "3"])
def test_priority_comes_before_the_time_that_is_left(use_cases, tmp_path, impact):
    rows = [
        event("SOON", "acknowledged", "1 08:00"),
        event("OTHER", "acknowledged", "2 11:00", impact=impact, urgency=impact),
    ]
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    assert claimed(use_cases) == (["OTHER", "SOON"] if impact == "1" else ["SOON", "OTHER"])

"""Tickets of the backlog are claimed once each, in queue order, and wait again after their run died."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from include.sla_logic.persistence.backlog import Released
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.process import customer_service
from include.sla_logic.process.step import step
from include.sla_logic.services import Settings, UnableToAcceptNotification, UseCases
from include.sla_logic.services.stalled_incidents import stalled_incidents
from tests.backlog.logs import event, open_tickets, take_in, write_csv
from tests.services.sample import conf, pretend_done

PLENTY = {"limit": 1_000, "at_most": 1_000, "carries": 500}


def claim(use_cases, by="sched-1", **how):
    return use_cases.backlog.claim(by=by, **(PLENTY | how))


def tickets_of(planned):
    return [ticket for run in planned for ticket in run.tickets]


def references(use_cases, planned):
    return [use_cases.lookups.incident(ticket).ticket.external_reference for ticket in tickets_of(planned)]


def start(use_cases, planned, by="sched-1"):
    for run in planned:
        assert use_cases.backlog.renew_claim(run, by=by)
        use_cases.backlog.note_run_started(run.run_id)


def claim_in_a_process(url: str, folder: str, by: str) -> list[str]:
    use_cases = UseCases(Settings(database_url=url, letters_folder=Path(folder)))
    found: list[str] = []
    for round_ in range(20):
        planned = use_cases.backlog.claim(by=f"{by}-{round_}", limit=1_000, at_most=5, carries=2)
        found += [ticket for run in planned for ticket in run.tickets]
    return found


@pytest.mark.more
def test_two_processes_that_claim_at_once_never_get_the_same_ticket(any_use_cases, tmp_path):
    open_tickets(any_use_cases, tmp_path, 60)
    url = any_use_cases.work.database.engine.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        both = [pool.submit(claim_in_a_process, url, str(tmp_path), by) for by in ("left", "right")]
        first, second = (one.result() for one in both)
    assert len(set(first) | set(second)) == len(first) + len(second) == 60


def test_many_claimants_together_keep_the_limit_of_active_incidents(any_use_cases, tmp_path):
    open_tickets(any_use_cases, tmp_path, 40)
    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda n: claim(any_use_cases, f"sched-{n}", limit=25, at_most=10), range(6)))
    taken = [ticket for planned in claims for ticket in tickets_of(planned)]
    assert len(taken) == len(set(taken)) == 25
    assert any_use_cases.backlog.summary().active == 25


def test_protected_customers_come_first_then_priority_then_age(any_use_cases, tmp_path):
    with any_use_cases.work.database.write() as connection:
        connection.execute(insert(t.customers), [{"id": "C-2", "name": "Bo", "locale": "en", "protected": True}])
        agreement = connection.execute(t.agreements.select()).one()._asdict()
        connection.execute(insert(t.agreements), [agreement | {"id": "AG-2", "customer": "C-2"}])
    rows = [
        event("LATE", "acknowledged", "1 09:00"),
        event("EARLY", "acknowledged", "1 08:00"),
        event("URGENT", "acknowledged", "1 10:00", impact="1", urgency="1"),
        event("PROTECTED", "acknowledged", "1 11:00", customer="C-2", impact="3", urgency="3"),
    ]
    take_in(any_use_cases, write_csv(tmp_path / "log.csv", rows))
    assert references(any_use_cases, claim(any_use_cases)) == ["PROTECTED", "URGENT", "EARLY", "LATE"]


def test_a_customer_who_is_registered_as_protected_later_comes_first_all_the_same(any_use_cases, tmp_path):
    open_tickets(any_use_cases, tmp_path, 2)
    take_in(any_use_cases, write_csv(tmp_path / "log.csv", [event("BO", "acknowledged", "1 12:00", customer="C-2")]))
    assert any_use_cases.backlog.summary().waiting.unknown_customer == 1
    with any_use_cases.work.database.write() as connection:
        connection.execute(insert(t.customers), [{"id": "C-2", "name": "Bo", "locale": "en", "protected": True}])
        agreement = connection.execute(t.agreements.select()).one()._asdict()
        connection.execute(insert(t.agreements), [agreement | {"id": "AG-2", "customer": "C-2"}])
    assert references(any_use_cases, claim(any_use_cases)) == ["BO", "W-0", "W-1"]


def test_claiming_again_before_starting_returns_the_same_claims_and_no_more(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 10)
    first = claim(use_cases, at_most=4, carries=3)
    assert [len(run.tickets) for run in first] == [3, 1]
    assert claim(use_cases, at_most=4, carries=3) == first
    start(use_cases, first)
    assert not set(tickets_of(claim(use_cases, at_most=4))) & set(tickets_of(first))


def test_a_claim_is_told_in_the_timeline_of_its_tickets(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 1)
    [run] = claim(use_cases)
    assert (
        use_cases.lookups.incident("W-0").timeline[-1].event
        == f"Taken from the backlog by sched-1, for the run {run.run_id}."
    )


def test_tickets_without_customer_or_agreement_wait_and_say_why(use_cases, tmp_path):
    rows = [
        event("STRANGER", "acknowledged", "1 08:00", customer="C-9"),
        event("NO-SERVICE", "acknowledged", "1 08:00", service="S-9"),
        event("KNOWN", "acknowledged", "1 09:00"),
    ]
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    assert references(use_cases, claim(use_cases)) == ["KNOWN"]
    waiting = use_cases.backlog.summary().waiting
    assert (waiting.ready, waiting.unknown_customer, waiting.no_agreement) == (0, 1, 1)
    why = {line.reference: line.why for line in use_cases.backlog.open_incidents(waiting_only=True)}
    assert why["STRANGER"] == "customer C-9 is not in the contract register"
    assert "C-1 has no agreement for service S-9" in why["NO-SERVICE"]


def test_a_claimant_that_died_before_starting_loses_its_claim_after_the_lease(any_use_cases, tmp_path, clock):
    open_tickets(any_use_cases, tmp_path, 3)
    [run] = claim(any_use_cases)
    assert any_use_cases.backlog.release_dead_claims(lambda _run: True) == []
    clock.pass_by(hours=1)
    assert any_use_cases.backlog.release_dead_claims(lambda _run: True) == [Released(run.run_id, run.tickets, ())]
    assert tickets_of(claim(any_use_cases, "sched-2")) == list(run.tickets)
    assert not any_use_cases.backlog.renew_claim(run, by="sched-1")
    assert "has died" in any_use_cases.lookups.incident("W-0").timeline[-2].event


def test_a_claimant_that_died_after_starting_has_started(use_cases, tmp_path, clock):
    open_tickets(use_cases, tmp_path, 3)
    claim(use_cases)
    clock.pass_by(hours=1)
    assert use_cases.backlog.release_dead_claims(lambda _run: False) == []
    assert claim(use_cases, "sched-2") == []
    assert use_cases.backlog.summary().active == 3


def test_the_tickets_of_a_dead_run_wait_again_but_not_those_that_have_ended_or_need_a_person(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 3)
    [run] = claim(use_cases)
    start(use_cases, [run])
    use_cases.incidents.perform(customer_service.enter_problem_report, run_id="incident.W-0")

    @step
    def close_incident(file):
        pass

    @step
    def fails(file):
        file.escalate("the step failed")

    pretend_done(use_cases, "incident.W-1", before="close_incident")
    use_cases.incidents.perform(close_incident, run_id="incident.W-1")
    use_cases.incidents.perform(fails, run_id="incident.W-2")
    assert use_cases.backlog.release_dead_claims(lambda run_id: run_id == run.run_id) == [
        Released(run.run_id, (use_cases.lookups.incident("W-0").ticket.id,), ())
    ]
    [again] = claim(use_cases, "sched-2")
    assert references(use_cases, [again]) == ["W-0"]
    assert again.run_id != run.run_id


def test_a_ticket_whose_runs_die_again_and_again_is_left_to_a_person(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 1)
    for attempt in range(3):
        [run] = claim(use_cases, f"sched-{attempt}")
        start(use_cases, [run], f"sched-{attempt}")
        use_cases.backlog.release_dead_claims(lambda _run: True)
    assert claim(use_cases, "sched-4") == []
    case = use_cases.lookups.incident("W-0")
    assert case.ticket.escalated
    assert case.timeline[-1].event.startswith("Escalated: taken from the backlog 3 times in vain")


def test_a_ticket_that_somebody_starts_by_hand_leaves_the_backlog(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 2)
    ticket = use_cases.incidents.accept(
        use_cases.monitoring.notification("incident.W-0"), run_id="incident.W-0", origin="test"
    )
    assert ticket.external_reference == "W-0"
    use_cases.incidents.perform(customer_service.enter_problem_report, run_id="incident.W-0")
    assert references(use_cases, claim(use_cases)) == ["W-1"]


def test_what_is_claimed_can_be_carried_by_one_run(use_cases, tmp_path):
    open_tickets(use_cases, tmp_path, 5)
    [run] = claim(use_cases)
    use_cases.cohorts.accept({"incidents": list(run.tickets)}, run_id=run.run_id)
    use_cases.cohorts.perform(customer_service.enter_problem_report, run_id=run.run_id)
    assert all(use_cases.lookups.incident(ticket).ticket.status == "inProgress" for ticket in run.tickets)


@pytest.mark.parametrize("status", ["acknowledged", "inProgress", "pending", "held"])
def test_a_ticket_that_was_open_in_whatever_state_can_be_processed(use_cases, tmp_path, status):
    rows = [event("T", "inProgress", "1 08:00"), event("T", status, "1 09:00")]
    rows = rows[:1] if status == "inProgress" else ([rows[1]] if status == "acknowledged" else rows)
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    use_cases.incidents.perform(customer_service.enter_problem_report, run_id="incident.T")
    assert use_cases.lookups.incident("T").ticket.status == "inProgress"
    assert use_cases.monitoring.violations() == []


def test_the_watchdog_leaves_alone_what_waits_or_is_history(use_cases, tmp_path, clock):
    rows = [event("OPEN", "acknowledged", "1 08:00"), event("OVER", "closed", "1 08:00")]
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    clock.pass_by(days=2)

    def stalled():
        return [one.ticket for one in use_cases.monitoring.stalled()]

    assert stalled() == []
    assert use_cases.monitoring.violations(settled=True) == []
    start(use_cases, claim(use_cases))
    assert stalled() == []
    clock.pass_by(hours=1)
    assert stalled() == ["TT-000001"]


def test_a_notification_that_is_entered_waits_once_and_a_bad_one_is_in_quarantine(any_use_cases):
    body = conf(external_reference="WEB-1", impact=1, urgency=1)
    for _ in range(2):
        ticket, _ = any_use_cases.backlog.enter(body, run_id="incident.WEB-1", origin="backlog")
    assert any_use_cases.backlog.summary().waiting.ready == 1
    [line] = any_use_cases.backlog.open_incidents(waiting_only=True)
    assert (line.ticket, line.priority) == (ticket.id, "P1")
    with pytest.raises(UnableToAcceptNotification, match=r"\.customer"):
        any_use_cases.backlog.enter(conf(customer="C-9"), run_id="incident.WEB-2", origin="backlog")
    assert len(any_use_cases.quarantine.entries()) == 1
    assert references(any_use_cases, claim(any_use_cases)) == ["WEB-1"]


def test_incidents_that_wait_for_a_restoration_do_not_count_as_active(use_cases, tmp_path):
    from include.sla_logic.persistence.schema.system_t import restorations

    open_tickets(use_cases, tmp_path, 3)
    start(use_cases, claim(use_cases, limit=2))
    assert claim(use_cases, "sched-2", limit=2) == []
    now = use_cases.work.database.now(None)
    with use_cases.work.database.write() as connection:
        connection.execute(insert(restorations), [{"ticket": 1, "opened_at": now, "deadline": now}])
    assert len(tickets_of(claim(use_cases, "sched-3", limit=2))) == 1


def test_nothing_of_all_this_breaks_what_must_always_hold(any_use_cases, tmp_path):
    open_tickets(any_use_cases, tmp_path, 4)
    start(any_use_cases, claim(any_use_cases))
    any_use_cases.backlog.release_dead_claims(lambda _run: True)
    assert any_use_cases.monitoring.violations() == []
    with any_use_cases.work.database.read() as connection:
        assert not stalled_incidents(connection, now=any_use_cases.work.database.now(connection), patience=_none())


def _none():
    from datetime import timedelta

    return timedelta(0)


@pytest.mark.parametrize("registered", ["before", "after"])
def test_the_first_day_of_an_agreement_is_that_of_its_contracts_zone(any_use_cases, tmp_path, registered):
    rows = [event("EVE", "acknowledged", "1 22:30"), event("FIRST", "acknowledged", "1 23:30")]  # half past in Berlin

    def starts(day):
        with any_use_cases.work.database.write() as connection:
            connection.execute(update(t.agreements).values(starts=day))

    starts(date(2026, 11, 2) if registered == "before" else date(2026, 12, 1))
    take_in(any_use_cases, write_csv(tmp_path / "open.csv", rows))
    if registered == "after":
        assert claim(any_use_cases) == []
        starts(date(2026, 11, 2))
    assert references(any_use_cases, claim(any_use_cases)) == ["FIRST"]
    waiting = {line.reference: line.why for line in any_use_cases.backlog.open_incidents()}
    assert "in force" in (waiting["EVE"] or "")

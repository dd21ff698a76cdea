"""Who claims from the backlog gets tickets that nobody else gets, in queue order, and gives back what has died."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import insert

from include.sla_logic.adapters.backlog import Released
from include.sla_logic.adapters.schema import reference as t
from include.sla_logic.adapters.stranded import stranded_incidents
from include.sla_logic.departments import customer_service
from include.sla_logic.office import Office, Settings, UnableToAcceptNotification
from tests.backlog.logs import event, open_tickets, take_in, write_csv
from tests.office.town import conf

PLENTY = {"limit": 1_000, "at_most": 1_000, "carries": 500}


def claim(office, by="sched-1", **how):
    return office.claim_backlog(by=by, **(PLENTY | how))


def tickets_of(planned):
    return [ticket for run in planned for ticket in run.tickets]


def references(office, planned):
    return [office.case(ticket).ticket.external_reference for ticket in tickets_of(planned)]


def start(office, planned, by="sched-1"):
    for run in planned:
        assert office.still_claimed(run, by=by)
        office.note_backlog_run(run.run_id)


def claim_in_a_process(url: str, folder: str, by: str) -> list[str]:
    office = Office(Settings(database_url=url, letters_folder=Path(folder)))
    found: list[str] = []
    for round_ in range(20):
        planned = office.claim_backlog(by=f"{by}-{round_}", limit=1_000, at_most=5, carries=2)
        found += [ticket for run in planned for ticket in run.tickets]
    return found


def test_two_processes_that_claim_at_once_never_get_the_same_ticket(any_office, tmp_path):
    open_tickets(any_office, tmp_path, 60)
    url = any_office.database.engine.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        both = [pool.submit(claim_in_a_process, url, str(tmp_path), by) for by in ("left", "right")]
        first, second = (one.result() for one in both)
    assert len(set(first) | set(second)) == len(first) + len(second) == 60


def test_many_claimants_together_keep_the_limit_of_active_incidents(any_office, tmp_path):
    open_tickets(any_office, tmp_path, 40)
    with ThreadPoolExecutor(6) as pool:
        claims = list(pool.map(lambda n: claim(any_office, f"sched-{n}", limit=25, at_most=10), range(6)))
    taken = [ticket for planned in claims for ticket in tickets_of(planned)]
    assert len(taken) == len(set(taken)) == 25
    assert any_office.backlog().active == 25


def test_protected_customers_come_first_then_priority_then_age(any_office, tmp_path):
    with any_office.database.write() as connection:
        connection.execute(insert(t.customers), [{"id": "C-2", "name": "Bo", "locale": "en", "protected": True}])
        agreement = connection.execute(t.agreements.select()).one()._asdict()
        connection.execute(insert(t.agreements), [agreement | {"id": "AG-2", "customer": "C-2"}])
    rows = [
        event("LATE", "acknowledged", "1 09:00"),
        event("EARLY", "acknowledged", "1 08:00"),
        event("URGENT", "acknowledged", "1 10:00", impact="1", urgency="1"),
        event("PROTECTED", "acknowledged", "1 11:00", customer="C-2", impact="3", urgency="3"),
    ]
    take_in(any_office, write_csv(tmp_path / "log.csv", rows))
    assert references(any_office, claim(any_office)) == ["PROTECTED", "URGENT", "EARLY", "LATE"]


def test_a_customer_who_is_registered_as_protected_later_comes_first_all_the_same(any_office, tmp_path):
    open_tickets(any_office, tmp_path, 2)
    take_in(any_office, write_csv(tmp_path / "log.csv", [event("BO", "acknowledged", "1 12:00", customer="C-2")]))
    assert any_office.backlog().waiting.unknown_customer == 1
    with any_office.database.write() as connection:
        connection.execute(insert(t.customers), [{"id": "C-2", "name": "Bo", "locale": "en", "protected": True}])
        agreement = connection.execute(t.agreements.select()).one()._asdict()
        connection.execute(insert(t.agreements), [agreement | {"id": "AG-2", "customer": "C-2"}])
    assert references(any_office, claim(any_office)) == ["BO", "W-0", "W-1"]


def test_who_claims_again_before_starting_gets_the_same_claims_and_no_more(office, tmp_path):
    open_tickets(office, tmp_path, 10)
    first = claim(office, at_most=4, carries=3)
    assert [len(run.tickets) for run in first] == [3, 1]
    assert claim(office, at_most=4, carries=3) == first
    start(office, first)
    assert not set(tickets_of(claim(office, at_most=4))) & set(tickets_of(first))


def test_a_claim_is_told_in_the_timeline_of_its_tickets(office, tmp_path):
    open_tickets(office, tmp_path, 1)
    [run] = claim(office)
    assert office.case("W-0").timeline[-1].event == f"Taken from the backlog by sched-1, for the run {run.run_id}."


def test_tickets_without_customer_or_agreement_wait_and_say_why(office, tmp_path):
    rows = [
        event("STRANGER", "acknowledged", "1 08:00", customer="C-9"),
        event("NO-SERVICE", "acknowledged", "1 08:00", service="S-9"),
        event("KNOWN", "acknowledged", "1 09:00"),
    ]
    take_in(office, write_csv(tmp_path / "log.csv", rows))
    assert references(office, claim(office)) == ["KNOWN"]
    waiting = office.backlog().waiting
    assert (waiting.ready, waiting.unknown_customer, waiting.no_agreement) == (0, 1, 1)
    why = {line.reference: line.why for line in office.open_list(waiting_only=True)}
    assert why["STRANGER"] == "customer C-9 is not in the contract register"
    assert "C-1 has no agreement for service S-9" in why["NO-SERVICE"]


def test_a_claimant_that_died_before_starting_loses_its_claim_after_the_lease(any_office, tmp_path, clock):
    open_tickets(any_office, tmp_path, 3)
    [run] = claim(any_office)
    assert any_office.release_dead_claims(lambda _run: True) == []
    clock.pass_by(hours=1)
    assert any_office.release_dead_claims(lambda _run: True) == [Released(run.run_id, run.tickets, ())]
    assert tickets_of(claim(any_office, "sched-2")) == list(run.tickets)
    assert not any_office.still_claimed(run, by="sched-1")
    assert "has died" in any_office.case("W-0").timeline[-2].event


def test_a_claimant_that_died_after_starting_has_started(office, tmp_path, clock):
    open_tickets(office, tmp_path, 3)
    claim(office)
    clock.pass_by(hours=1)
    assert office.release_dead_claims(lambda _run: False) == []
    assert claim(office, "sched-2") == []
    assert office.backlog().active == 3


def test_the_tickets_of_a_dead_run_wait_again_but_not_those_that_have_ended_or_need_a_person(office, tmp_path):
    open_tickets(office, tmp_path, 3)
    [run] = claim(office)
    start(office, [run])
    office.perform(customer_service.enter_problem_report, run_id="incident.W-0")

    def close_incident(file):
        pass

    def fails(file):
        file.escalate("the step failed")

    office.perform(close_incident, run_id="incident.W-1")
    office.perform(fails, run_id="incident.W-2")
    assert office.release_dead_claims(lambda run_id: run_id == run.run_id) == [
        Released(run.run_id, (office.case("W-0").ticket.id,), ())
    ]
    [again] = claim(office, "sched-2")
    assert references(office, [again]) == ["W-0"]
    assert again.run_id != run.run_id


def test_a_ticket_whose_runs_die_again_and_again_is_left_to_a_person(office, tmp_path):
    open_tickets(office, tmp_path, 1)
    for attempt in range(3):
        [run] = claim(office, f"sched-{attempt}")
        start(office, [run], f"sched-{attempt}")
        office.release_dead_claims(lambda _run: True)
    assert claim(office, "sched-4") == []
    case = office.case("W-0")
    assert case.ticket.escalated
    assert case.timeline[-1].event.startswith("Escalated: taken from the backlog 3 times in vain")


def test_a_ticket_that_somebody_starts_by_hand_leaves_the_backlog(office, tmp_path):
    open_tickets(office, tmp_path, 2)
    ticket = office.accept(office.notification("incident.W-0"), run_id="incident.W-0", origin="test")
    assert ticket.external_reference == "W-0"
    office.perform(customer_service.enter_problem_report, run_id="incident.W-0")
    assert references(office, claim(office)) == ["W-1"]


def test_what_is_claimed_can_be_carried_by_one_run(office, tmp_path):
    open_tickets(office, tmp_path, 5)
    [run] = claim(office)
    office.accept_cohort({"incidents": list(run.tickets)}, run_id=run.run_id)
    from include.sla_logic.adapters.cohorts import Door

    office.perform_cohort(customer_service.enter_problem_report, run_id=run.run_id, door=Door())
    assert all(office.case(ticket).ticket.status == "inProgress" for ticket in run.tickets)


@pytest.mark.parametrize("status", ["acknowledged", "inProgress", "pending", "held"])
def test_a_ticket_that_was_open_in_whatever_state_can_be_processed(office, tmp_path, status):
    rows = [event("T", "inProgress", "1 08:00"), event("T", status, "1 09:00")]
    rows = rows[:1] if status == "inProgress" else ([rows[1]] if status == "acknowledged" else rows)
    take_in(office, write_csv(tmp_path / "log.csv", rows))
    office.perform(customer_service.enter_problem_report, run_id="incident.T")
    assert office.case("T").ticket.status == "inProgress"
    assert office.breaches() == []


def test_the_watchdog_leaves_alone_what_waits_or_is_history(office, tmp_path, clock):
    rows = [event("OPEN", "acknowledged", "1 08:00"), event("OVER", "closed", "1 08:00")]
    take_in(office, write_csv(tmp_path / "log.csv", rows))
    clock.pass_by(days=2)

    def stranded():
        return [one.ticket for one in office.stranded()]

    assert stranded() == []
    assert office.breaches(settled=True) == []
    start(office, claim(office))
    assert stranded() == []
    clock.pass_by(hours=1)
    assert stranded() == ["TT-000001"]


def test_a_notification_that_is_entered_waits_once_and_a_bad_one_is_in_quarantine(any_office):
    body = conf(external_reference="WEB-1", impact=1, urgency=1)
    for _ in range(2):
        ticket, _ = any_office.enter_backlog(body, run_id="incident.WEB-1", origin="backlog")
    assert any_office.backlog().waiting.ready == 1
    [line] = any_office.open_list(waiting_only=True)
    assert (line.ticket, line.priority) == (ticket.id, "P1")
    with pytest.raises(UnableToAcceptNotification, match=r"\.customer"):
        any_office.enter_backlog(conf(customer="C-9"), run_id="incident.WEB-2", origin="backlog")
    assert len(any_office.quarantined()) == 1
    assert references(any_office, claim(any_office)) == ["WEB-1"]


def test_incidents_that_wait_for_a_restoration_do_not_count_as_active(office, tmp_path):
    from include.sla_logic.adapters.schema.system_t import restorations

    open_tickets(office, tmp_path, 3)
    start(office, claim(office, limit=2))
    assert claim(office, "sched-2", limit=2) == []
    now = office.database.now(None)
    with office.database.write() as connection:
        connection.execute(insert(restorations), [{"ticket": 1, "opened_at": now, "deadline": now}])
    assert len(tickets_of(claim(office, "sched-3", limit=2))) == 1


def test_nothing_of_all_this_breaks_what_must_always_hold(any_office, tmp_path):
    open_tickets(any_office, tmp_path, 4)
    start(any_office, claim(any_office))
    any_office.release_dead_claims(lambda _run: True)
    assert any_office.breaches() == []
    with any_office.database.read() as connection:
        assert not stranded_incidents(connection, now=any_office.database.now(connection), patience=_none())


def _none():
    from datetime import timedelta

    return timedelta(0)

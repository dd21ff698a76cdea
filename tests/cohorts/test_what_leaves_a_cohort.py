"""Who fails, who waits, and what a crash leaves: the others are done, and nothing is done or paid twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from include.sla_logic.adapters.cohorts import Door, who_has_come
from include.sla_logic.adapters.mail_delivery import read_message, text_of
from include.sla_logic.adapters.schema import accounts as a
from include.sla_logic.adapters.schema.system_t import documents, steps
from include.sla_logic.adapters.small_teleco import SmallTeleco, load_small_teleco, small_teleco
from include.sla_logic.office import Office, Settings, UnableToAcceptCohort
from tests.cohorts.leading import DOORS, ORDER, lead
from tests.reference.walk import WAIT, the_activity

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = "cohort-1"
QUICK = ORDER[: ORDER.index("send_customer_report")]  # everything before the letters, whose pictures take time


class UnableToDoThis(Exception):
    pass


@pytest.fixture(scope="module")
def teleco() -> SmallTeleco:
    return small_teleco(7, ANCHOR, history_days=32)


@pytest.fixture
def office(tmp_path: Path, teleco: SmallTeleco) -> Office:
    office = Office(Settings(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path / "letters"), clock=lambda: ANCHOR)
    office.migrate()
    with office.database.write() as connection:
        load_small_teleco(connection, teleco)
    return office


def report(office: Office, teleco: SmallTeleco, *keys: str) -> dict[str, str]:
    """Accept one ticket for each of these incidents, under a run id of its own."""
    return {
        key: office.accept(teleco.notifications[key].model_dump(mode="json"), run_id=f"own-{key}", origin="test").id
        for key in keys
    }


def failing(task: str, ticket: str, error: Exception) -> Callable[[str], Callable[..., object]]:
    """Return the steps, of which one fails for one ticket after it has written something."""

    def steps_with_a_fault(name: str) -> Callable[..., object]:
        step = the_activity(name)
        if name != task:
            return step  # type: ignore[no-any-return]

        def faulty(file: Any) -> object:
            answer: object = step(file)
            if file.ticket.id == ticket:
                raise error
            return answer

        faulty.__name__ = name
        return faulty

    return steps_with_a_fault


def count(office: Office, query: Any) -> int:
    with office.database.read() as connection:
        return int(connection.scalar(query) or 0)


@pytest.mark.parametrize("at_once", [1, 200])
@pytest.mark.parametrize("task", ["compare_with_sla", "is_problem_analyzable", "adjust_billing"])
def test_one_failing_incident_is_set_aside_with_its_reason_and_the_others_go_on(office, teleco, task, at_once, caplog):
    tickets = report(office, teleco, "no_problem_found", "minor_correction", "analysed_by_service_management")
    bad = tickets["minor_correction"]
    fault = failing(task, bad, UnableToDoThis("The line is a riddle."))
    lead(office, RUN, tickets.values(), steps=fault, tasks=QUICK, at_once=at_once)
    assert f"{task} fails for {bad}, which is set aside" in caplog.messages
    aside = office.case(bad)
    assert task not in aside.tasks
    assert aside.tasks[-1] == f"{task}_failed"
    assert aside.ticket.escalated
    assert aside.timeline[-1].event == f"Escalated: the step {task} failed: The line is a riddle."
    assert [member.reason for member in office.cohort(RUN) if member.state == "set aside"] == [
        f"the step {task} failed: The line is a riddle."
    ]
    for key in ("no_problem_found", "analysed_by_service_management"):
        assert "adjust_billing" in office.case(tickets[key]).tasks
        assert not any("failed" in task for task in office.case(tickets[key]).tasks)


def test_what_a_failing_incident_wrote_at_a_desk_is_taken_back(office, teleco):
    tickets = report(office, teleco, "minor_correction", "analysed_by_service_management")
    bad = tickets["minor_correction"]
    lead(office, RUN, tickets.values(), steps=failing("adjust_billing", bad, KeyError("secret")), tasks=QUICK)
    booked = select(func.count()).select_from(a.applied_billing_credits)
    assert count(office, booked.where(a.applied_billing_credits.c.ticket == bad)) == 0
    assert "secret" not in office.case(bad).timeline[-1].event
    assert "KeyError" in office.case(bad).timeline[-1].event


def test_a_fault_that_shows_only_when_papers_are_filed_is_found_one_by_one(office, teleco, monkeypatch):
    from include.sla_logic.office import cohort_work

    tickets = report(office, teleco, "no_problem_found", "minor_correction")
    bad, file_away = tickets["minor_correction"], cohort_work.file_away

    def refusing(connection, files):
        if any(file.ticket.id == bad and file.task == "compare_with_sla" for file in files):
            raise IntegrityError("INSERT", {}, Exception("refused"))
        file_away(connection, files)

    monkeypatch.setattr(cohort_work, "file_away", refusing)
    lead(office, RUN, tickets.values(), tasks=QUICK)
    assert {member.ticket: member.state for member in office.cohort(RUN)}[bad] == "set aside"
    assert "adjust_billing" in office.case(tickets["no_problem_found"]).tasks


def test_a_database_that_is_away_fails_the_step_and_sets_nobody_aside(office, teleco):
    tickets = report(office, teleco, "no_problem_found", "minor_correction")
    away = failing("compare_with_sla", tickets["minor_correction"], OperationalError("SELECT", {}, Exception("away")))
    with pytest.raises(OperationalError):
        lead(office, RUN, tickets.values(), steps=away)
    assert {member.state for member in office.cohort(RUN)} == {"carried"}
    assert all("compare_with_sla" not in office.case(ticket).tasks for ticket in tickets.values())


def test_a_cohort_of_one_fails_as_a_single_run_does(office, teleco):
    tickets = report(office, teleco, "minor_correction")
    fault = failing("compare_with_sla", *tickets.values(), UnableToDoThis("The line is a riddle."))
    with pytest.raises(UnableToDoThis):
        lead(office, RUN, tickets.values(), steps=fault)
    assert not office.case(tickets["minor_correction"]).ticket.escalated


def test_after_a_crash_half_way_only_what_is_left_is_done(office, teleco):
    tickets = report(office, teleco, "no_problem_found", "minor_correction", "analysed_by_service_management")
    last = list(tickets.values())[-1]

    class Killed(BaseException):
        pass

    with pytest.raises(Killed):
        lead(office, RUN, tickets.values(), steps=failing("compare_with_sla", last, Killed()), at_once=2)
    assert ["compare_with_sla" in office.case(ticket).tasks for ticket in tickets.values()] == [True, True, False]
    lead(office, RUN, tickets.values(), tasks=QUICK)
    lead(office, RUN, tickets.values(), tasks=QUICK)
    for ticket in tickets.values():
        case = office.case(ticket)
        assert len(case.tasks) == len(set(case.tasks))
        assert "adjust_billing" in case.tasks
        assert [paper.kind for paper in case.documents].count("Rebate") == 1


@pytest.mark.parametrize("task", [WAIT, "track_errors"])
def test_two_tries_of_one_task_at_the_same_moment_do_it_once_and_answer_alike(office, teleco, task, monkeypatch):
    tickets = report(office, teleco, "no_problem_found", "automatic_restoration", "problem_at_resource_provisioning")
    lead(office, RUN, tickets.values(), tasks=ORDER[: ORDER.index(task)])

    def try_it() -> frozenset[str]:
        if task == WAIT:
            return office.await_cohort(run_id=RUN, door=DOORS[WAIT]).choices
        return office.perform_cohort(the_activity(task), run_id=RUN, door=DOORS[task])

    faster: list[frozenset[str]] = []

    def overtaken(*asked: Any) -> dict[int, str | None]:
        come = who_has_come(*asked)
        monkeypatch.undo()
        faster.append(try_it())
        return come

    monkeypatch.setattr("include.sla_logic.office.cohort_work.who_has_come", overtaken)
    assert [try_it()] == faster
    assert [office.case(ticket).tasks.count(task) for ticket in tickets.values()] == [0, 1, 1]
    assert not any(office.case(ticket).ticket.escalated for ticket in tickets.values())


def test_who_has_to_wait_leaves_and_is_named_again_as_often_as_asked(office, teleco):
    tickets = report(office, teleco, "no_problem_found", "held_and_released", "automatic_restoration")
    held = tickets["held_and_released"]
    assert lead(office, RUN, tickets.values(), tasks=QUICK) == {held}
    again = office.await_cohort(run_id=RUN, door=DOORS[WAIT])
    assert [(leaver.ticket, leaver.run_id) for leaver in again.leavers] == [(held, "own-held_and_released")]
    assert again.leavers[0].conf == office.case(held).documents[0].body
    assert again.choices == {"track_errors"}
    assert "receive_outcome" not in office.case(held).tasks
    assert "adjust_billing" in office.case(tickets["automatic_restoration"]).tasks


def test_in_a_run_of_its_own_the_way_is_taken_again_from_what_was_decided(office, teleco):
    tickets = report(office, teleco, "no_problem_found", "held_and_released")
    lead(office, RUN, tickets.values(), tasks=QUICK)
    case = office.case(tickets["held_and_released"])
    own = "own-held_and_released"
    assert office.accept(case.documents[0].body, run_id=own, origin="Airflow").id == case.ticket.id
    for step in case.path:
        assert office.perform(the_activity(step.task), run_id=own) == step.choice
    assert office.case(own).documents == case.documents
    office.release_restoration(own, by="operator", reason="There is room.")
    assert office.decide_restoration(own) is not None
    office.perform(the_activity("track_errors"), run_id=own)
    assert "track_errors" in office.case(own).tasks


def test_two_incidents_of_one_service_in_one_cohort_are_credited_once(office, teleco):
    conf = teleco.notifications["minor_correction"].model_dump(mode="json")
    twins = [
        office.accept(conf | {"external_reference": name}, run_id=f"own-{name}", origin="test").id
        for name in ("first", "second")
    ]
    lead(office, RUN, twins, tasks=QUICK)
    first, second = (office.case(ticket) for ticket in twins)
    assert first.rebate is not None
    assert second.rebate is not None
    assert first.rebate.total.amount > Decimal(0)
    assert second.rebate.total.amount == Decimal(0)
    assert first.adjustment is not None
    assert second.adjustment is not None
    assert first.adjustment.booked == first.rebate.total
    assert not second.adjustment.booked


def test_a_step_given_up_for_good_escalates_whoever_is_still_carried(office, teleco):
    tickets = report(office, teleco, "no_problem_found", "minor_correction")
    lead(office, RUN, tickets.values(), tasks=["enter_problem_report"])
    office.give_up_cohort(run_id=RUN, task="compare_with_sla", why="OperationalError.")
    office.give_up_cohort(run_id=RUN, task="compare_with_sla", why="OperationalError.")
    assert {member.state for member in office.cohort(RUN)} == {"set aside"}
    for ticket in tickets.values():
        assert office.case(ticket).ticket.escalated
        assert office.case(ticket).tasks == ("enter_problem_report", "compare_with_sla_failed")


def test_the_operators_get_one_mail_for_a_step_that_failed_for_a_cohort(office, teleco):
    told = Office(replace(office.settings, operators="ops@teleco.example"), clock=lambda: ANCHOR)
    tickets = report(told, teleco, "no_problem_found", "minor_correction")
    lead(told, RUN, tickets.values(), tasks=["enter_problem_report"])
    for _ in range(2):
        told.give_up_cohort(run_id=RUN, task="compare_with_sla", why="OperationalError.", at_once=1)
    told.deliver()
    [letter] = told.settings.letters_folder.glob("*.eml")
    mail = read_message(letter.read_text("ascii"))
    assert mail["To"] == "ops@teleco.example"
    assert mail["Subject"].endswith("the step compare_with_sla failed")
    assert "It concerns 2 incidents of the run cohort-1." in text_of(mail)


@pytest.mark.parametrize(
    ("incidents", "message"),
    [([], "at least one"), ("TT-000001", "at least one"), (["TT-1x"], "no ticket id"), (["TT-000099"], "no ticket")],
)
def test_a_cohort_of_nothing_or_nobody_is_refused(office, incidents, message):
    with pytest.raises(UnableToAcceptCohort, match=message):
        office.accept_cohort({"incidents": incidents}, run_id=RUN)
    assert office.cohort(RUN) == ()


@pytest.mark.parametrize(
    ("door", "taken", "comes"),
    [
        (Door(), {}, True),
        (Door(frozenset({"a"})), {}, False),
        (Door(frozenset({"a"})), {"a": None}, True),
        (Door(frozenset({"a"})), {"a": "here"}, True),
        (Door(frozenset({"a"})), {"a": "elsewhere"}, False),
        (Door(frozenset({"a", "b"})), {"a": None}, False),
        (Door(frozenset({"a", "b"}), all_of=False), {"a": None, "b": "elsewhere"}, True),
        (Door(frozenset({"a", "b"}), all_of=False), {"b": "elsewhere"}, False),
    ],
)
def test_a_door_lets_in_whom_a_way_has_led_here(door, taken, comes):
    assert door.lets_in("here", taken) is comes


def test_the_query_count_does_not_grow_with_the_cohort(office, teleco):
    """Count the questions: constant, but for one per measured series and per version of a contract."""
    from sqlalchemy import event

    keys = ["no_problem_found", "problem_at_resource_provisioning", "restored_after_own_analysis", "too_late"]
    asked = []
    for size in (1, 4):
        tickets = [
            office.accept(
                teleco.notifications[key].model_dump(mode="json") | {"external_reference": f"{key}-{size}"},
                run_id=f"{key}-{size}",
                origin="test",
            ).id
            for key in keys[:size]
        ]
        lead(office, f"cohort-{size}", tickets, tasks=["enter_problem_report"])
        statements: list[str] = []
        listener = lambda *args, seen=statements: seen.append(args[2])  # noqa: E731
        event.listen(office.database.engine, "before_cursor_execute", listener)
        office.perform_cohort(the_activity("compare_with_sla"), run_id=f"cohort-{size}", door=DOORS["compare_with_sla"])
        event.remove(office.database.engine, "before_cursor_execute", listener)
        once_for_all = [s for s in statements if s.startswith("SELECT") and "samples" not in s]
        asked.append(len([s for s in once_for_all if "contracts.text" not in s]))
    assert asked[0] == asked[1]
    assert count(office, select(func.count()).select_from(steps).where(steps.c.task == "compare_with_sla")) == 5
    assert count(office, select(func.count()).where(documents.c.kind == "SlaComparison")) == 5

"""Who fails, who waits, and what a crash leaves: the others are done, and nothing is done or paid twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from benchmarks.leading import ORDER, lead
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.mail_message import read_message, text_of
from include.sla_logic.persistence.cohort_members import steps_of_members
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.system_t import documents, steps
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.step import Step
from include.sla_logic.sample_data import Sample
from include.sla_logic.services import UnableToAcceptCohort, UseCases

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = "cohort-1"
QUICK = ORDER[: ORDER.index("send_customer_report")]  # everything before the letters, whose pictures take time


class UnableToDoThis(ForeseenError):
    pass


def report(use_cases: UseCases, teleco: Sample, *keys: str) -> dict[str, str]:
    """Accept one ticket for each of these incidents, under a run id of its own."""
    return {
        key: use_cases.incidents.accept(
            teleco.notifications[key].model_dump(mode="json"), run_id=f"own-{key}", origin="test"
        ).id
        for key in keys
    }


def failing(task: str, ticket: str, error: Exception) -> Callable[[str], Step]:
    """Return the steps, of which one fails for one ticket after it has written something."""

    def steps_with_a_fault(name: str) -> Step:
        step = step_named(name)
        if name != task:
            return step  # type: ignore[no-any-return]

        def faulty(file: Any) -> object:
            answer: object = step(file)
            if file.ticket.id == ticket:
                raise error
            return answer

        return Step(name, "", faulty)

    return steps_with_a_fault


def count(use_cases: UseCases, query: Any) -> int:
    with use_cases.work.database.read() as connection:
        return int(connection.scalar(query) or 0)


@pytest.mark.parametrize("at_once", [1, 200])
@pytest.mark.parametrize("task", ["compare_with_sla", "is_problem_analyzable", "adjust_billing"])
def test_one_failing_incident_is_set_aside_with_its_reason_and_the_others_go_on(
    use_cases, teleco, task, at_once, caplog
):
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction", "analysed_by_service_management")
    bad = tickets["minor_correction"]
    fault = failing(task, bad, UnableToDoThis("The line is a riddle."))
    lead(use_cases, RUN, tickets.values(), steps=fault, tasks=QUICK, at_once=at_once)
    assert f"{task} fails for {bad}, which is set aside" in caplog.messages
    aside = use_cases.lookups.incident(bad)
    assert task not in aside.tasks
    assert aside.tasks[-1] == f"{task}_failed"
    assert aside.ticket.escalated
    assert aside.timeline[-1].event == f"Escalated: the step {task} failed: The line is a riddle."
    assert [member.reason for member in use_cases.cohorts.members(RUN) if member.state == "set aside"] == [
        f"the step {task} failed: The line is a riddle."
    ]
    for key in ("no_problem_found", "analysed_by_service_management"):
        assert "adjust_billing" in use_cases.lookups.incident(tickets[key]).tasks
        assert not any("failed" in task for task in use_cases.lookups.incident(tickets[key]).tasks)


def test_what_a_failing_incident_wrote_at_a_desk_is_taken_back(use_cases, teleco):
    tickets = report(use_cases, teleco, "minor_correction", "analysed_by_service_management")
    bad = tickets["minor_correction"]
    lead(use_cases, RUN, tickets.values(), steps=failing("adjust_billing", bad, KeyError("secret")), tasks=QUICK)
    booked = select(func.count()).select_from(a.applied_billing_credits)
    assert count(use_cases, booked.where(a.applied_billing_credits.c.ticket == bad)) == 0
    assert "secret" not in use_cases.lookups.incident(bad).timeline[-1].event
    assert "KeyError" in use_cases.lookups.incident(bad).timeline[-1].event


def test_a_fault_that_shows_only_when_documents_are_written_is_found_one_by_one(use_cases, teleco, monkeypatch):
    from include.sla_logic.services import incidents as incident_work

    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction")
    bad, flush = tickets["minor_correction"], incident_work.flush

    def refusing(connection, files):
        if any(file.ticket.id == bad and file.task == "compare_with_sla" for file in files):
            raise IntegrityError("INSERT", {}, Exception("refused"))
        flush(connection, files)

    monkeypatch.setattr(incident_work, "flush", refusing)
    lead(use_cases, RUN, tickets.values(), tasks=QUICK)
    assert {member.ticket: member.state for member in use_cases.cohorts.members(RUN)}[bad] == "set aside"
    assert "adjust_billing" in use_cases.lookups.incident(tickets["no_problem_found"]).tasks


def test_a_database_that_is_away_fails_the_step_and_sets_nobody_aside(use_cases, teleco):
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction")
    away = failing("compare_with_sla", tickets["minor_correction"], OperationalError("SELECT", {}, Exception("away")))
    with pytest.raises(OperationalError):
        lead(use_cases, RUN, tickets.values(), steps=away)
    assert {member.state for member in use_cases.cohorts.members(RUN)} == {"carried"}
    assert all("compare_with_sla" not in use_cases.lookups.incident(ticket).tasks for ticket in tickets.values())


def test_a_cohort_of_one_fails_as_a_single_run_does(use_cases, teleco):
    tickets = report(use_cases, teleco, "minor_correction")
    fault = failing("compare_with_sla", *tickets.values(), UnableToDoThis("The line is a riddle."))
    with pytest.raises(UnableToDoThis):
        lead(use_cases, RUN, tickets.values(), steps=fault)
    assert not use_cases.lookups.incident(tickets["minor_correction"]).ticket.escalated


def test_after_a_crash_half_way_only_what_is_left_is_done(use_cases, teleco):
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction", "analysed_by_service_management")
    last = list(tickets.values())[-1]

    class Killed(BaseException):
        pass

    with pytest.raises(Killed):
        lead(use_cases, RUN, tickets.values(), steps=failing("compare_with_sla", last, Killed()), at_once=2)
    assert ["compare_with_sla" in use_cases.lookups.incident(ticket).tasks for ticket in tickets.values()] == [
        True,
        True,
        False,
    ]
    lead(use_cases, RUN, tickets.values(), tasks=QUICK)
    lead(use_cases, RUN, tickets.values(), tasks=QUICK)
    for ticket in tickets.values():
        case = use_cases.lookups.incident(ticket)
        assert len(case.tasks) == len(set(case.tasks))
        assert "adjust_billing" in case.tasks
        assert [document.kind for document in case.documents].count("Rebate") == 1


@pytest.mark.parametrize("task", [WAIT, "track_errors"])
def test_two_tries_of_one_task_at_the_same_moment_do_it_once_and_answer_alike(use_cases, teleco, task, monkeypatch):
    tickets = report(use_cases, teleco, "no_problem_found", "automatic_restoration", "problem_at_resource_provisioning")
    lead(use_cases, RUN, tickets.values(), tasks=ORDER[: ORDER.index(task)])

    def try_it() -> frozenset[str]:
        if task == WAIT:
            return use_cases.cohorts.await_restoration(run_id=RUN).choices
        return use_cases.cohorts.perform(step_named(task), run_id=RUN)

    faster: list[frozenset[str]] = []

    def overtaken(*asked: Any) -> dict[int, str | None]:
        come = steps_of_members(*asked)
        monkeypatch.undo()
        faster.append(try_it())
        return come

    module = "cohort_waits" if task == WAIT else "cohorts"
    monkeypatch.setattr(f"include.sla_logic.services.{module}.steps_of_members", overtaken)
    assert [try_it()] == faster
    assert [use_cases.lookups.incident(ticket).tasks.count(task) for ticket in tickets.values()] == [0, 1, 1]
    assert not any(use_cases.lookups.incident(ticket).ticket.escalated for ticket in tickets.values())


def test_in_a_run_of_its_own_the_way_is_taken_again_from_what_was_decided(use_cases, teleco):
    tickets = report(use_cases, teleco, "no_problem_found", "held_and_released")
    lead(use_cases, RUN, tickets.values(), tasks=QUICK)
    case = use_cases.lookups.incident(tickets["held_and_released"])
    own = "own-held_and_released"
    assert use_cases.incidents.accept(case.documents[0].body, run_id=own, origin="Airflow").id == case.ticket.id
    for step in case.path:
        assert use_cases.incidents.perform(step_named(step.task), run_id=own) == step.choice
    assert use_cases.lookups.incident(own).documents == case.documents
    use_cases.restorations.release(own, by="operator", reason="There is room.")
    assert use_cases.restorations.decide(own) is not None
    use_cases.incidents.perform(step_named("track_errors"), run_id=own)
    assert "track_errors" in use_cases.lookups.incident(own).tasks


def test_two_incidents_of_one_service_in_one_cohort_are_credited_once(use_cases, teleco):
    conf = teleco.notifications["minor_correction"].model_dump(mode="json")
    twins = [
        use_cases.incidents.accept(conf | {"external_reference": name}, run_id=f"own-{name}", origin="test").id
        for name in ("first", "second")
    ]
    lead(use_cases, RUN, twins, tasks=QUICK)
    first, second = (use_cases.lookups.incident(ticket) for ticket in twins)
    assert first.rebate is not None
    assert second.rebate is not None
    assert first.rebate.total.amount > Decimal(0)
    assert second.rebate.total.amount == Decimal(0)
    assert first.adjustment is not None
    assert second.adjustment is not None
    assert first.adjustment.booked == first.rebate.total
    assert not second.adjustment.booked


def test_a_step_given_up_for_good_escalates_those_still_carried(use_cases, teleco):
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction")
    lead(use_cases, RUN, tickets.values(), tasks=["enter_problem_report"])
    use_cases.cohorts.give_up(run_id=RUN, task="compare_with_sla", why="OperationalError.")
    use_cases.cohorts.give_up(run_id=RUN, task="compare_with_sla", why="OperationalError.")
    assert {member.state for member in use_cases.cohorts.members(RUN)} == {"set aside"}
    for ticket in tickets.values():
        assert use_cases.lookups.incident(ticket).ticket.escalated
        assert use_cases.lookups.incident(ticket).tasks == ("enter_problem_report", "compare_with_sla_failed")


def test_the_operators_get_one_mail_for_a_step_that_failed_for_a_cohort(use_cases, teleco):
    told = UseCases(replace(use_cases.work.settings, operators="ops@teleco.example"), clock=lambda: ANCHOR)
    tickets = report(told, teleco, "no_problem_found", "minor_correction")
    lead(told, RUN, tickets.values(), tasks=["enter_problem_report"])
    for _ in range(2):
        told.cohorts.give_up(run_id=RUN, task="compare_with_sla", why="OperationalError.", at_once=1)
    told.outbox.deliver()
    [letter] = told.work.settings.letters_folder.glob("*.eml")
    mail = read_message(letter.read_text("ascii"))
    assert mail["To"] == "ops@teleco.example"
    assert mail["Subject"].endswith("the step compare_with_sla failed")
    assert "It concerns 2 incidents of the run cohort-1." in text_of(mail)


@pytest.mark.parametrize("at_once", [1, 200])
def test_the_operators_get_one_mail_about_all_who_are_set_aside_at_a_step(use_cases, teleco, at_once):
    settings = replace(use_cases.work.settings, operators="ops@teleco.example")
    tickets = report(use_cases, teleco, "no_problem_found", "minor_correction", "analysed_by_service_management")
    use_cases.cohorts.accept({"incidents": list(tickets.values())}, run_id=RUN)
    bad = list(tickets.values())[1:]

    def faulty(file: Any) -> None:
        if file.ticket.id in bad:
            raise UnableToDoThis("The line is a riddle.")

    step = Step("enter_problem_report", "", faulty)
    for _ in range(2):
        use_cases.cohorts.perform(step, run_id=RUN, at_once=at_once, mail=lambda: settings)
    assert [member.state for member in use_cases.cohorts.members(RUN)] == ["carried", "set aside", "set aside"]
    [message] = use_cases.outbox.messages()
    assert message.ticket == bad[0]
    use_cases.outbox.deliver()
    [letter] = use_cases.work.settings.letters_folder.glob("*.eml")
    mail = read_message(letter.read_text("ascii"))
    assert mail["To"] == "ops@teleco.example"
    said = f"The line is a riddle. It concerns 2 incidents of the run {RUN}. Set aside: {', '.join(bad)}."
    assert said in " ".join(text_of(mail).split())


@pytest.mark.parametrize(
    ("incidents", "message"),
    [([], "at least one"), ("TT-000001", "at least one"), (["TT-1x"], "no ticket id"), (["TT-000099"], "no ticket")],
)
def test_a_cohort_of_nothing_or_nobody_is_refused(use_cases, incidents, message):
    with pytest.raises(UnableToAcceptCohort, match=message):
        use_cases.cohorts.accept({"incidents": incidents}, run_id=RUN)
    assert use_cases.cohorts.members(RUN) == ()


def test_the_query_count_does_not_grow_with_the_cohort(use_cases, teleco):
    """Count the questions: constant, but for one per measured series and version of a contract, and one of promises.

    Only where a promise is kept, or was broken before, is asked what is known of it.
    """
    from sqlalchemy import event

    keys = ["no_problem_found", "problem_at_resource_provisioning", "restored_after_own_analysis", "too_late"]
    asked = []
    for size in (1, 4):
        tickets = [
            use_cases.incidents.accept(
                teleco.notifications[key].model_dump(mode="json") | {"external_reference": f"{key}-{size}"},
                run_id=f"{key}-{size}",
                origin="test",
            ).id
            for key in keys[:size]
        ]
        lead(use_cases, f"cohort-{size}", tickets, tasks=["enter_problem_report"])
        statements: list[str] = []
        listener = lambda *args, seen=statements: seen.append(args[2])  # noqa: E731
        event.listen(use_cases.work.database.engine, "before_cursor_execute", listener)
        use_cases.cohorts.perform(
            step_named("compare_with_sla"),
            run_id=f"cohort-{size}",
        )
        event.remove(use_cases.work.database.engine, "before_cursor_execute", listener)
        questions = [statement for statement in statements if statement.startswith("SELECT")]
        some = ("samples", "contracts.text", "FROM sla_violations")
        asked.append(len([question for question in questions if not any(each in question for each in some)]))
        assert len([question for question in questions if "FROM sla_violations" in question]) <= 1
    assert asked[0] == asked[1]
    assert count(use_cases, select(func.count()).select_from(steps).where(steps.c.task == "compare_with_sla")) == 5
    assert count(use_cases, select(func.count()).where(documents.c.kind == "SlaComparison")) == 5

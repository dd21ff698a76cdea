"""The wait for a restoration request ends once, by the instant at which the request was sent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.persistence.restorations import RestorationWait, UnableToFindRestoration
from include.sla_logic.process.step import step
from include.sla_logic.process.way import UnableToTakeStep
from include.sla_logic.services import UnableToReleaseRestoration, UseCases
from tests.clock import NOON
from tests.services.sample import conf

DEADLINE = NOON + timedelta(days=2)


def hold(use_cases: UseCases, run_id: str = "run-1", deadline: datetime = DEADLINE) -> None:
    @step
    def ask_for_release(file) -> None:
        file.restorations.open(deadline=deadline, held_because="not safe to automate")

    use_cases.incidents.accept(conf(), run_id=run_id, origin="form")
    use_cases.incidents.perform(ask_for_release, run_id=run_id)


def test_a_held_request_waits_with_its_deadline(any_use_cases):
    hold(any_use_cases)
    wait = any_use_cases.restorations.find("run-1")
    assert (wait.ticket, wait.deadline, wait.held_because) == ("TT-000001", DEADLINE, "not safe to automate")
    assert any_use_cases.restorations.decide("run-1") is None


def test_a_release_is_kept_with_who_and_why(any_use_cases, clock):
    hold(any_use_cases)
    clock.pass_by(hours=3)
    wait = any_use_cases.restorations.release("TT-000001", by="Kim", reason="agreed with the customer")
    assert (wait.sent_at, wait.sent_by, wait.reason) == (clock.now, "Kim", "agreed with the customer")
    case = any_use_cases.lookups.incident("run-1")
    assert [(act.actor, act.action, act.detail) for act in case.audit] == [
        ("Kim", "restoration released", "agreed with the customer")
    ]
    assert case.timeline[-1].event == "The restoration request was released by Kim: agreed with the customer"


def test_the_decision_is_a_step_of_the_way(any_use_cases, clock):
    hold(any_use_cases)
    any_use_cases.restorations.release("run-1", by="Kim", reason="agreed")
    clock.pass_by(hours=1)
    assert any_use_cases.restorations.decide("run-1") is RestorationOutcome.IN_TIME
    clock.pass_by(days=30)
    assert any_use_cases.restorations.decide("run-1") is RestorationOutcome.IN_TIME
    path = any_use_cases.lookups.incident("run-1").path
    assert [(step.task, step.choice) for step in path] == [
        ("ask_for_release", None),
        ("await_restoration_request", "track_errors"),
    ]
    assert any_use_cases.restorations.find("run-1").decided_at == NOON + timedelta(hours=1)


def test_too_late_and_rejected_end_in_the_same_task(any_use_cases, clock):
    hold(any_use_cases, "run-1")
    hold(any_use_cases, "run-2")
    any_use_cases.restorations.reject("run-2", by="Kim", reason="no window")
    clock.now = DEADLINE + timedelta(seconds=1)
    assert any_use_cases.restorations.decide("run-1") is RestorationOutcome.TOO_LATE
    assert any_use_cases.restorations.decide("run-2") is RestorationOutcome.REJECTED
    for run in ("run-1", "run-2"):
        assert any_use_cases.lookups.incident(run).path[-1].choice == "terminate_restoration"


@pytest.mark.parametrize("answer", ["release", "reject"])
def test_after_the_deadline_every_answer_is_refused_even_before_the_wait_is_decided(any_use_cases, clock, answer):
    hold(any_use_cases)
    clock.now = DEADLINE + timedelta(microseconds=1)
    with pytest.raises(UnableToReleaseRestoration, match=r"had to be sent by 2026-11-04 12:00 UTC"):
        getattr(any_use_cases.restorations, answer)("run-1", by="Kim", reason="late")
    assert any_use_cases.restorations.find("run-1").sent_at is None
    [act] = any_use_cases.lookups.incident("run-1").audit
    assert (act.at, act.actor, act.action) == (clock.now, "Kim", "restoration answer refused")
    assert act.detail.endswith("that was missed.")


def test_a_second_answer_is_refused_and_says_who_was_first(any_use_cases):
    hold(any_use_cases)
    any_use_cases.restorations.release("run-1", by="Kim", reason="agreed")
    for answer in (any_use_cases.restorations.release, any_use_cases.restorations.reject):
        with pytest.raises(UnableToReleaseRestoration, match=r"was sent already at .* by Kim"):
            answer("run-1", by="Jo", reason="me too")


def test_a_rejected_request_is_not_sent_any_more(any_use_cases):
    hold(any_use_cases)
    any_use_cases.restorations.reject("run-1", by="Kim", reason="no window")
    with pytest.raises(UnableToReleaseRestoration, match=r"was rejected at .* by Kim"):
        any_use_cases.restorations.release("run-1", by="Jo", reason="please")


def test_an_incident_that_waits_for_nothing_says_so(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    with pytest.raises(UnableToFindRestoration, match="TT-000001 does not wait"):
        any_use_cases.restorations.find("run-1")
    with pytest.raises(UnableToTakeStep, match="Clear the task enter_problem_report"):
        any_use_cases.restorations.decide("run-1")


def test_a_second_opening_does_not_move_the_deadline(any_use_cases, clock):
    hold(any_use_cases)
    clock.pass_by(days=1)

    @step
    def open_again(file) -> None:
        file.restorations.open(deadline=DEADLINE + timedelta(days=9), held_because=None)

    any_use_cases.incidents.perform(open_again, run_id="run-1")
    wait = any_use_cases.restorations.find("run-1")
    assert (wait.deadline, wait.sent_at) == (DEADLINE, None)


def test_one_query_finds_all_waits_that_can_be_decided(any_use_cases, clock):
    for number in range(5):
        hold(any_use_cases, f"run-{number}", deadline=DEADLINE + timedelta(hours=number))
    any_use_cases.restorations.release("run-3", by="Kim", reason="agreed")
    any_use_cases.restorations.reject("run-4", by="Kim", reason="no")
    assert any_use_cases.restorations.answered(decided_within=timedelta()) == {"run-3", "run-4"}
    clock.now = DEADLINE + timedelta(minutes=1)
    assert any_use_cases.restorations.answered(decided_within=timedelta()) == {"run-0", "run-3", "run-4"}
    any_use_cases.restorations.decide("run-0")
    assert "run-0" in any_use_cases.restorations.answered(decided_within=timedelta())
    clock.pass_by(minutes=1)
    assert "run-0" not in any_use_cases.restorations.answered(decided_within=timedelta())


@pytest.mark.more
def test_release_and_deadline_at_the_same_time_never_both_win(any_use_cases):
    """The database's clock runs through the deadline while both sides try."""
    real = UseCases(any_use_cases.work.settings)
    for number in range(6):
        run = f"race-{number}"
        hold(real, run, deadline=datetime.now(UTC) + timedelta(seconds=0.3))
        ready = Barrier(3)

        def release(run: str = run, ready: Barrier = ready) -> bool:
            ready.wait()
            released = False
            while datetime.now(UTC) < deadline_of(real, run) + timedelta(seconds=0.1) and not released:
                if datetime.now(UTC) > deadline_of(real, run) - timedelta(milliseconds=3):
                    try:
                        real.restorations.release(run, by="Kim", reason="just in time")
                        released = True
                    except UnableToReleaseRestoration:
                        return False
            return released

        def decide(run: str = run, ready: Barrier = ready) -> RestorationOutcome:
            ready.wait()
            while (outcome := real.restorations.decide(run)) is None:
                pass
            return outcome

        with ThreadPoolExecutor(3) as threads:
            released, one, other = threads.submit(release), threads.submit(decide), threads.submit(decide)
        assert one.result() is other.result()
        assert (one.result() is RestorationOutcome.IN_TIME) == released.result()
        wait = real.restorations.find(run)
        assert (wait.sent_at is not None) == (wait.outcome is RestorationOutcome.IN_TIME)


def deadline_of(use_cases: UseCases, run: str) -> datetime:
    return use_cases.restorations.find(run).deadline


offsets = st.integers(min_value=-3_000_000, max_value=3_000_000).map(lambda us: timedelta(microseconds=us))


@given(st.none() | offsets, st.none() | offsets, st.lists(offsets, min_size=1, max_size=5))
def test_the_judgement_depends_on_the_sending_alone(sent, rejected, looks):
    wait = RestorationWait(
        ticket="TT-000001",
        opened_at=NOON,
        deadline=DEADLINE,
        held_because="by hand",
        sent_at=None if sent is None else DEADLINE + sent,
        sent_by="Kim",
        rejected_at=DEADLINE + rejected if rejected is not None and sent is None else None,
        rejected_by="Kim",
        reason=None,
        outcome=None,
        decided_at=None,
    )
    answers = [wait.judge(DEADLINE + look) for look in sorted(looks)]
    if wait.sent_at is not None:
        in_time = wait.sent_at <= DEADLINE
        assert set(answers) == {RestorationOutcome.IN_TIME if in_time else RestorationOutcome.TOO_LATE}
    elif wait.rejected_at is not None:
        assert set(answers) == {RestorationOutcome.REJECTED}
    else:
        assert answers == [RestorationOutcome.TOO_LATE if look > timedelta(0) else None for look in sorted(looks)]


acts = st.lists(st.tuples(st.sampled_from(["release", "reject", "decide"]), offsets), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts)
def test_whatever_is_tried_in_whatever_order_one_outcome_is_left(use_cases, clock, acts):
    clock.now = NOON
    run = f"run-{len(use_cases.lookups.tickets(limit=10_000))}"
    hold(use_cases, run)
    answered, outcomes = [], []
    for act, offset in sorted(acts, key=lambda act: act[1]):
        clock.now = DEADLINE + offset
        if act == "decide":
            outcomes.append(use_cases.restorations.decide(run))
            continue
        try:
            getattr(use_cases.restorations, act)(run, by="Kim", reason="so")
            answered.append((act, offset))
        except UnableToReleaseRestoration:
            assert answered or offset > timedelta(0)
    clock.now = DEADLINE + timedelta(days=1)
    outcomes.append(use_cases.restorations.decide(run))
    decided = [outcome for outcome in outcomes if outcome]
    assert len(set(decided)) == 1
    assert len(answered) <= 1
    expected = {"release": RestorationOutcome.IN_TIME, "reject": RestorationOutcome.REJECTED}
    assert decided[-1] is (expected[answered[0][0]] if answered else RestorationOutcome.TOO_LATE)
    assert all(offset <= timedelta(0) for _, offset in answered)

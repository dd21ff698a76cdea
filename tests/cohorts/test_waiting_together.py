"""Members of a cohort wait under one sensor: each has a deadline of its own, and nobody waits for another's answer."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from benchmarks.leading import ORDER
from include.sla_logic.process.graph import END, WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.sample_data import Sample
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.services.cohorts import WaitResult
from include.sla_logic.services.watchdog import Round, resume_stalled
from tests.clock import Clock
from tests.cohorts.conftest import ANCHOR

RUN = "cohort-1"
BEFORE, AFTER = ORDER[: ORDER.index(WAIT)], ORDER[ORDER.index(WAIT) + 1 :]
RECENTLY = timedelta(days=1)


@pytest.fixture
def clock() -> Clock:
    return Clock(ANCHOR)


@pytest.fixture
def use_cases(own_url: str, tmp_path: Path, clock: Clock) -> UseCases:
    return UseCases(Settings(own_url, tmp_path / "letters"), clock=clock)


def lead_to_the_wait(use_cases: UseCases, teleco: Sample, *keys: str, run_id: str = RUN) -> dict[str, str]:
    """Lead one incident of each kind up to the wait in one run; return the tickets."""
    confs = {key: teleco.notifications[key].model_dump(mode="json") for key in keys}
    return lead_these(use_cases, confs, run_id)


def lead_these(use_cases: UseCases, confs: dict[str, Any], run_id: str = RUN) -> dict[str, str]:
    tickets = {
        key: use_cases.incidents.accept(conf, run_id=f"own-{key}", origin="test").id for key, conf in confs.items()
    }
    use_cases.cohorts.accept({"incidents": list(tickets.values())}, run_id=run_id)
    perform(use_cases, run_id, BEFORE)
    return tickets


def perform(use_cases: UseCases, run_id: str, tasks: tuple[str, ...]) -> None:
    for task in tasks:
        use_cases.cohorts.perform(step_named(task), run_id=run_id)


def look(use_cases: UseCases, run_id: str = RUN) -> WaitResult:
    return use_cases.cohorts.await_restoration(run_id=run_id)


def parts(result: WaitResult) -> dict[str, tuple[str, ...]]:
    return {part.run_id: part.tickets for part in result.parts}


def release(use_cases: UseCases, ticket: str) -> None:
    use_cases.restorations.release(ticket, by="operator", reason="There is room.")


def is_woken(use_cases: UseCases, run_id: str = RUN) -> bool:
    """Tell whether the sensor of this run would look now."""
    return run_id in use_cases.restorations.answered(decided_within=RECENTLY)


def has_ended(use_cases: UseCases, ticket: str) -> bool:
    return use_cases.lookups.incident(ticket).tasks.count(END) == 1


def test_few_who_wait_leave_the_others_which_go_on_at_once(use_cases, teleco):
    tickets = lead_to_the_wait(use_cases, teleco, "no_problem_found", "held_and_released", "automatic_restoration")
    held = tickets["held_and_released"]
    first, again = look(use_cases), look(use_cases)
    assert first == again
    assert (first.choices, first.waiting, first.until) == ({"track_errors"}, (), None)
    assert parts(first) == {f"{RUN}__1": (held,)}
    perform(use_cases, RUN, AFTER)
    assert [has_ended(use_cases, ticket) for ticket in tickets.values()] == [True, False, True]
    assert use_cases.lookups.incident(held).airflow_run == f"{RUN}__1"
    waits = look(use_cases, f"{RUN}__1")
    assert (waits.waiting, waits.parts) == ((held,), ())
    release(use_cases, held)
    assert is_woken(use_cases, f"{RUN}__1")
    assert look(use_cases, f"{RUN}__1").choices == {"track_errors"}


def test_few_who_need_not_wait_leave_the_others_which_wait_on(use_cases, teleco):
    tickets = lead_to_the_wait(use_cases, teleco, "held_and_released", "no_problem_found", "too_late")
    result = look(use_cases)
    assert result.waiting == (tickets["held_and_released"], tickets["too_late"])
    assert parts(result) == {f"{RUN}__1": (tickets["no_problem_found"],)}
    perform(use_cases, f"{RUN}__1", (*BEFORE, *AFTER))
    assert has_ended(use_cases, tickets["no_problem_found"])
    assert look(use_cases).parts == ()


def test_each_goes_on_when_it_is_answered_or_overdue_and_the_last_ones_in_the_run_itself(use_cases, teleco, clock):
    tickets = lead_to_the_wait(use_cases, teleco, "held_and_released", "too_late")
    released, overdue = tickets.values()
    result = look(use_cases)
    assert (result.waiting, result.parts) == ((released, overdue), ())
    assert result.until == min(use_cases.restorations.find(ticket).deadline for ticket in tickets.values())
    assert not is_woken(use_cases)
    release(use_cases, released)
    assert is_woken(use_cases)
    result = look(use_cases)
    assert (result.waiting, parts(result)) == ((overdue,), {f"{RUN}__1": (released,)})
    assert not is_woken(use_cases), "it was decided, and is carried by another run"
    perform(use_cases, f"{RUN}__1", (*BEFORE, *AFTER))
    assert look(use_cases).parts == ()
    clock.now = use_cases.restorations.find(overdue).deadline + timedelta(seconds=1)
    assert is_woken(use_cases)
    result = look(use_cases)
    assert (result.choices, result.waiting, result.parts) == ({"terminate_restoration"}, (), ())
    perform(use_cases, RUN, AFTER)
    for ticket, way in ((released, "track_errors"), (overdue, "terminate_restoration")):
        assert has_ended(use_cases, ticket)
        assert {"track_errors", "terminate_restoration"} & set(use_cases.lookups.incident(ticket).tasks) == {way}


def test_who_is_answered_after_the_first_part_has_left_goes_on_in_a_second(use_cases, teleco):
    tickets = lead_to_the_wait(use_cases, teleco, "no_problem_found", "held_and_released", "too_late")
    assert set(parts(look(use_cases))) == {f"{RUN}__1"}
    release(use_cases, tickets["too_late"])
    assert parts(look(use_cases)) == {
        f"{RUN}__1": (tickets["no_problem_found"],),
        f"{RUN}__2": (tickets["too_late"],),
    }


@pytest.mark.parametrize("at", ["split_off", "parts_of"])
def test_a_look_that_is_killed_is_made_up_for_by_the_next(use_cases, teleco, monkeypatch, at):
    tickets = lead_to_the_wait(use_cases, teleco, "held_and_released", "too_late")
    release(use_cases, tickets["held_and_released"])

    class Killed(BaseException):
        pass

    def dies(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"include.sla_logic.services.cohort_waits.{at}", dies)
        with pytest.raises(Killed):
            look(use_cases)
    result = look(use_cases)
    assert parts(result) == {f"{RUN}__1": (tickets["held_and_released"],)}
    assert result.waiting == (tickets["too_late"],)
    perform(use_cases, f"{RUN}__1", (*BEFORE, *AFTER))
    assert has_ended(use_cases, tickets["held_and_released"])


class DeadTriggerer:
    """An Airflow in which the run of the cohort is deferred, and nobody looks."""

    def __init__(self) -> None:
        self.resumed = list[str]()

    def state(self, run_id: str) -> str | None:
        return "running" if run_id == RUN else None

    def waits_alone(self, run_id: str) -> bool:
        return run_id == RUN

    def resume(self, run_id: str, conf: dict[str, Any]) -> str:  # noqa: ARG002
        self.resumed.append(run_id)
        return "started"


def test_without_a_triggerer_the_watchdog_starts_the_run_of_who_is_answered(use_cases, teleco, clock):
    tickets = lead_to_the_wait(use_cases, teleco, "held_and_released", "too_late")
    look(use_cases)
    release(use_cases, tickets["held_and_released"])
    clock.pass_by(seconds=30)
    runs, soon = DeadTriggerer(), Round("watchdog", patience=timedelta(seconds=20))
    assert [one.run_id for one in resume_stalled(use_cases, runs, soon)] == ["own-held_and_released"]
    assert runs.resumed == ["own-held_and_released"]
    for task in teleco.expectations["held_and_released"].path:
        if task in AFTER:
            use_cases.incidents.perform(step_named(task), run_id="own-held_and_released")
    assert has_ended(use_cases, tickets["held_and_released"])
    result = look(use_cases)
    assert (result.waiting, result.parts) == ((tickets["too_late"],), ())
    assert not is_woken(use_cases)

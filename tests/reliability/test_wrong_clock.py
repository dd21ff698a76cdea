"""A machine whose clock is an hour wrong decides waits as the database's clock says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.process.step import step
from include.sla_logic.services import UnableToReleaseRestoration, UseCases
from tests.services.sample import conf, open_use_cases

HALF, HOUR = timedelta(minutes=30), timedelta(hours=1)
RUN = "run-1"


def held(url: str, folder: Path, deadline: datetime) -> UseCases:
    @step
    def ask_for_release(file) -> None:
        file.restorations.open(deadline=deadline, held_because="not safe to automate")

    use_cases = open_use_cases(url, folder)
    use_cases.incidents.accept(conf(), run_id=RUN, origin="form")
    use_cases.incidents.perform(ask_for_release, run_id=RUN)
    return use_cases


def test_a_clock_that_is_fast_lets_no_deadline_pass(postgres_url: str, tmp_path: Path) -> None:
    deadline = datetime.now(UTC) + HALF
    use_cases = held(postgres_url, tmp_path, deadline)
    with time_machine.travel(datetime.now(UTC) + HOUR, tick=True):
        assert use_cases.restorations.decide(RUN) is None
        assert use_cases.restorations.answered(decided_within=HOUR) == frozenset()
        wait = use_cases.restorations.release(RUN, by="Kim", reason="agreed")
        assert wait.sent_at is not None
        assert wait.sent_at < deadline
        assert use_cases.restorations.decide(RUN) is RestorationOutcome.IN_TIME
    # that nothing led to the wait is this test's own doing
    assert [v for v in use_cases.monitoring.violations() if v.invariant != "I11"] == []


def test_a_clock_that_is_slow_keeps_no_wait_open(postgres_url: str, tmp_path: Path) -> None:
    use_cases = held(postgres_url, tmp_path, datetime.now(UTC) - HALF)
    with time_machine.travel(datetime.now(UTC) - HOUR, tick=True):
        assert use_cases.restorations.answered(decided_within=timedelta()) == {RUN}
        with pytest.raises(UnableToReleaseRestoration, match="that was missed"):
            use_cases.restorations.release(RUN, by="Kim", reason="agreed")
        assert use_cases.restorations.decide(RUN) is RestorationOutcome.TOO_LATE
        assert use_cases.restorations.answered(decided_within=HALF) == {RUN}
    # that nothing led to the wait is this test's own doing
    assert [v for v in use_cases.monitoring.violations() if v.invariant != "I11"] == []

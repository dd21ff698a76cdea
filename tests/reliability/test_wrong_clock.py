"""A machine whose clock is an hour wrong decides waits as the database's clock says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.office import Office, UnableToReleaseRestoration
from tests.office.town import conf, open_office

HALF, HOUR = timedelta(minutes=30), timedelta(hours=1)
RUN = "run-1"


def held(url: str, folder: Path, deadline: datetime) -> Office:
    def request_automatic_restoration(file) -> None:
        file.restorations.open(deadline=deadline, held_because="not safe to automate")

    office = open_office(url, folder)
    office.accept(conf(), run_id=RUN, origin="form")
    office.perform(request_automatic_restoration, run_id=RUN)
    return office


def test_a_clock_that_is_fast_lets_no_deadline_pass(postgres_url: str, tmp_path: Path) -> None:
    deadline = datetime.now(UTC) + HALF
    office = held(postgres_url, tmp_path, deadline)
    with time_machine.travel(datetime.now(UTC) + HOUR, tick=True):
        assert office.decide_restoration(RUN) is None
        assert office.answered_restorations(decided_within=HOUR) == frozenset()
        wait = office.release_restoration(RUN, by="Kim", reason="agreed")
        assert wait.sent_at is not None
        assert wait.sent_at < deadline
        assert office.decide_restoration(RUN) is RestorationOutcome.IN_TIME
    assert office.breaches() == []


def test_a_clock_that_is_slow_keeps_no_wait_open(postgres_url: str, tmp_path: Path) -> None:
    office = held(postgres_url, tmp_path, datetime.now(UTC) - HALF)
    with time_machine.travel(datetime.now(UTC) - HOUR, tick=True):
        assert office.answered_restorations(decided_within=timedelta()) == {RUN}
        with pytest.raises(UnableToReleaseRestoration, match="that was missed"):
            office.release_restoration(RUN, by="Kim", reason="agreed")
        assert office.decide_restoration(RUN) is RestorationOutcome.TOO_LATE
        assert office.answered_restorations(decided_within=HALF) == {RUN}
    assert office.breaches() == []

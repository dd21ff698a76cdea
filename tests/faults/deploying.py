"""What operators do to the whole DAG while incidents wait: pause it for long, deploy another version of it."""

import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from deploy.stack.rest import FINISHED
from include.sla_logic.domain.restoration import RestorationOutcome
from tests.faults.breaking import Inject
from tests.faults.installation import DAG, Installation

GROUP, RENAMED = "Resource Provisioning: restoration", "Resource Provisioning: repair"


def paused(seconds: float) -> Inject:
    """Pause the DAG while requests wait: one is answered meanwhile, the deadline of another passes, one is reported."""

    def inject(installation: Installation, _chance: Random, mark: str) -> None:
        answered = installation.start_apart("held_and_released", f"PAUSED-{mark}-ANSWERED")
        late = installation.start_apart("too_late", f"PAUSED-{mark}-LATE")
        open_still = installation.start_apart("held_and_released", f"PAUSED-{mark}-OPEN")
        waits = (answered, late, open_still)
        for run_id in waits:
            installation.until_deferred(run_id)
        deadlines = {run_id: installation.use_cases.restorations.find(run_id).deadline for run_id in waits}
        _pause(installation, is_paused=True)
        try:
            _release(installation, answered)
            begun_meanwhile = installation.start_apart("minor_correction", f"PAUSED-{mark}-NEW")
            time.sleep(seconds)
            assert datetime.now(UTC) > deadlines[late]
            assert installation.stack.api.run_state(DAG, begun_meanwhile) == "queued"
            assert installation.stack.api.run_state(DAG, answered) == "running"
        finally:
            _pause(installation, is_paused=False)
        _until_ended(installation, answered, late, begun_meanwhile)
        _release(installation, open_still)
        _until_ended(installation, open_still)
        found = {run_id: installation.use_cases.restorations.find(run_id) for run_id in waits}
        assert {run_id: wait.deadline for run_id, wait in found.items()} == deadlines
        in_time, too_late = RestorationOutcome.IN_TIME, RestorationOutcome.TOO_LATE
        assert [found[run_id].outcome for run_id in waits] == [in_time, too_late, in_time]

    return inject


def another_version(installation: Installation, _chance: Random, mark: str) -> None:
    """Deploy a version whose group of the wait has another name; what waits and what starts then goes on."""
    waits = installation.start_apart("held_and_released", f"VERSION-{mark}-WAITS")
    installation.until_deferred(waits)
    deadline = installation.use_cases.restorations.find(waits).deadline
    file = installation.dags / "sla_violation.py"
    before, text = _versions(installation), file.read_text()
    assert GROUP in text
    try:
        _deploy(installation, file, text.replace(GROUP, RENAMED), after=before)
        begun_then = installation.start_apart("automatic_restoration", f"VERSION-{mark}-NEW")
        _release(installation, waits)
        _until_ended(installation, waits, begun_then)
    finally:
        file.write_text(text)
    wait = installation.use_cases.restorations.find(waits)
    assert (wait.deadline, wait.outcome) == (deadline, RestorationOutcome.IN_TIME)


def _deploy(installation: Installation, file: Path, text: str, *, after: int) -> None:
    file.write_text(text)
    installation.until(lambda: _versions(installation) > after, "no new version")


def _versions(installation: Installation) -> int:
    found = installation.stack.api.call("GET", f"/api/v2/dags/{DAG}/dagVersions", params={"limit": 1})
    return int(found["total_entries"])


def _pause(installation: Installation, *, is_paused: bool) -> None:
    installation.stack.api.call("PATCH", f"/api/v2/dags/{DAG}", json={"is_paused": is_paused})


def _release(installation: Installation, run_id: str) -> None:
    installation.use_cases.restorations.release(run_id, by="operator", reason="The reserve route has room.")


def _until_ended(installation: Installation, *runs: str) -> None:
    def ended() -> bool:
        return all(installation.stack.api.run_state(DAG, run_id) in FINISHED for run_id in runs)

    installation.until(ended, "not ended")
    assert {installation.stack.api.run_state(DAG, run_id) for run_id in runs} == {"success"}

"""What operators do to the whole while incidents wait: pause the DAG, deploy another one, start a second Airflow."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from deploy.stack import AirflowStack
from deploy.stack.rest import FINISHED
from include.sla_logic.domain.mail_message import FAILED_STEP
from include.sla_logic.domain.restoration import RestorationOutcome
from tests.faults.breaking import Inject
from tests.faults.installation import DAG, HOUSEKEEPING, Installation

GROUP, RENAMED = "Resource Provisioning: restoration", "Resource Provisioning: repair"


def paused(seconds: float) -> Inject:
    """Pause the DAG while requests wait: one is answered meanwhile, the deadline of another passes, one is reported."""

    def inject(installation: Installation, _chance: Random, mark: str) -> None:
        answered = installation.start_apart("held_and_released", f"PAUSED-{mark}-ANSWERED")
        late = installation.start_apart("too_late", f"PAUSED-{mark}-LATE")
        open_still = installation.start_apart("held_and_released", f"PAUSED-{mark}-OPEN")
        waits = (answered, late, open_still)
        for run_id in (late, answered, open_still):  # the one that waits for half a minute first
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


def second_airflow(installation: Installation, _chance: Random, mark: str) -> None:
    """Let a second Airflow find the operations database: it is refused, and the first goes on undisturbed."""
    waits = installation.start_apart("held_and_released", f"SECOND-{mark}-FIRST")
    installation.until_deferred(waits)
    sent, stack = _counts(installation), installation.stack
    metadata = installation.server.create_database(f"airflow_second_{mark.lower().replace('-', '_')}")
    settings = replace(stack.settings, home=stack.settings.home.parent / f"second-{mark}", metadata_url=metadata)
    installation.move_on()
    refused = f"incident.SECOND-{mark}-OTHER"
    with AirflowStack(settings, tell=print) as second:
        second.wait_for_dags([DAG, HOUSEKEEPING])
        second.api.start_run(DAG, conf=installation.conf("minor_correction", f"SECOND-{mark}-OTHER"), run_id=refused)
        installation.until(lambda: second.api.run_state(DAG, refused) in FINISHED, "the second Airflow is not refused")
        assert second.api.run_state(DAG, refused) == "failed"
        log = second.api.call(
            "GET",
            f"/api/v2/dags/{DAG}/dagRuns/{refused}/taskInstances/enter_problem_report/logs/1",
            headers={"Accept": "application/json"},
        )
        assert "worked by another Airflow" in str(log), log
        assert refused not in {ticket.run_id for ticket in installation.use_cases.lookups.tickets(limit=100_000)}
        installation.until(
            lambda: "failed" in second.api.run_states(HOUSEKEEPING).values(), "the second housekeeping is not refused"
        )
    assert _counts(installation) == sent
    _release(installation, waits)
    _until_ended(installation, waits)


def _counts(installation: Installation) -> tuple[int, int]:
    """Count letters about customers and postings; a refused Airflow may write to its operators."""
    letters = [identity for identity in installation.mailbox.kept if not identity.startswith(FAILED_STEP)]
    return len(letters), len(installation.billing.postings)


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

"""What surrounds the parts fails: a clock is wrong, a disk is full, everything happens at once."""

import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random

from sqlalchemy.exc import DBAPIError

from include.sla_logic.cli.airflow_api import UnableToReachAirflow
from include.sla_logic.domain.restoration import RestorationOutcome
from tests.faults import breaking
from tests.faults.breaking import Inject
from tests.faults.installation import PATIENCE, Installation

ASIDE = "triggerer"
PARTS = ("scheduler", "triggerer", "dag-processor", "api-server")
KEYS = ("premium", "re_prioritised", "minor_correction", "automatic_restoration", "held_and_released", "too_late")
MAIL, BILLING = ("down", "slow", "later", "forgetful"), ("down", "slow", "error", "forgetful", "broken_off", "busy")


def clock_of_the_triggerer(seconds: float) -> Inject:
    """Let the only triggerer work with a clock that is wrong: which deadlines have passed stays the same."""

    def inject(installation: Installation, chance: Random, mark: str) -> None:
        stack = installation.stack
        expected = {
            installation.start("held_and_released", f"CLOCK-{mark}-HELD"): RestorationOutcome.IN_TIME,
            installation.start("too_late", f"CLOCK-{mark}-LATE"): RestorationOutcome.TOO_LATE,
        }
        held, late = expected
        installation.away.add(ASIDE)  # its wrong heartbeat is no sign of ill health
        try:
            _end(installation)
            command = [sys.executable, "-m", "tests.faults.stepped", str(seconds), ASIDE, "--skip-serve-logs"]
            stack.components.start(ASIDE, command)
            installation.until(lambda: _beats_by(installation, seconds), "no heartbeat by the wrong clock")
            installation.until_deferred(held)
            time.sleep(chance.uniform(0, 40))
            assert installation.use_cases.restorations.find(held).outcome is None
            installation.use_cases.restorations.release(held, by="operator", reason="The route has room.")
            ended = ("track_errors", "terminate_restoration")
            for run in (held, late):
                installation.until(partial(_passed_one, installation, run, ended), f"{run} still waits")
            for run, outcome in expected.items():
                assert installation.use_cases.restorations.find(run).outcome is outcome, (
                    run,
                    installation.use_cases.restorations.find(run),
                )
        finally:
            _end(installation)
            installation.away.discard(ASIDE)
            installation.revive()

    return inject


def _end(installation: Installation) -> None:
    if ASIDE not in installation.stack.components.ended:
        installation.stack.components.kill(ASIDE)
        installation.stack.components.wait_ended(ASIDE)


def _beats_by(installation: Installation, seconds: float) -> bool:
    """Tell whether a triggerer's last heartbeat lies so far in the future."""
    jobs = installation.stack.api.call("GET", "/api/v2/jobs", params={"job_type": "TriggererJob", "limit": 100})["jobs"]
    beats = [datetime.fromisoformat(job["latest_heartbeat"]) for job in jobs if job["latest_heartbeat"]]
    expected = datetime.now(UTC) + timedelta(seconds=seconds)
    return any(abs(beat - expected) < timedelta(minutes=2) for beat in beats)


def _passed_one(installation: Installation, run: str, tasks: Iterable[str]) -> bool:
    return any(_passed(installation, run, task) for task in tasks)


def _passed(installation: Installation, run: str, task: str) -> bool:
    return installation.stack.api.task_states("sla_violation", run).get(task) == "success"


def disk_full(installation: Installation, chance: Random, _mark: str) -> None:
    """Fill the file system of the operations database while incidents are under way, and make room again."""
    assert installation.disk is not None, "a full disk needs the right to mount a file system: run as one who may"
    time.sleep(chance.uniform(3, 20))
    felt, end = False, time.monotonic() + chance.uniform(30, 60)
    try:
        while time.monotonic() < end or not felt:
            installation.disk.fill()
            felt = felt or _refuses_to_write(installation)
            assert time.monotonic() < end + PATIENCE, "the full disk was not felt"
            time.sleep(0.5)
    finally:
        installation.disk.make_room()
        if not installation.server.runs:  # PostgreSQL ends itself where it cannot write its log
            installation.server.start_again()


def _refuses_to_write(installation: Installation) -> bool:
    try:
        with installation.use_cases.work.database.write() as connection:
            connection.exec_driver_sql("CREATE TABLE too_much (filler TEXT)")
            connection.exec_driver_sql("INSERT INTO too_much VALUES ('" + "x" * 2_000_000 + "')")
            connection.rollback()
    except DBAPIError:
        return True
    return False


def everything(minutes: float) -> Inject:
    """Start an incident of chance every few seconds, and break something of chance every half minute."""

    def inject(installation: Installation, chance: Random, mark: str) -> None:
        end, number = time.monotonic() + 60 * minutes, 0
        unanswered: list[tuple[str, str]] = []
        faults: list[Callable[[], None]] = [
            *(lambda part=part: _kill(installation, part) for part in PARTS),
            lambda: breaking.api_server_away(10)(installation, chance, mark),
            lambda: breaking.database_away(1, 5)(installation, chance, mark),
            lambda: _some_tasks(installation, chance),
            lambda: installation.mailbox.be(chance.choice([None, *MAIL])),
            lambda: installation.billing.be(chance.choice([None, *BILLING])),
        ]
        try:
            while time.monotonic() < end:
                if number % 3 == 0:
                    installation.move_on()
                for key in chance.sample(KEYS, 2):
                    reference = f"MIX-{mark}-{number}-{key.upper().replace('_', '-')}"
                    try:
                        installation.start(key, reference)
                    except UnableToReachAirflow:
                        unanswered.append((key, reference))
                number += 1
                chance.choice(faults)()
                installation.revive()
                installation.release_held()
                time.sleep(chance.uniform(5, 30))
        finally:
            installation.mailbox.be(None)
            installation.billing.be(None)
        for key, reference in unanswered:  # a caller without an answer sends it again
            installation.start(key, reference)

    return inject


def _kill(installation: Installation, part: str) -> None:
    if part in installation.stack.components.pids:
        installation.kill(part)


def _some_tasks(installation: Installation, chance: Random) -> None:
    for process in installation.workers()[: chance.randint(1, 3)]:
        with suppress(Exception):
            process.kill()

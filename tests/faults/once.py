"""Plays on a real Airflow: `python -m tests.faults.once [NAME …]`; docs/reliability.md says which were played.

Each play prints what it found; the last line of each installation is the verdict over all its incidents.
"""

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from deploy.stack.settings import ROOT
from tests.faults.deploying import paused
from tests.faults.installation import DAG, Installation, open_installation
from tests.hostile import FORGERS, TEXTS
from tests.system_packages import install_unless

KEYS = ("premium", "minor_correction", "automatic_restoration", "held_and_released", "correction_fails")
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
CONFS, RUNS = 2000, 40
_MIGRATION = '''
"""Change tables that every step writes, as a later release may."""

from alembic import op
from sqlalchemy import Column, Index, Text

revision = "{new}"
down_revision = "{old}"


def upgrade() -> None:
    op.add_column("tickets", Column("played", Text))
    op.create_index("ix_documents_played", "documents", ["kind", "written_at"])
    with op.batch_alter_table("network_orders", recreate="always") as orders:
        orders.add_column(Column("played", Text))
'''


def say(name: str, *found: object) -> None:
    print(f"{name}:", *found, flush=True)  # noqa: T201 - the report


def airflow(installation: Installation, *words: str) -> str:
    """Type a command of Airflow's own on the machine of the components; return its end."""
    command = [str(installation.stack.airflow), *words]
    done = subprocess.run(
        command, env=installation.stack.environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    return f"exit {done.returncode} {(done.stdout + done.stderr)[-1_000_000:]}"


def some_incidents(installation: Installation) -> None:
    """Run one incident of each of several kinds side by side."""
    for key in KEYS:
        installation.start(key, f"ONCE-{key.upper().replace('_', '-')}")
    installation.settle()
    say("incidents side by side", Counter(installation.stack.api.run_states(DAG).values()))


def dags_test(installation: Installation) -> None:
    """Type `airflow dags test` with the notification of an incident that waits, and with a new one."""
    run = installation.start_apart("held_and_released", "LIVE-1")
    installation.until_deferred(run)
    before = installation.use_cases.lookups.incident(run)
    told = airflow(
        installation, "dags", "test", DAG, "--conf", json.dumps(installation.conf("held_and_released", "LIVE-1"))
    )
    after = installation.use_cases.lookups.incident(run)
    why = next((line for line in told.splitlines() if "LIVE-1" in line and "run" in line), "")
    say("dags test, live incident", "refused" if "DagRun failed" in told else told[-800:], why[:400])
    say("dags test, live incident", "unchanged" if before.tasks == after.tasks else (before.tasks, after.tasks))
    installation.move_on()
    told = airflow(
        installation, "dags", "test", DAG, "--conf", json.dumps(installation.conf("no_violation", "TYPED-1"))
    )
    case = installation.use_cases.lookups.incident("TYPED-1")
    installation.started.add(case.ticket.run_id)
    say("dags test, new incident", case.closed.outcome if case.closed else told[-800:], case.ticket.status)


def tasks_test(installation: Installation) -> None:
    """Type `airflow tasks test` for tasks of an incident that waits: done ones, early ones, the wait itself."""
    run = installation.start_apart("held_and_released", "LIVE-2")
    installation.until_deferred(run)
    before = installation.use_cases.lookups.incident(run)
    for task in ("enter_problem_report", "compare_with_sla", "track_errors", "undertake_restoration", "close_incident"):
        told = airflow(installation, "tasks", "test", DAG, task, run)
        after = installation.use_cases.lookups.incident(run)
        sentence = next((line for line in told.splitlines() if "Clear the task" in line), "")
        say("tasks test", task, told[:7], "unchanged" if before.tasks == after.tasks else after.tasks, sentence[:300])
    say("tasks test", "task states", installation.stack.api.task_states(DAG, run))
    installation.settle()


def migration_while_tasks_run(installation: Installation) -> None:
    """Migrate to a later release in the middle of incidents; the release that runs goes on."""
    runs = [installation.start_apart(key, f"MIGRATE-{key.upper().replace('_', '-')}") for key in KEYS]
    installation.until(lambda: any(len(_tasks(installation, run)) > 2 for run in runs), "nothing has begun")
    with tempfile.TemporaryDirectory() as later:
        root = Path(later)
        shutil.copytree(ROOT / "include", root / "include", ignore=shutil.ignore_patterns("__pycache__"))
        versions = root / "include" / "sla_logic" / "persistence" / "migrations" / "versions"
        newest = max(file.name[:4] for file in versions.glob("[0-9]*.py"))
        new = f"{int(newest) + 1:04}"
        (versions / f"{new}_played.py").write_text(_MIGRATION.format(old=newest, new=new))
        began = time.monotonic()
        environment = {**installation.stack.environment, "PYTHONPATH": later}
        code = "from include.sla_logic.cli import app; app(['database', 'migrate'])"
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, cwd=later, capture_output=True, text=True, check=False
        )
    say("migration", f"{newest} to {new}", f"{time.monotonic() - began:.1f} s", (done.stdout + done.stderr)[-300:])
    say("migration", "steps done meanwhile", {run: len(_tasks(installation, run)) for run in runs})
    installation.settle()


def _tasks(installation: Installation, run: str) -> tuple[str, ...]:
    found = [one for one in installation.use_cases.lookups.tickets(limit=1000) if one.run_id == run]
    return tuple(installation.use_cases.lookups.incident(run).tasks) if found else ()


def clock_of_the_scheduler(installation: Installation) -> None:
    """Move the clock of the scheduler and of its task processes, forwards and back, while incidents run and wait."""
    assert install_unless(FAKETIME.exists, "faketime"), "libfaketime is missing"
    installation.away.add("scheduler")  # its wrong heartbeat is no sign of ill health
    for step in ("+3600s", "-3600s", "+180000s"):
        held = installation.start_apart("held_and_released", f"CLOCK{step.strip('s').replace('+', '-P')}-HELD")
        installation.until_deferred(held)
        _restart_scheduler(installation, f"LD_PRELOAD={FAKETIME}", f"FAKETIME={step}")
        automatic = installation.start_apart("automatic_restoration", f"CLOCK{step.strip('s').replace('+', '-P')}-AUTO")
        time.sleep(60)  # with a clock that is fast, Airflow's tasks do not start: their tokens are not valid yet
        say("scheduler's clock", step, "the wait is", installation.use_cases.restorations.find(held).outcome or "open")
        say("scheduler's clock", step, "steps of the new incident", _tasks(installation, automatic))
        _restart_scheduler(installation)
        say("scheduler's clock", step, "is right again; cleared by the operator", _clear(installation, held, automatic))
        installation.use_cases.restorations.release(held, by="operator", reason="The route has room.")
        installation.settle()
        say("scheduler's clock", step, installation.use_cases.restorations.find(held).outcome)
        say("scheduler's clock", step, [installation.stack.api.run_state(DAG, run) for run in (held, automatic)])
    installation.away.discard("scheduler")


def _clear(installation: Installation, *runs: str) -> dict[str, list[str]]:
    """Clear what has failed: its next try is due when the wrong clock would have said so."""
    api, cleared = installation.stack.api, {}
    for run in runs:
        failed = [task for task, state in api.task_states(DAG, run).items() if state in ("up_for_retry", "failed")]
        if failed:
            body = {"dry_run": False, "dag_run_id": run, "task_ids": failed, "only_failed": False}
            api.call("POST", f"/api/v2/dags/{DAG}/clearTaskInstances", json={**body, "include_downstream": True})
            cleared[run] = failed
    return cleared


def _restart_scheduler(installation: Installation, *environment: str) -> None:
    components = installation.stack.components
    components.kill("scheduler")
    components.wait_ended("scheduler")
    components.start(
        "scheduler", ["env", *environment, str(installation.stack.airflow), "scheduler", "--skip-serve-logs"]
    )


def paused_for_an_hour(installation: Installation) -> None:
    """Pause the DAG for a whole hour while three requests wait and a new incident is reported."""
    paused(3600)(installation, Random(1), "HOUR")  # noqa: S311 - no secret
    say("paused for an hour", Counter(installation.stack.api.run_states(DAG).values()))


def archive_bombs(installation: Installation) -> None:
    """Import packed files that unpack to far more than a disk holds."""
    with tempfile.TemporaryDirectory() as folder:
        for name, line in (("zeros", b"0" * 1024), ("rows", b"x\n" * 512), ("cells", b"," * 1023 + b"\n")):
            file = Path(folder) / f"{name}.csv.gz"
            member = gzip.compress(b"service,started_at,ended_at\n" + line * 1024 * 256, 9)
            file.write_bytes(member * 10)
            began = time.monotonic()
            done = installation.sla("import", "outages", str(file))
            took = f"{time.monotonic() - began:.0f} s"
            size = f"{file.stat().st_size / 1e6:.1f} MB"
            say("archive bomb", name, size, took, f"exit {done.returncode}", (done.stdout + done.stderr)[-400:])
    say("archive bomb", "quarantined", len(installation.use_cases.quarantine.entries()))


def hostile_confs(installation: Installation) -> None:
    """Send thousands of hostile confs over REST, beside an incident that waits."""
    live = installation.start_apart("held_and_released", "LIVE-3")
    installation.until_deferred(live)
    before = len(installation.use_cases.lookups.tickets(limit=100_000))
    kept = len(installation.use_cases.quarantine.entries(limit=100_000))
    chance, good = Random(7), installation.conf("no_violation", "GOOD")  # noqa: S311 - no secret
    confs = [_hostile(chance, good, passes=number % (CONFS // RUNS) == 0) for number in range(CONFS)]
    began = time.monotonic()

    def send(number: int) -> int:
        body = {"logical_date": None, "dag_run_id": f"hostile.{number}", "conf": confs[number]}
        return installation.stack.api.request("POST", f"/api/v2/dags/{DAG}/dagRuns", json=body).status_code

    with ThreadPoolExecutor(4) as callers:
        answers = list(callers.map(send, range(CONFS)))
    say("hostile confs", CONFS, "answers", Counter(answers), f"{time.monotonic() - began:.0f} s")
    runs = [f"hostile.{number}" for number, answer in enumerate(answers) if answer < 300]
    api = installation.stack.api
    installation.until(lambda: all(api.run_state(DAG, run) in {"success", "failed"} for run in runs), "still running")
    say("hostile confs", "runs", Counter(api.run_state(DAG, run) for run in runs), api.health())
    say("hostile confs", "tickets more", len(installation.use_cases.lookups.tickets(limit=100_000)) - before)
    say("hostile confs", "quarantined", len(installation.use_cases.quarantine.entries(limit=100_000)) - kept)
    installation.settle()


def _hostile(chance: Random, good: Mapping[str, Any], *, passes: bool) -> dict[str, Any]:
    """Damage one field: so that the form's schema refuses it, or so that only the first task can."""
    forger = chance.choice([*FORGERS.values()])
    if passes:
        name, value = chance.choice([("servise", "S-1"), ("description", f"a{forger}b"), ("customer", "C-NONE")])
        return {**good, name: value}
    name = chance.choice(
        ["impact", "urgency", "symptom", "observed_from", "customer", "parameters", "external_reference"]
    )
    wrong = [chance.choice([*TEXTS.values()]), -1, 10**30, [], {"a": 1}, forger, "x" * 100_000, True]
    return {**good, name: chance.choice(wrong)}


PLAYS: Mapping[str, tuple[str, Callable[[Installation], None]]] = {
    "some_incidents": ("sqlite", some_incidents),
    "dags_test": ("sqlite", dags_test),
    "tasks_test": ("sqlite", tasks_test),
    "archive_bombs": ("sqlite", archive_bombs),
    "migration_while_tasks_run": ("sqlite", migration_while_tasks_run),
    "hostile_confs": ("postgres", hostile_confs),
    "migration_on_postgresql": ("postgres", migration_while_tasks_run),
    "clock_of_the_scheduler": ("postgres", clock_of_the_scheduler),
    "paused_for_an_hour": ("postgres", paused_for_an_hour),
}


def _play(name: str, installation: Installation) -> bool:
    began = time.monotonic()
    try:
        PLAYS[name][1](installation)
    except Exception as error:  # noqa: BLE001 - a finding, and the next is played
        say(name, "STUCK", type(error).__name__, str(error)[:3000])
        return False
    say(name, f"played in {time.monotonic() - began:.0f} s")
    return True


def main() -> int:
    wanted = sys.argv[1:] or list(PLAYS)
    good = True
    for kind in ("sqlite", "postgres"):
        plays = [name for name in wanted if PLAYS[name][0] == kind]
        if not plays:
            continue
        with (
            tempfile.TemporaryDirectory() as folder,
            open_installation(Path(folder), operations=kind, metadata=kind) as installation,
        ):
            for name in plays:
                good = _play(name, installation) and good
            verdict = installation.judge()
            say(f"both databases on {kind}", verdict)
            good = good and verdict.is_good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())

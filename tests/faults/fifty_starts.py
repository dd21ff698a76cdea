"""Fifty starts against `make up`: `python -m tests.faults.fifty_starts [--seed S] [--starts N] [--seconds T]`.

Each is typed as the README has it, at a moment within the time that the seed draws; every fifth report is sent twice.
None may be lost, and nobody may be told what is not so.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random, SystemRandom

from deploy.stack.rest import FINISHED, StackApi
from include.sla_logic.cli.airflow_api import UnableToReachAirflow
from tests.faults.once import say
from tests.pages.making_up import MakeUp, made_up, surroundings
from tests.pages.typing_them import Reader

DAG = "sla_violation"
NOTIFICATIONS = ".teleco/notifications"
WAITING = ("held_and_released", "too_late")  # for an operator, or for a deadline
PATIENCE = 3600


@dataclass(frozen=True)
class Told:
    """What one caller was told about one report."""

    run_id: str
    code: int
    said: str

    @property
    def kind(self) -> str:
        if self.code == 0:
            return "already started" if self.said.startswith("Already") else "started"
        return "not known" if "is not known" in self.said else "refused or away"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SystemRandom().randrange(10**6))
    parser.add_argument("--starts", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=50)
    given = parser.parse_args()
    say("seed", given.seed, f"{given.starts} starts within {given.seconds:g} s")
    with made_up() as up:
        say("make up", f"says how to stop it; load {os.getloadavg()[0]:.0f}")
        began = time.monotonic()
        told = _start_all(up, Random(given.seed), given.starts, given.seconds)  # noqa: S311 - no secret
        say("told", dict(Counter(one.kind for one in told)), f"{time.monotonic() - began:.0f} s", _load())
        wrong = _wrong(up, told)
        say("ended", f"{time.monotonic() - began:.0f} s after the first start", _load())
        restarted = [line for line in up.said.splitlines() if "is started again" in line]
        say("restarted components", restarted or "none")
    for sentence in wrong:
        say("WRONG", sentence)
    say("lost or told wrong", len(wrong))
    return 1 if wrong else 0


def _load() -> str:
    return f"load {os.getloadavg()[0]:.0f}"


def _start_all(up: MakeUp, chance: Random, count: int, seconds: float) -> list[Told]:
    files = [file for file in sorted((up.folder / NOTIFICATIONS).glob("[0-9]*.json")) if not _waits(file)]
    senders = []
    for number in range(count):
        conf = json.loads(chance.choice(files).read_text("utf-8")) | {"external_reference": f"LOAD-{number}"}
        file = up.folder / f"load-{number}.json"
        file.write_text(json.dumps(conf), "utf-8")
        senders += [(file, chance.uniform(0, seconds)) for _ in range(1 if number % 5 else 2)]
    with ThreadPoolExecutor(len(senders)) as callers:
        return list(callers.map(lambda sender: _start(up.folder, *sender), senders))


def _waits(file: Path) -> bool:
    return any(key in file.name for key in WAITING)


def _start(folder: Path, file: Path, after: float) -> Told:
    time.sleep(after)
    done = subprocess.run(
        [".venv/bin/sla", "incident", "start", file.name],
        cwd=folder,
        env=surroundings(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    return Told(f"incident.{file.stem.upper()}", done.returncode, done.stdout + done.stderr)


def _wrong(up: MakeUp, told: Sequence[Told]) -> list[str]:
    """Wait for every run that is there; say what was lost, doubled, or told otherwise than it is."""
    reader = Reader(up)
    found = [f"{one.run_id}: told {one.kind!r} by {one.said!r}" for one in told if _is_wrong(reader.api, one)]
    started = Counter(one.run_id for one in told if one.kind == "started")
    found += [
        f"{run_id}: {times} callers were told that they started it" for run_id, times in started.items() if times > 1
    ]
    for run_id in sorted({one.run_id for one in told if one.code == 0}):
        state = _end(reader.api, run_id)
        if state != "success":
            found.append(f"{run_id} is {state}")
    tickets = Counter(ticket.external_reference for ticket in reader.use_cases.lookups.tickets(limit=10_000))
    found += [
        f"{reference} has {tickets[reference]} tickets"
        for reference in {one.run_id.removeprefix("incident.") for one in told if one.code == 0}
        if tickets[reference] != 1
    ]
    return found


def _is_wrong(api: StackApi, told: Told) -> bool:
    """Tell whether a caller was told of a start that is not there, or of none where there is one."""
    try:
        api.run_state(DAG, told.run_id)
    except UnableToReachAirflow as error:
        if error.status != 404:
            raise
        return told.code == 0
    return told.kind == "refused or away"


def _end(api: StackApi, run_id: str) -> str:
    end = time.monotonic() + PATIENCE
    while (state := api.run_state(DAG, run_id)) not in FINISHED and time.monotonic() < end:
        time.sleep(1)
    return state


if __name__ == "__main__":
    sys.exit(main())

"""Trials of one executor on a real Airflow: a backlog of N tickets, incidents at once or at a rate, nothing to do."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from benchmarks.backlog import closed
from benchmarks.floor import KEY
from benchmarks.real_log import fill
from benchmarks.sample import open_sample
from benchmarks.stack import BACKLOG, OURS, Setting, cpu_by_part, open_stack
from deploy.stack import AirflowStack
from include.sla_logic.cli.airflow_api import runs_of
from include.sla_logic.services import Settings, UseCases

WORKERS = {"local": 0, "celery": 2}
PER_SAMPLE = 13  # incidents of the small TELECO; number KEY takes the longest path without a person
LOOK = 1.0  # seconds between two looks at a backlog
WARM_UP = 2  # incidents


@dataclass
class Trial:
    """What one trial was, and what it took: seconds, CPU seconds by part of Airflow, cores that other programs used.

    `seconds` are from the start of each incident's run to its end; a backlog has none.
    """

    executor: str  # local, celery; quiet: earlier figures of local, with nothing else on the machine
    kind: str  # idle, at once, rate, backlog
    incidents: int
    rate: float = 0.0  # incidents a second
    cohort: int = 0  # tickets in one run of the backlog
    places: int = 8  # for tasks
    tasks: int = 0  # executed, of all runs together
    wall: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    others: float = 0.0
    load: float = 0.0  # of the machine at the start
    seconds: list[float] = field(default_factory=list)

    @property
    def spent(self) -> float:
        """Return the CPU seconds of all parts."""
        return sum(self.cpu.values())

    @property
    def key(self) -> tuple[object, ...]:
        """Name what was tried: a second trial of it takes the place of the first."""
        return self.executor, self.kind, self.incidents, self.rate, self.cohort, self.places

    def written(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        seconds = [round(each, 2) for each in self.seconds]
        cpu = {part: round(each, 2) for part, each in sorted(self.cpu.items())}
        return asdict(self) | {
            "wall": round(self.wall, 2),
            "others": round(self.others, 3),
            "seconds": seconds,
            "cpu": cpu,
        }


def _busy() -> float:
    """Return the CPU seconds that this machine has worked."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.irq + times.softirq)


@contextmanager
def timed(trial: Trial) -> Iterator[None]:
    """Note in the trial what happens until the context is left."""
    before, busy, began = cpu_by_part(), _busy(), time.perf_counter()
    own, trial.load = sum(psutil.Process().cpu_times()[:2]), round(os.getloadavg()[0], 1)
    yield
    trial.wall = time.perf_counter() - began
    after = cpu_by_part()
    trial.cpu = {part: after.get(part, 0.0) - before.get(part, 0.0) for part in {*before, *after}}
    own = sum(psutil.Process().cpu_times()[:2]) - own
    trial.others = max(0.0, (_busy() - busy - own - trial.spent) / trial.wall)


@dataclass
class Singles:
    """Incidents that are started alone, on one Airflow."""

    executor: str
    stack: AirflowStack
    confs: Iterator[tuple[int, dict[str, Any]]]

    def idle(self, seconds: float) -> Trial:
        """Let nothing happen for that number of seconds."""
        trial = Trial(self.executor, "idle", 0)
        with timed(trial):
            time.sleep(seconds)
        return trial

    def at_once(self, incidents: int) -> Trial:
        """Start that number of incidents at once, and wait for the last."""
        return self._led(Trial(self.executor, "at once", incidents), 0.0)

    def at_rate(self, rate: float, seconds: float) -> Trial:
        """Start incidents evenly at a rate (a second) for some seconds, and wait for the last."""
        return self._led(Trial(self.executor, "rate", max(1, round(rate * seconds)), rate=rate), 1 / rate)

    def _led(self, trial: Trial, gap: float) -> Trial:
        with timed(trial):
            began, runs = time.perf_counter(), []
            for n in range(trial.incidents):
                time.sleep(max(0.0, began + n * gap - time.perf_counter()))
                number, conf = next(self.confs)
                runs.append(self.stack.api.start_run(OURS, conf=conf, run_id=f"single-{number}"))
            for run in runs:
                if (state := self.stack.api.wait_run(OURS, run, timeout_seconds=1800)) != "success":
                    raise SystemExit(f"{run} ended as {state}")
        for run in runs:
            row = self.stack.api.call("GET", f"{runs_of(OURS)}/{run}")
            came, ended = (datetime.fromisoformat(row[name]) for name in ("queued_at", "end_date"))
            trial.seconds.append((ended - came).total_seconds())
            trial.tasks += sum(state == "success" for state in self.stack.api.task_states(OURS, run).values())
        return trial


@contextmanager
def open_singles(executor: str, incidents: int) -> Iterator[Singles]:
    """Start an Airflow with reports for that number of incidents, and lead two others to their ends."""
    setting = Setting(dags=(OURS,), celery_workers=WORKERS[executor])
    with TemporaryDirectory() as name, open_stack(Path(name), setting) as (url, start):
        _, confs = open_sample(Path(name), PER_SAMPLE * (incidents + WARM_UP), url=url)
        stack = start()
        try:
            singles = Singles(executor, stack, iter(list(enumerate(confs[KEY::PER_SAMPLE]))))
            singles.at_once(WARM_UP)
            yield singles
        finally:
            stack.stop()


def backlog(executor: str, tickets: int, cohort: int, log: Path, *, tell: Callable[[str], None]) -> Trial:
    """Work off the first tickets of a log in cohorts, on an Airflow of their own.

    Raises TimeoutError where nothing is closed for ten minutes.
    """
    setting = Setting(dags=(OURS, BACKLOG), celery_workers=WORKERS[executor])
    trial = Trial(executor, "backlog", tickets, cohort=cohort)
    with TemporaryDirectory() as name, open_stack(Path(name), setting) as (url, start):
        use_cases = UseCases(Settings(url, Path(name) / "letters"))
        use_cases.work.migrate()
        trial.incidents = fill(use_cases, log, limit=tickets)
        tell(f"{trial.incidents} tickets wait")
        stack = start()
        try:
            for key, value in (("active", 2 * tickets), ("at_once", cohort), ("cohort", cohort)):
                stack.api.set_variable(f"sla_backlog_{key}", str(value))
            with timed(trial):
                stack.api.start_run(BACKLOG, conf={}, run_id="scale")
                _wait_closed(use_cases, trial.incidents)
            for run in stack.api.run_states(OURS):
                states = stack.api.task_states(OURS, run).values()
                trial.tasks += sum(state == "success" for state in states)
        finally:
            stack.stop()
    return trial


def _wait_closed(use_cases: UseCases, tickets: int) -> None:
    """Wait until all are closed."""
    last, since = 0, time.monotonic()
    while (done := closed(use_cases)) < tickets:
        if done > last:
            last, since = done, time.monotonic()
        if time.monotonic() - since > 600:
            raise TimeoutError(f"only {done} of {tickets} tickets are closed")
        time.sleep(LOOK)

"""A thousand waits on one triggerer, which is killed while some are answered and the deadlines of others pass.

Nothing but the triggerer looks at the waits here: no housekeeping runs. What it costs is printed on the way.
"""

import re
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, select, update

from deploy.postgres import PostgresServer
from deploy.stack import AirflowStack
from deploy.stack.settings import sqlite_url
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.persistence.schema.system_t import restorations, tickets
from include.sla_logic.process.graph import WAIT
from tests.faults.checking import Verdict
from tests.faults.crowd import (
    AFTER,
    DAG,
    Crowd,
    Spent,
    answer_slowly,
    cost,
    delays,
    gather,
    lead_all,
    runs_in,
    said,
    settings_of,
    start_all,
    until,
)

ALONE = 20  # are answered before anything breaks, to see how long one takes
HASTE = {"AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "20"}
ENDED = re.compile(r"The wait of \S+ for the restoration request ended")
IN_TIME, TOO_LATE = RestorationOutcome.IN_TIME, RestorationOutcome.TOO_LATE
WAYS = {IN_TIME: "track_errors", TOO_LATE: "terminate_restoration"}


class Crowds:
    """Each round in an installation of its own; the verdict is that of all rounds."""

    def __init__(self, kind: str, waits: int) -> None:
        self.kind, self.waits = kind, waits
        self.verdicts: list[Verdict] = []

    def judge(self) -> Verdict:
        lost = [line for verdict in self.verdicts for line in verdict.lost]
        doubled = [line for verdict in self.verdicts for line in verdict.doubled]
        incidents = sum(verdict.incidents for verdict in self.verdicts)
        return Verdict(incidents, tuple(lost), tuple(doubled), repeated_letters=0, repeated_postings=0)

    def play(self, chance: Random, _number: int) -> None:
        """Answer some in peace, a third while other deadlines pass and the triggerer dies, and then the rest."""
        with tempfile.TemporaryDirectory(prefix="crowd-") as name, PostgresServer() as server:
            home = Path(name)
            on_server = self.kind == "postgres"
            url = server.create_database(f"teleco_{uuid4().hex[:8]}") if on_server else sqlite_url(home / "teleco.db")
            crowd = gather(url, home, self.waits)
            metadata = server.create_database(f"airflow_{uuid4().hex[:8]}")
            with AirflowStack(settings_of(home, url, metadata, **HASTE), tell=print) as stack:
                stack.wait_for_dags([DAG])
                before_any, began = Spent.by(stack), time.monotonic()
                start_all(stack, crowd)
                _tell(f"{self.waits} waits deferred after {time.monotonic() - began:.0f} s")
                _tell(cost(stack, crowd, before_any))
                alone = chance.sample(list(crowd.runs), min(ALONE, self.waits // 3))
                answer_slowly(crowd, alone)
                _tell(f"in peace, {delays(crowd, alone)}")
                breaches = _answered_under_fire(stack, crowd, chance, alone)
                breaches += _looked_at_once(stack, crowd)
            self.verdicts.append(_verdict(crowd, breaches))


def _tell(said: str) -> None:
    print(said, flush=True)  # noqa: T201 - a figure


def _answered_under_fire(stack: AirflowStack, crowd: Crowd, chance: Random, alone: list[str]) -> list[str]:
    runs, deadlines = [run for run in crowd.runs if run not in alone], _deadlines(crowd)
    chance.shuffle(runs)
    third = len(runs) // 3
    released, late, rest = runs[:third], runs[third : 2 * third], runs[2 * third :]
    ended, began = len(alone) + len(released) + len(late), time.monotonic()
    _answer_and_kill(stack, crowd, chance, released, late)
    until(lambda: runs_in(stack, "success") >= ended, 300 + 5 * ended, lambda: said(stack, len(crowd.runs)))
    took = time.monotonic() - began
    _tell(f"{ended - len(alone)} at once, and a dead triggerer: {took:.0f} s; {delays(crowd, released)}")

    now = _deadlines(crowd)
    breaches = [
        f"lost: the deadline of {run} was moved" for run in [*alone, *released, *rest] if now[run] != deadlines[run]
    ]
    outcomes = _outcomes(crowd)
    breaches += [f"doubled: {run} ended, and nobody had answered" for run in rest if outcomes[run]]
    _answer_and_kill(stack, crowd, chance, rest, [])
    everybody = len(crowd.runs)
    until(lambda: runs_in(stack, "success") == everybody, 300 + 5 * len(rest), lambda: said(stack, everybody))

    outcomes = _outcomes(crowd)
    expected = dict.fromkeys([*alone, *released, *rest], IN_TIME) | dict.fromkeys(late, TOO_LATE)
    for run, outcome in expected.items():
        if outcomes[run] != outcome:
            breaches.append(f"lost: {run} ended as {outcomes[run]} instead of {outcome}")
        ways = {task for task in WAYS.values() if stack.api.task_states(DAG, run)[task] == "success"}
        if ways != {WAYS[outcome]}:
            breaches.append(f"doubled: {run} went on to {ways or 'nothing'} after {outcome}")
    return breaches


def _answer_and_kill(stack: AirflowStack, crowd: Crowd, chance: Random, released: list[str], late: list[str]) -> None:
    """Answer one after the other in any order; at a moment of chance the triggerer dies, and a supervisor starts it."""
    answered = [*released, *late]
    chance.shuffle(answered)
    fatal, passes = chance.randrange(len(answered)), set(late)
    for number, run in enumerate(answered):
        if number == fatal:
            stack.components.kill("triggerer")
        if run in passes:
            _let_deadline_pass(crowd, run)
        else:
            crowd.use_cases.restorations.release(run, by="operator", reason="The reserve route has room.")
    stack.components.wait_ended("triggerer")
    stack.start_component("triggerer")


def _let_deadline_pass(crowd: Crowd, run: str) -> None:
    """Move the whole wait two days into the past: what is compared is the present moment and the row's deadline."""
    number = int(crowd.runs[run].removeprefix("TT-"))
    with crowd.use_cases.work.database.write() as connection:
        opened = connection.execute(
            select(restorations.c.opened_at).where(restorations.c.ticket == number)
        ).scalar_one()
        passed = {"opened_at": opened - timedelta(days=2), "deadline": datetime.now(UTC)}
        connection.execute(update(restorations).where(restorations.c.ticket == number).values(passed))


def _looked_at_once(stack: AirflowStack, crowd: Crowd) -> list[str]:
    """Find in the logs how often each wait was taken up: once, by the first and only try."""
    breaches = []
    for run in crowd.runs:
        folder = stack.settings.home / "logs" / f"dag_id={DAG}" / f"run_id={run}" / f"task_id={WAIT}"
        tries = sorted(folder.glob("attempt=*.log"))
        ends = sum(len(ENDED.findall(one.read_text())) for one in tries)
        if ends != 1:
            breaches.append(f"{'doubled' if ends else 'lost'}: {run} was taken up {ends} times, in {len(tries)} tries")
    return breaches


def _verdict(crowd: Crowd, breaches: list[str]) -> Verdict:
    """Lead all to their end without Airflow, and hold the invariants against the whole."""
    use_cases = crowd.use_cases
    lead_all(use_cases, "rest", list(crowd.runs.values()), AFTER)
    while use_cases.outbox.deliver(limit=500).sent:
        pass
    told = [line for line in breaches if line.startswith("doubled")] + [
        f"doubled: {run} has {len(ends)} ends of its wait" for run, ends in _ends(crowd).items() if len(ends) != 1
    ]
    lost = [line for line in breaches if line.startswith("lost")] + [
        str(b) for b in use_cases.monitoring.violations(settled=True)
    ]
    return Verdict(len(crowd.runs), tuple(lost), tuple(told), repeated_letters=0, repeated_postings=0)


def _ends(crowd: Crowd) -> dict[str, list[str]]:
    says = ("came in time", "came before the deadline")
    events = {run: [entry.event for entry in crowd.use_cases.lookups.incident(run).timeline] for run in crowd.runs}
    return {run: [event for event in told if any(end in event for end in says)] for run, told in events.items()}


def _deadlines(crowd: Crowd) -> dict[str, datetime]:
    return _column(crowd, restorations.c.deadline)


def _outcomes(crowd: Crowd) -> dict[str, str | None]:
    return _column(crowd, restorations.c.outcome)


def _column(crowd: Crowd, column: ColumnElement[Any]) -> dict[str, Any]:
    query = select(tickets.c.run_id, column).join(restorations, restorations.c.ticket == tickets.c.number)
    with crowd.use_cases.work.database.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}

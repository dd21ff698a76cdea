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
from tests.faults.held_incidents import (
    AFTER,
    DAG,
    HeldIncidents,
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


class ManyWaits:
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
        """Answer some before anything breaks, a third while deadlines pass and the triggerer dies, then the rest."""
        with tempfile.TemporaryDirectory(prefix="waits-") as name, PostgresServer() as server:
            home = Path(name)
            on_server = self.kind == "postgres"
            url = server.create_database(f"teleco_{uuid4().hex[:8]}") if on_server else sqlite_url(home / "teleco.db")
            held = gather(url, home, self.waits)
            metadata = server.create_database(f"airflow_{uuid4().hex[:8]}")
            with AirflowStack(settings_of(home, url, metadata, **HASTE), tell=print) as stack:
                stack.wait_for_dags([DAG])
                before_any, began = Spent.by(stack), time.monotonic()
                start_all(stack, held)
                _print(f"{self.waits} waits deferred after {time.monotonic() - began:.0f} s")
                _print(cost(stack, held, before_any))
                alone = chance.sample(list(held.runs), min(ALONE, self.waits // 3))
                answer_slowly(held, alone)
                _print(f"before anything broke, {delays(held, alone)}")
                faults = _answer_while_it_breaks(stack, held, chance, alone)
                faults += _looked_at_once(stack, held)
            self.verdicts.append(_verdict(held, faults))


def _print(said: str) -> None:
    print(said, flush=True)  # noqa: T201 - a figure


def _answer_while_it_breaks(stack: AirflowStack, held: HeldIncidents, chance: Random, alone: list[str]) -> list[str]:
    runs, deadlines = [run for run in held.runs if run not in alone], _deadlines(held)
    chance.shuffle(runs)
    third = len(runs) // 3
    released, late, rest = runs[:third], runs[third : 2 * third], runs[2 * third :]
    ended, began = len(alone) + len(released) + len(late), time.monotonic()
    _answer_and_kill(stack, held, chance, released, late)
    until(lambda: runs_in(stack, "success") >= ended, 300 + 5 * ended, lambda: said(stack, len(held.runs)))
    took = time.monotonic() - began
    _print(f"{ended - len(alone)} at once, and a dead triggerer: {took:.0f} s; {delays(held, released)}")

    now = _deadlines(held)
    faults = [
        f"lost: the deadline of {run} was moved" for run in [*alone, *released, *rest] if now[run] != deadlines[run]
    ]
    outcomes = _outcomes(held)
    faults += [f"doubled: {run} ended without an answer" for run in rest if outcomes[run]]
    _answer_and_kill(stack, held, chance, rest, [])
    total = len(held.runs)
    until(lambda: runs_in(stack, "success") == total, 300 + 5 * len(rest), lambda: said(stack, total))

    outcomes = _outcomes(held)
    expected = dict.fromkeys([*alone, *released, *rest], IN_TIME) | dict.fromkeys(late, TOO_LATE)
    for run, outcome in expected.items():
        if outcomes[run] != outcome:
            faults.append(f"lost: {run} ended as {outcomes[run]} instead of {outcome}")
        ways = {task for task in WAYS.values() if stack.api.task_states(DAG, run)[task] == "success"}
        if ways != {WAYS[outcome]}:
            faults.append(f"doubled: {run} went on to {ways or 'nothing'} after {outcome}")
    return faults


def _answer_and_kill(
    stack: AirflowStack, held: HeldIncidents, chance: Random, released: list[str], late: list[str]
) -> None:
    """Answer one after the other in any order; at a moment of chance the triggerer dies, and a supervisor starts it."""
    answered = [*released, *late]
    chance.shuffle(answered)
    fatal, passes = chance.randrange(len(answered)), set(late)
    for number, run in enumerate(answered):
        if number == fatal:
            stack.components.kill("triggerer")
        if run in passes:
            _let_deadline_pass(held, run)
        else:
            held.use_cases.restorations.release(run, by="operator", reason="The reserve route has room.")
    stack.components.wait_ended("triggerer")
    stack.start_component("triggerer")


def _let_deadline_pass(held: HeldIncidents, run: str) -> None:
    """Move the whole wait two days into the past: what is compared is the present moment and the row's deadline."""
    number = int(held.runs[run].removeprefix("TT-"))
    with held.use_cases.work.database.write() as connection:
        opened = connection.execute(
            select(restorations.c.opened_at).where(restorations.c.ticket == number)
        ).scalar_one()
        passed = {"opened_at": opened - timedelta(days=2), "deadline": datetime.now(UTC)}
        connection.execute(update(restorations).where(restorations.c.ticket == number).values(passed))


def _looked_at_once(stack: AirflowStack, held: HeldIncidents) -> list[str]:
    """Find in the logs how often each wait was resumed: once, by the first and only try."""
    faults = []
    for run in held.runs:
        folder = stack.settings.home / "logs" / f"dag_id={DAG}" / f"run_id={run}" / f"task_id={WAIT}"
        tries = sorted(folder.glob("attempt=*.log"))
        ends = sum(len(ENDED.findall(one.read_text())) for one in tries)
        if ends != 1:
            faults.append(f"{'doubled' if ends else 'lost'}: {run} was resumed {ends} times, in {len(tries)} tries")
    return faults


def _verdict(held: HeldIncidents, faults: list[str]) -> Verdict:
    """Lead all to their end without Airflow, and hold the invariants against the whole."""
    use_cases = held.use_cases
    lead_all(use_cases, "rest", list(held.runs.values()), AFTER)
    while use_cases.outbox.deliver(limit=500).sent:
        pass
    told = [line for line in faults if line.startswith("doubled")] + [
        f"doubled: {run} has {len(ends)} ends of its wait" for run, ends in _ends(held).items() if len(ends) != 1
    ]
    lost = [line for line in faults if line.startswith("lost")] + [
        str(b) for b in use_cases.monitoring.violations(settled=True)
    ]
    return Verdict(len(held.runs), tuple(lost), tuple(told), repeated_letters=0, repeated_postings=0)


def _ends(held: HeldIncidents) -> dict[str, list[str]]:
    says = ("came in time", "came before the deadline")
    events = {run: [entry.event for entry in held.use_cases.lookups.incident(run).timeline] for run in held.runs}
    return {run: [event for event in told if any(end in event for end in says)] for run, told in events.items()}


def _deadlines(held: HeldIncidents) -> dict[str, datetime]:
    return _column(held, restorations.c.deadline)


def _outcomes(held: HeldIncidents) -> dict[str, str | None]:
    return _column(held, restorations.c.outcome)


def _column(held: HeldIncidents, column: ColumnElement[Any]) -> dict[str, Any]:
    query = select(tickets.c.run_id, column).join(restorations, restorations.c.ticket == tickets.c.number)
    with held.use_cases.work.database.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}

"""What meets at the same moment: callers with one incident, a request and its deadline, a request and the deferral."""

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from threading import Barrier
from typing import Any

from deploy.stack.rest import FINISHED, StackApi
from include.sla_logic.cli.airflow_api import UnableToReachAirflow
from include.sla_logic.domain.restoration import RestorationOutcome
from include.sla_logic.services import UnableToAcceptNotification, UnableToReleaseRestoration
from tests.faults.installation import DAG, Installation

CALLERS = 50
EDGES = (-2, -1, -0.3, -0.05, 0, 0.05, 0.3, 1)
RACERS = 10
BACKLOG = "sla_backlog"
DESK = "/incident-desk/new"


def same_incident_from_everywhere(installation: Installation, chance: Random, mark: str) -> None:
    """Start one incident by fifty callers at once: REST, desk, command line, backlog; the same and other bodies."""
    reference = f"MANY-{mark}"
    conf = installation.conf("minor_correction", reference)
    ways = [_by_rest] * 34 + [_by_desk] * 8 + [_by_command_line] * 4 + [_into_backlog] * 4
    chance.shuffle(ways)
    together = Barrier(CALLERS)

    def call(number: int) -> None:
        body = conf if number % 5 else {**conf, "description": f"Told differently by {number}."}
        together.wait()
        ways[number](installation, body, number)

    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(call, range(CALLERS)))
    api = installation.stack.api
    api.start_run(BACKLOG, conf={}, run_id=f"backlog-{mark}")
    installation.until(lambda: api.run_state(BACKLOG, f"backlog-{mark}") in FINISHED, "the backlog is not worked off")
    installation.until(lambda: set(api.run_states(DAG).values()) <= FINISHED, "not all ended")
    tickets = [t for t in installation.use_cases.lookups.tickets(limit=10_000) if t.external_reference == reference]
    assert len(tickets) == 1, tickets
    installation.started.add(tickets[0].run_id)


def _by_rest(installation: Installation, body: dict[str, Any], number: int) -> None:
    """Start it as Airflow's form does, under the run id of all or another."""
    reference, stack = body["external_reference"], installation.stack
    run_id = f"incident.{reference}" if number % 2 else f"other.{reference}.{number % 6}"
    with StackApi(stack.address, user=stack.user, password=stack.password) as api:
        api.start_run(DAG, conf=body, run_id=run_id)


def _by_desk(installation: Installation, body: dict[str, Any], number: int) -> None:
    fields = {name: str(value) for name, value in body.items() if isinstance(value, str | int)}
    stack = installation.stack
    with StackApi(stack.address, user=stack.user, password=stack.password) as api, suppress(UnableToReachAirflow):
        answer = api.request("POST", DESK, data=fields, headers={"origin": stack.address})
        assert answer.status_code in {303, 409, 502}, (answer.status_code, answer.text[:2000])


def _by_command_line(installation: Installation, body: dict[str, Any], number: int) -> None:
    file = installation.use_cases.work.settings.letters_folder.parent / f"{body['external_reference']}-{number}.json"
    file.write_text(json.dumps(body))
    said: subprocess.CompletedProcess[str] = installation.sla("incident", "start", str(file))
    # What is refused is another body under the same reference, or a server that is too busy; both say so.
    assert said.returncode == 0 or "exists with another" in said.stderr or "Airflow" in said.stderr, said


def _into_backlog(installation: Installation, body: dict[str, Any], number: int) -> None:
    with suppress(UnableToAcceptNotification):
        installation.use_cases.backlog.enter(body, run_id=f"incident.{body['external_reference']}", origin="backlog")


def around_the_deadline(installation: Installation, chance: Random, mark: str) -> None:
    """Release held requests shortly before and after their deadlines, half of the times without a triggerer.

    Who was asked before the deadline must not be refused, and who was not refused must have been in time.
    """
    runs = {installation.start_apart("too_late", f"EDGE-{mark}-{number}"): edge for number, edge in enumerate(EDGES)}
    away = chance.random() < 0.5
    if away:
        installation.away.add("triggerer")
        installation.stack.components.kill("triggerer")
        installation.stack.components.wait_ended("triggerer")
    try:
        with ThreadPoolExecutor(len(runs)) as operators:
            honoured = dict(operators.map(lambda run: (run, _release_at_the_edge(installation, run, runs[run])), runs))
    finally:
        installation.away.discard("triggerer")
        installation.revive()
    installation.until(
        lambda: all(installation.use_cases.restorations.find(run).outcome for run in runs), "not decided"
    )
    for run, sent in honoured.items():
        expected = RestorationOutcome.IN_TIME if sent else RestorationOutcome.TOO_LATE
        assert installation.use_cases.restorations.find(run).outcome is expected, (
            run,
            sent,
            installation.use_cases.restorations.find(run),
        )


def _release_at_the_edge(installation: Installation, run_id: str, edge: float) -> bool:
    """Tell whether the request was taken; every answer must fit the instants before and after it."""
    installation.until(lambda: installation.asked(run_id), "not held", every=0.2)
    deadline = installation.use_cases.restorations.find(run_id).deadline
    time.sleep(max(0.0, deadline.timestamp() + edge - time.time()))
    asked = datetime.now(UTC)
    try:
        wait = installation.use_cases.restorations.release(run_id, by="operator", reason="In the last moment.")
    except UnableToReleaseRestoration:
        answered = datetime.now(UTC)
        assert answered > deadline, f"{run_id} was asked at {asked} and refused at {answered}, before {deadline}"
        return False
    assert wait.sent_at is not None
    assert wait.sent_at <= deadline, f"{run_id} was asked at {asked} and taken after {deadline}"
    return True


def race_of_the_deferral(installation: Installation, chance: Random, mark: str) -> None:
    """Answer requests before their tasks defer, while they do, and up to twenty seconds afterwards."""
    runs = {
        installation.start_apart("held_and_released", f"RACE-{mark}-{n}"): chance.uniform(0, 20) for n in range(RACERS)
    }

    def answer(run_id: str) -> None:
        installation.until(lambda: installation.waiting(run_id), "not held", every=0.2)
        time.sleep(runs[run_id])
        installation.use_cases.restorations.release(run_id, by="operator", reason="At once.")

    with ThreadPoolExecutor(RACERS) as operators:
        list(operators.map(answer, runs))
    installation.until(lambda: all(_ended(installation, run) for run in runs), "not ended")
    assert {installation.stack.api.run_state(DAG, run) for run in runs} == {"success"}


def _ended(installation: Installation, run_id: str) -> bool:
    return installation.stack.api.run_state(DAG, run_id) in FINISHED

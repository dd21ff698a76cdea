"""The faults: each is injected while incidents are under way, and says nothing about what must come of them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import psutil

from deploy.stack.rest import AirflowApi, UnableToReachAirflow
from include.sla_logic.office import UnableToReleaseRestoration
from tests.faults.house import DAG, WAIT, House

WAYS = ("premium", "re_prioritised", "minor_correction", "automatic_restoration", "held_and_released", "no_violation")
CALLERS = 50
Inject = Callable[[House, Random, str], None]


@dataclass(frozen=True)
class Fault:
    """One kind of fault; `keys` are the incidents that are under way while it happens."""

    name: str
    inject: Inject
    keys: tuple[str, ...] = WAYS
    only_on: str | None = None


def component(name: str) -> Inject:
    def inject(house: House, chance: Random, _mark: str) -> None:
        time.sleep(chance.uniform(3, 25))
        house.kill(name)

    return inject


def tasks(house: House, chance: Random, _mark: str) -> None:
    """Kill ten task processes at moments of chance."""
    killed, end = 0, time.monotonic() + 60
    while killed < 10 and time.monotonic() < end:
        time.sleep(chance.uniform(0.2, 2))
        if running := house.workers():
            with suppress(psutil.Error):
                chance.choice(running).kill()
                killed += 1
    assert killed, "no task was killed, so nothing was tried"


def api_server_away(house: House, chance: Random, _mark: str) -> None:
    time.sleep(chance.uniform(5, 15))
    house.stack.components.kill("api-server")
    house.stack.components.wait_ended("api-server")
    time.sleep(30)
    house.stack.start_component("api-server")


def database_away(house: House, chance: Random, _mark: str) -> None:
    """Stop the PostgreSQL server under Airflow and, where it is one, under the operations database."""
    time.sleep(chance.uniform(5, 20))
    house.server.break_down()
    time.sleep(chance.uniform(1, 10))
    house.server.start_again()


def mail(trouble: str) -> Inject:
    def inject(house: House, _chance: Random, _mark: str) -> None:
        house.mailbox.be(trouble)
        house.until_felt("mail")
        house.mailbox.be(None)

    return inject


def billing(trouble: str) -> Inject:
    def inject(house: House, _chance: Random, _mark: str) -> None:
        house.billing.be(trouble)
        house.until_felt("billing")
        house.billing.be(None)

    return inject


def same_incident_from_everywhere(house: House, chance: Random, mark: str) -> None:
    """Start one incident from fifty callers at once, under one run id and under three others, with other bodies too."""
    reference = f"MANY-{mark}"
    conf = house.conf("minor_correction", reference)
    stack = house.stack

    def call(number: int) -> str:
        run_id = f"incident.{reference}" if number % 2 else f"other.{reference}.{number % 6}"
        body = conf if number % 5 else {**conf, "description": f"Told differently by {number}."}
        with AirflowApi(stack.address, user=stack.user, password=stack.password) as api:
            return api.start_run(DAG, conf=body, run_id=run_id)

    numbers = list(range(CALLERS))
    chance.shuffle(numbers)
    with ThreadPoolExecutor(10) as callers:
        runs = set(callers.map(call, numbers))
    house.until(
        lambda: all(stack.api.run_state(DAG, run) in {"success", "failed"} for run in runs), 400, "not all ended"
    )
    good = {run for run in runs if stack.api.run_state(DAG, run) == "success"}
    assert len(good) == 1, good
    house.started |= good


def around_the_deadline(house: House, chance: Random, mark: str) -> None:
    """Release a held request shortly before or after its deadline, or while the triggerer is away across it."""
    run_id = house.start("too_late", f"EDGE-{mark}")
    house.until(lambda: house.waiting(run_id), 300, "not held")
    deadline = house.office.restoration(run_id).deadline.timestamp()
    away = chance.random() < 0.5
    if away:
        house.stack.components.kill("triggerer")
        house.stack.components.wait_ended("triggerer")
    time.sleep(max(0.0, deadline + chance.choice([-1, -0.05, 0, 0.05, 1]) - time.time()))
    with suppress(UnableToReleaseRestoration):
        house.office.release_restoration(run_id, by="operator", reason="In the last moment.")
    if away:
        house.stack.start_component("triggerer")


def race_of_the_deferral(house: House, chance: Random, mark: str) -> None:
    """Answer the request before the task defers, while it does, and shortly afterwards."""
    runs = [house.start("held_and_released", f"RACE-{mark}-{number}") for number in range(3)]
    for run_id in runs:
        house.until(lambda run_id=run_id: house.waiting(run_id), 300, "not held")
        time.sleep(chance.uniform(0, 5))
        house.office.release_restoration(run_id, by="operator", reason="At once.")


def sensor_cleared(house: House, _chance: Random, mark: str) -> None:
    """Clear the waiting sensor twice: the deadline stays."""
    run_id = house.start("held_and_released", f"CLEAR-{mark}")
    api = house.stack.api
    house.until(lambda: api.task_states(DAG, run_id).get(WAIT) == "deferred", 300, "not deferred")
    before = house.office.restoration(run_id).deadline
    body = {"dry_run": False, "task_ids": [WAIT], "dag_run_id": run_id, "only_failed": False}
    for _ in range(2):
        api.call("POST", f"/api/v2/dags/{DAG}/clearTaskInstances", json=body)
        time.sleep(3)
        house.until(lambda: api.task_states(DAG, run_id).get(WAIT) == "deferred", 120, "not deferred again")
    assert house.office.restoration(run_id).deadline == before


def sensor_dead(house: House, _chance: Random, mark: str) -> None:
    """Let the sensor fail for good while the request is answered: the doctor must find and finish the run."""
    run_id = house.start("held_and_released", f"DEAD-{mark}")
    api = house.stack.api
    house.until(lambda: api.task_states(DAG, run_id).get(WAIT) == "deferred", 300, "not deferred")
    house.office.release_restoration(run_id, by="operator", reason="Agreed.")
    place = f"/api/v2/dags/{DAG}/dagRuns/{run_id}/taskInstances/{WAIT}"
    api.call("PATCH", place, json={"new_state": "failed"})
    house.until(lambda: api.run_state(DAG, run_id) == "failed", 120, "not failed")
    time.sleep(62)
    said = house.sla("doctor", "--repair", "--minutes", "1")
    assert "cleared and goes on" in said.stdout, said
    with suppress(UnableToReachAirflow):
        house.until(lambda: api.run_state(DAG, run_id) == "success", 240, "not finished")


FAULTS = (
    Fault("scheduler killed", component("scheduler")),
    Fault("triggerer killed", component("triggerer")),
    Fault("dag-processor killed", component("dag-processor")),
    Fault("api-server killed, 30 s away", api_server_away),
    Fault("ten task processes killed", tasks),
    Fault("PostgreSQL stopped and started", database_away),
    Fault("mail server down", mail("down")),
    Fault("mail server slow", mail("slow")),
    Fault("mail server refuses for now", mail("later")),
    Fault("mail server fails after keeping", mail("forgetful")),
    Fault("billing down", billing("down")),
    Fault("billing slow", billing("slow")),
    Fault("billing answers 500, nothing done", billing("error")),
    Fault("billing fails after posting", billing("forgetful")),
    Fault("billing breaks off after posting", billing("broken_off")),
    Fault("billing answers no JSON", billing("babbling")),
    Fault("billing busy (429)", billing("busy")),
    Fault("billing conflict (409)", billing("conflict")),
    Fault("fifty parallel starts of one incident", same_incident_from_everywhere, keys=()),
    Fault("request around the deadline", around_the_deadline, keys=()),
    Fault("request while the task defers", race_of_the_deferral, keys=()),
    Fault("waiting sensor cleared twice", sensor_cleared, keys=()),
    Fault("sensor dead, found by the doctor", sensor_dead, keys=()),
)


def play(house: House, fault: Fault, chance: Random, mark: str) -> None:
    """Start the incidents, inject the fault, wait until all is quiet."""
    house.move_on()
    for key in fault.keys:
        house.start(key, f"{mark}-{key.upper().replace('_', '-')}")
    fault.inject(house, chance, mark)
    house.settle()

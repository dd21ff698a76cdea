"""Parts that die or fail while incidents are under way."""

import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

import psutil

from tests.faults.installation import PATIENCE, House

Inject = Callable[[House, Random, str], None]
SECOND = "triggerer-2"


def component(name: str) -> Inject:
    def inject(house: House, chance: Random, _mark: str) -> None:
        time.sleep(chance.uniform(3, 25))
        house.kill(name)

    return inject


def tasks(kills: int) -> Inject:
    """Kill task processes at moments of chance; where nothing runs any more, more incidents are started."""

    def inject(house: House, chance: Random, mark: str) -> None:
        killed, quiet_since, more = 0, time.monotonic(), 0
        end = quiet_since + PATIENCE
        while killed < kills and time.monotonic() < end:
            time.sleep(chance.uniform(0.1, 1.5))
            if running := house.workers():
                with suppress(psutil.Error):
                    chance.choice(running).kill()
                    killed, quiet_since = killed + 1, time.monotonic()
            elif time.monotonic() > quiet_since + 15:
                more, quiet_since = more + 1, time.monotonic()
                house.start("no_violation", f"MORE-{mark}-{more}")
        assert killed == kills, f"{killed} of {kills} tasks were killed: {house.situation()}"

    return inject


def executor_workers(house: House, chance: Random, _mark: str) -> None:
    """Kill workers of the LocalExecutor themselves, with the tasks in their hands."""
    for _ in range(2):
        house.until(lambda: bool(house.workers()), "no task runs")
        with suppress(psutil.Error):
            worker = chance.choice(house.workers()).parent()
            if worker is not None:
                worker.kill()
        time.sleep(chance.uniform(1, 5))


def api_server_away(seconds: float = 30) -> Inject:
    def inject(house: House, chance: Random, _mark: str) -> None:
        time.sleep(chance.uniform(3, 10))
        house.stack.components.kill("api-server")
        house.stack.components.wait_ended("api-server")
        time.sleep(seconds)
        house.stack.start_component("api-server")

    return inject


def database_away(least: float, most: float) -> Inject:
    """Stop the PostgreSQL server under Airflow and, where it is one, under the operations database."""

    def inject(house: House, chance: Random, _mark: str) -> None:
        time.sleep(chance.uniform(5, 20))
        house.server.break_down()
        time.sleep(chance.uniform(least, most))
        house.server.start_again()

    return inject


def one_of_two_triggerers(house: House, chance: Random, mark: str) -> None:
    """Let two triggerers share the waits and kill the first for good: the second takes its waits over."""
    stack = house.stack
    stack.components.start(SECOND, [str(stack.airflow), "triggerer", "--skip-serve-logs"])
    try:
        runs = [house.start_apart("held_and_released", f"TWO-{mark}-{number}") for number in range(4)]
        for run_id in runs:
            house.until_deferred(run_id)
        deadlines = {run_id: house.use_cases.restorations.find(run_id).deadline for run_id in runs}
        time.sleep(chance.uniform(0, 5))
        stack.components.kill("triggerer")
        stack.components.wait_ended("triggerer")
        house.away.add("triggerer")
        for run_id in runs:
            house.use_cases.restorations.release(run_id, by="operator", reason="The reserve route has room.")
        house.until(lambda: all(house.stack.api.run_state("sla_violation", run) == "success" for run in runs), "on")
        assert deadlines == {run_id: house.use_cases.restorations.find(run_id).deadline for run_id in runs}
    finally:
        house.away.discard("triggerer")
        house.revive()
        stack.components.kill(SECOND)
        stack.components.wait_ended(SECOND)
        stack.components.ended.pop(SECOND)


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

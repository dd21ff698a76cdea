"""Parts that die or fail while incidents are under way."""

import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

import psutil

from tests.faults.installation import PATIENCE, Installation

Inject = Callable[[Installation, Random, str], None]
SECOND = "triggerer-2"


def component(name: str) -> Inject:
    def inject(installation: Installation, chance: Random, _mark: str) -> None:
        time.sleep(chance.uniform(3, 25))
        installation.kill(name)

    return inject


def tasks(kills: int) -> Inject:
    """Kill task processes at moments of chance; where nothing runs any more, more incidents are started."""

    def inject(installation: Installation, chance: Random, mark: str) -> None:
        killed, quiet_since, more = 0, time.monotonic(), 0
        end = quiet_since + PATIENCE
        while killed < kills and time.monotonic() < end:
            time.sleep(chance.uniform(0.1, 1.5))
            if running := installation.workers():
                with suppress(psutil.Error):
                    chance.choice(running).kill()
                    killed, quiet_since = killed + 1, time.monotonic()
            elif time.monotonic() > quiet_since + 15:
                more, quiet_since = more + 1, time.monotonic()
                installation.start("no_violation", f"MORE-{mark}-{more}")
        assert killed == kills, f"{killed} of {kills} tasks were killed: {installation.situation()}"

    return inject


def executor_workers(installation: Installation, chance: Random, _mark: str) -> None:
    """Kill workers of the LocalExecutor themselves, with the tasks in their hands."""
    for _ in range(2):
        installation.until(lambda: bool(installation.workers()), "no task runs")
        with suppress(psutil.Error):
            worker = chance.choice(installation.workers()).parent()
            if worker is not None:
                worker.kill()
        time.sleep(chance.uniform(1, 5))


def api_server_away(seconds: float = 30) -> Inject:
    def inject(installation: Installation, chance: Random, _mark: str) -> None:
        time.sleep(chance.uniform(3, 10))
        installation.stack.components.kill("api-server")
        installation.stack.components.wait_ended("api-server")
        time.sleep(seconds)
        installation.stack.start_component("api-server")

    return inject


def database_away(least: float, most: float) -> Inject:
    """Stop the PostgreSQL server under Airflow and, where it is one, under the operations database."""

    def inject(installation: Installation, chance: Random, _mark: str) -> None:
        time.sleep(chance.uniform(5, 20))
        installation.server.break_down()
        time.sleep(chance.uniform(least, most))
        installation.server.start_again()

    return inject


def one_of_two_triggerers(installation: Installation, chance: Random, mark: str) -> None:
    """Let two triggerers share the waits and kill the first for good: the second takes its waits over."""
    stack = installation.stack
    stack.components.start(SECOND, [str(stack.airflow), "triggerer", "--skip-serve-logs"])
    try:
        runs = [installation.start_apart("held_and_released", f"TWO-{mark}-{number}") for number in range(4)]
        for run_id in runs:
            installation.until_deferred(run_id)
        deadlines = {run_id: installation.use_cases.restorations.find(run_id).deadline for run_id in runs}
        time.sleep(chance.uniform(0, 5))
        stack.components.kill("triggerer")
        stack.components.wait_ended("triggerer")
        installation.away.add("triggerer")
        for run_id in runs:
            installation.use_cases.restorations.release(run_id, by="operator", reason="The reserve route has room.")
        installation.until(
            lambda: all(installation.stack.api.run_state("sla_violation", run) == "success" for run in runs), "on"
        )
        assert deadlines == {run_id: installation.use_cases.restorations.find(run_id).deadline for run_id in runs}
    finally:
        installation.away.discard("triggerer")
        installation.revive()
        stack.components.kill(SECOND)
        stack.components.wait_ended(SECOND)
        stack.components.ended.pop(SECOND)


def mail(trouble: str) -> Inject:
    def inject(installation: Installation, _chance: Random, _mark: str) -> None:
        installation.mailbox.be(trouble)
        installation.until_felt("mail")
        installation.mailbox.be(None)

    return inject


def billing(trouble: str) -> Inject:
    def inject(installation: Installation, _chance: Random, _mark: str) -> None:
        installation.billing.be(trouble)
        installation.until_felt("billing")
        installation.billing.be(None)

    return inject

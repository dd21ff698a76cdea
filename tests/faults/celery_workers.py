"""Parts of a Celery installation that die while incidents are under way."""

import time
from random import Random

import psutil

from deploy.stack.celery_workers import REDIS
from tests.faults.installation import Installation

SECOND = "scheduler-2"


def worker_killed(installation: Installation, _chance: Random, _mark: str) -> None:
    """Kill a worker with tasks under way and leave it dead until all of them have been tried again elsewhere."""
    installation.until(lambda: bool(installation.tasks_of("worker-1")), "no task runs on the worker", every=0.05)
    components = installation.stack.components
    descendants = psutil.Process(components.pids["worker-1"]).children(recursive=True)
    installation.away.add("worker-1")
    components.kill("worker-1")
    components.wait_ended("worker-1")
    _, alive = psutil.wait_procs(descendants, timeout=60)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    installation.settle()
    installation.away.discard("worker-1")


def redis_killed(installation: Installation, chance: Random, _mark: str) -> None:
    """Kill Redis, and start it again without anything that was in it."""
    installation.until(lambda: bool(installation.workers()), "no task runs", every=0.05)
    time.sleep(chance.uniform(0, 2))
    installation.kill(REDIS)


def one_of_two_schedulers(installation: Installation, chance: Random, _mark: str) -> None:
    """Let two schedulers share the work and kill the first for good."""
    stack = installation.stack
    stack.components.start(SECOND, [str(stack.airflow), "scheduler", "--skip-serve-logs"])
    try:
        time.sleep(chance.uniform(10, 20))
        installation.until(lambda: bool(installation.workers()), "no task runs", every=0.05)
        installation.away.add("scheduler")
        stack.components.kill("scheduler")
        stack.components.wait_ended("scheduler")
        installation.settle()
    finally:
        installation.away.discard("scheduler")
        installation.revive()
        installation.away.add(SECOND)
        stack.components.kill(SECOND)
        stack.components.wait_ended(SECOND)
        stack.components.ended.pop(SECOND)
        installation.away.discard(SECOND)

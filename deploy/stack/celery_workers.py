"""Workers of Celery for a stack: their packages, their Redis, and how all of it is set and started."""

import os
import shutil
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from deploy import locked_packages
from deploy.ports import free_port
from deploy.stack.settings import StackSettings
from include.sla_logic.domain.errors import ForeseenError

REQUIREMENTS = "requirements-celery.lock"
REDIS = "redis"
PATIENCE: Mapping[str, str] = {
    # A task whose worker sends no heartbeat is tried again after 45 s, looked for every 10: what a dead worker costs.
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "45",
    # One that nobody has taken is sent again after 90 s: what a Redis costs that has forgotten everything.
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "90",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "15",
    # It may have waited for a place while a worker was away, and is not given up: no step takes half an hour.
    "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "20",
    # Redis gives a message that nobody has confirmed within a day to another worker: no task may run that long.
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "86400",
}


class UnableToUseCelery(ForeseenError):
    """Say what is missing and how to install it."""


class CeleryWorkers:
    """Name the commands of Redis and of the workers, and the environment that every component of their stack needs."""

    def __init__(self, settings: StackSettings, password: str) -> None:
        if shutil.which("redis-server") is None:
            reason = "redis-server was not found. Install it; on Debian: apt-get install redis-server"
            raise UnableToUseCelery(reason)
        packages = installed(settings.root)
        port = free_port()
        self._redis = settings.home / "redis.conf"
        _write_private(self._redis, _redis_settings(settings.home, port, password))
        self.each = max(1, settings.workers // settings.celery_workers)
        self.names = [f"worker-{number}" for number in range(1, settings.celery_workers + 1)]
        paths = [settings.root, settings.root / "config", packages]
        together = str(self.each * settings.celery_workers)
        self.environment: Mapping[str, str] = {
            "PYTHONPATH": os.pathsep.join(str(path) for path in paths),
            "AIRFLOW__CELERY__BROKER_URL": f"redis://:{password}@127.0.0.1:{port}/0",
            # By default a scheduler forks as many processes as there are cores for each handful of tasks that it sends.
            "AIRFLOW__CELERY__SYNC_PARALLELISM": "1",
            "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(self.each),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CORE__PARALLELISM": together,
            "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": together,
            **PATIENCE,
        }

    def commands(self, airflow: Path) -> dict[str, list[str]]:
        """Return what is started beside the other components, by name, Redis first."""
        worker = [str(airflow), "celery", "worker", "--skip-serve-logs", "--celery-hostname"]
        return {REDIS: ["redis-server", str(self._redis)], **{name: [*worker, name] for name in self.names}}


def installed(root: Path) -> Path:
    """Install what is locked beside the environment, once for each lock; answers the folder."""
    lock = root / REQUIREMENTS
    return locked_packages.installed(root, "celery", [lock], partial(locked_packages.add_wheels, root, lock))


def _redis_settings(home: Path, port: int, password: str) -> str:
    """Let Redis keep nothing: what it forgets, the scheduler sends again."""
    return "\n".join(
        [
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{home}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            "",
        ]
    )


def _write_private(file: Path, text: str) -> None:
    """Create the file unreadable for others from its first byte."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(text)

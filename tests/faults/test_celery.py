"""Tasks on workers of Celery: an incident from end to end, and parts of it killed with tasks under way."""

from collections.abc import Iterator
from random import Random
from shutil import which

import pytest

from tests.faults import breaking, celery_workers
from tests.faults.installation import Installation, open_installation
from tests.system_packages import install_unless

pytestmark = [pytest.mark.more, pytest.mark.own_airflow, pytest.mark.faults]
FAULTS = {
    "WORKER": celery_workers.worker_killed,
    "REDIS": celery_workers.redis_killed,
    "SCHEDULER": celery_workers.one_of_two_schedulers,
    "POSTGRESQL": breaking.database_away(5, 20),
}
KEYS = ("premium", "minor_correction", "automatic_restoration", "held_and_released", "no_violation", "re_prioritised")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    if not install_unless(_has_redis, "redis-server"):
        pytest.skip("redis-server is missing and cannot be installed here")
    folder = tmp_path_factory.mktemp("celery")
    # The settings are those of `make up`: nothing is hurried.
    with open_installation(folder, operations="postgres", environment={}, celery_workers=2) as opened:
        yield opened


def _has_redis() -> bool:
    return which("redis-server") is not None


def test_an_incident_is_handled_on_workers_that_import_before_they_fork(opened: Installation) -> None:
    opened.start("minor_correction", "CELERY-ONE")
    opened.settle()
    verdict = opened.judge()
    assert verdict.is_good, verdict
    assert (verdict.incidents, len(opened.mailbox.kept) > 0) == (1, True)
    assert {"worker-1", "worker-2", "redis"} <= set(opened.stack.components.pids)


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_and_nothing_doubled(opened: Installation, fault: str) -> None:
    opened.move_on()
    for key in KEYS:
        opened.start(key, f"{fault}-{key}".upper().replace("_", "-"))
    FAULTS[fault](opened, Random(fault), fault)  # noqa: S311 - faults, not secrets
    opened.settle()
    verdict = opened.judge()
    assert verdict.is_good, verdict
    assert len(opened.started) == verdict.incidents

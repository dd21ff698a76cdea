"""The real components: tasks of settlement are killed in the middle of their shards, and nothing is booked twice."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import psutil
import pytest
from sqlalchemy import func, insert, select

from include.sla_logic.persistence.schema.reference import outages
from include.sla_logic.persistence.schema.settlement import settlement_rounds
from tests.stack.operator import PATIENCE, Operator

pytestmark = [pytest.mark.more, pytest.mark.own_airflow]

DAG, RUN = "sla_settlement", "manual-1"
SERVICES = ("S-1004", "S-1008")


def until(reached: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def fail_seven_weeks_ago(operator: Operator) -> None:
    start = datetime.now(UTC) - timedelta(days=50)
    row = {"reference": "LONG", "started_at": start, "ended_at": start + timedelta(hours=30), "attribution": "provider"}
    with operator.use_cases.work.writing() as connection:
        connection.execute(insert(outages), [row | {"service": service} for service in SERVICES])
    for kind in ("outages", "samples"):
        operator.use_cases.imports.complete(kind, until=datetime.now(UTC), by="ann", source="test")


def running_tasks(operator: Operator) -> list[psutil.Process]:
    """Find the processes that run tasks now: children of the scheduler's workers."""
    scheduler = psutil.Process(operator.stack.components.pids["scheduler"])
    workers = [one for one in scheduler.children() if "LocalExecutor" in " ".join(one.cmdline())]
    return [task for worker in workers for task in worker.children()]


def rounds(operator: Operator) -> int:
    with operator.use_cases.work.reading() as connection:
        return connection.scalar(select(func.count()).select_from(settlement_rounds)) or 0


def booked(operator: Operator) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in operator.use_cases.settlement.windows(limit=10_000).windows:
        if one.booked and one.service in SERVICES:
            found[one.service] = found.get(one.service, Decimal(0)) + one.booked.amount
    return found


def test_shards_that_are_killed_half_way_are_done_again_without_doubling(operator: Operator) -> None:
    api, settlement = operator.stack.api, operator.use_cases.settlement
    operator.stack.wait_for_dags([DAG])
    fail_seven_weeks_ago(operator)
    largest = settlement.preview().largest
    due = {one.service: one.amount.amount for one in largest if one.service in SERVICES and one.credit == "booked"}
    assert due.keys() == set(SERVICES)
    api.set_variable("sla_settlement_limit", "1000000")
    api.start_run(DAG, conf={}, run_id=RUN)
    until(lambda: rounds(operator) > 0)
    killed = 0
    # Nobody can write while this transaction is open, so that every shard stands still where it is.
    with closing(sqlite3.connect(operator.use_cases.work.database.engine.url.database, timeout=60)) as held:
        held.execute("BEGIN IMMEDIATE")
        assert settlement.current().state == "settling"
        for task in running_tasks(operator):
            with suppress(psutil.Error):
                task.kill()
                killed += 1
        held.rollback()
    assert killed > 0
    assert api.wait_run(DAG, RUN, timeout_seconds=PATIENCE) == "success"
    tasks = api.call("GET", f"/api/v2/dags/{DAG}/dagRuns/{RUN}/taskInstances")["task_instances"]
    assert max(one["try_number"] for one in tasks if one["task_id"] == "settle") > 1
    assert settlement.current().state == "ended"
    assert booked(operator) == due
    assert [str(one) for one in operator.use_cases.monitoring.unsettled()] == []
    assert [str(one) for one in operator.use_cases.monitoring.violations()] == []
    api.start_run(DAG, conf={}, run_id="manual-2")
    assert api.wait_run(DAG, "manual-2", timeout_seconds=PATIENCE) == "success"
    assert booked(operator) == due

"""A real process that imports is killed half-way; the same command again goes on where it stopped."""

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select

from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import ticket_status_history, tickets
from tests.backlog.logs import event, write_csv
from tests.spread import longest

PATIENCE = 240  # seconds, far beyond what it takes


def count(use_cases, table):
    with use_cases.work.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def importing(use_cases, file):
    """Start `sla import tickets` as a process of its own."""
    url = use_cases.work.database.engine.url.render_as_string(hide_password=False)
    code = "from include.sla_logic.cli import app; app()"
    words = [sys.executable, "-c", code, "import", "tickets", str(file), "--format", "csv"]
    environment = os.environ | {"TELECO_DB_URL": url, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_half_way(use_cases, file, total):
    process = importing(use_cases, file)
    until = time.monotonic() + PATIENCE
    while process.poll() is None and count(use_cases, tickets) < total // 3 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    return count(use_cases, tickets)


def check_that_it_goes_on(use_cases, folder, total):
    log = (event(f"K-{n}", status, "1 08:00") for n in range(total) for status in ("acknowledged", "inProgress"))
    file = write_csv(folder / "log.csv", log)
    before = kill_half_way(use_cases, file, total)
    assert 0 < before < total
    again = importing(use_cases, file)
    told, complaints = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, complaints
    assert f"{total - before} wait, 0 are history, 0 went on, {before} known already" in told
    assert count(use_cases, tickets) == count(use_cases, arrivals) == count(use_cases, queue) == total
    assert count(use_cases, ticket_status_history) == 3 * total
    assert use_cases.backlog.summary().waiting.ready == total
    assert use_cases.monitoring.violations() == []


@pytest.mark.more
def test_an_import_that_is_killed_goes_on_where_it_stopped(any_use_cases, tmp_path):
    check_that_it_goes_on(any_use_cases, tmp_path, 2_000)


@pytest.mark.more
@pytest.mark.parametrize("total", [10_000, longest(25_000)])
def test_many_tickets_are_all_in_once_after_a_kill(use_cases, tmp_path, total):
    check_that_it_goes_on(use_cases, tmp_path, total)

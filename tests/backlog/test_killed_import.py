"""A real process that imports is killed half-way; the same command again goes on where it stopped."""

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import func, select

from include.sla_logic.adapters.schema.arrivals import arrivals
from include.sla_logic.adapters.schema.queue import queue
from include.sla_logic.adapters.schema.system_t import ticket_status_history, tickets
from tests.backlog.logs import event, write_csv

PATIENCE = 240  # seconds, far beyond what it takes


def count(office, table):
    with office.database.read() as connection:
        return connection.scalar(select(func.count()).select_from(table))


def importing(office, file):
    """Start `sla import tickets` as a process of its own."""
    url = office.database.engine.url.render_as_string(hide_password=False)
    code = "from include.sla_logic.cli import app; app()"
    words = [sys.executable, "-c", code, "import", "tickets", str(file), "--format", "csv"]
    environment = os.environ | {"TELECO_DB_URL": url, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_half_way(office, file, total):
    process = importing(office, file)
    until = time.monotonic() + PATIENCE
    while process.poll() is None and count(office, tickets) < total // 3 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    return count(office, tickets)


def check_that_it_goes_on(office, folder, total):
    log = (event(f"K-{n}", status, "1 08:00") for n in range(total) for status in ("acknowledged", "inProgress"))
    file = write_csv(folder / "log.csv", log)
    before = kill_half_way(office, file, total)
    assert 0 < before < total
    again = importing(office, file)
    told, complaints = again.communicate(timeout=PATIENCE)
    assert again.returncode == 0, complaints
    assert f"{total - before} wait, 0 are history, 0 went on, {before} known already" in told
    assert count(office, tickets) == count(office, arrivals) == count(office, queue) == total
    assert count(office, ticket_status_history) == 3 * total
    assert office.backlog().waiting.ready == total
    assert office.breaches() == []


def test_an_import_that_is_killed_goes_on_where_it_stopped(any_office, tmp_path):
    check_that_it_goes_on(any_office, tmp_path, 3_000)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_25_000_tickets_are_all_in_once_after_a_kill(office, tmp_path):
    check_that_it_goes_on(office, tmp_path, 25_000)

"""The current figures: read from the database, sent as gauges through Airflow's metrics, no person in them."""

import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema.system_t import outbox, restorations
from include.sla_logic.services import UseCases
from sla_airflow import housekeeping, metrics, runtime
from tests.backlog.logs import event, take_in, write_csv
from tests.clock import NOON
from tests.reliability.test_invariants import CREDIT
from tests.services.sample import conf

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def busy(use_cases: UseCases, clock) -> UseCases:
    use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    use_cases.incidents.accept(conf(), run_id="run-2", origin="form")
    wait = {"ticket": 1, "opened_at": NOON, "deadline": NOON + timedelta(hours=2), "held_because": "risky"}
    message = {"key": "a", "ticket": 1, "kind": "mail", "payload": {}, "state": "waiting", "attempts": 0}
    with use_cases.work.database.write() as connection:
        connection.execute(insert(restorations).values(wait))
        connection.execute(insert(restorations).values(wait | {"ticket": 2, "sent_at": NOON}))
        connection.execute(insert(outbox).values(message | {"created_at": NOON, "next_attempt_at": NOON}))
        connection.execute(insert(a.applied_billing_credits).values(CREDIT))
    clock.pass_by(minutes=30)
    return use_cases


def figures(use_cases: UseCases) -> dict[str, float]:
    return {" ".join([f.name, *f.tags.values()]): f.value for f in use_cases.monitoring.figures()}


def test_the_metrics_of_a_busy_database(busy):
    assert figures(busy) == {
        "incidents.active": 2,
        "backlog.waiting": 0,
        "waits": 2,
        "waits.seconds_to_nearest_deadline": 5400.0,
        "outbox.waiting": 1,
        "outbox.dead": 0,
        "outbox.oldest_seconds": 1800.0,
        "credits booked EUR": 1,
        "credits.amount booked EUR": 10.0,
        "quarantine.waiting": 0,
    }


def test_what_waits_in_the_backlog_or_was_settled_elsewhere_is_not_under_way(busy, tmp_path):
    busy.backlog.enter(conf(external_reference="REF-9"), run_id="run-9", origin="test")
    settled = [event("T-1", "acknowledged", "1 08:00"), event("T-1", "closed", "1 09:00")]
    report = take_in(busy, write_csv(tmp_path / "log.csv", settled))
    assert (report.history, figures(busy)["incidents.active"], figures(busy)["backlog.waiting"]) == (1, 2, 1)


def test_a_deadline_that_has_passed_counts_below_zero(busy, clock):
    clock.pass_by(hours=2)
    assert figures(busy)["waits.seconds_to_nearest_deadline"] == -1800.0


def test_the_figures_leave_as_gauges_with_tags(busy, monkeypatch):
    sent = []
    monkeypatch.setattr(metrics, "gauge", lambda name, value, *, tags: sent.append((name, value, tags)))
    monkeypatch.setattr(runtime, "open_use_cases", lambda: busy)
    housekeeping.deliver_and_measure()
    assert ("teleco.credits.amount.booked.EUR", 10.0, {"state": "booked", "currency": "EUR"}) in sent
    assert all(name.startswith("teleco.") for name, _, _ in sent)
    assert "C-1" not in repr(sent)


SENDS = """
from airflow.sdk.observability import stats
from airflow.sdk.observability.metrics import stats_utils
from include.sla_logic.persistence.queries.metrics import Figure
from sla_airflow.metrics import send_figures

stats.initialize(factory=stats_utils.get_stats_factory(), export_legacy_names=False)
send_figures(
    [Figure("credits", 3, {"state": state, "currency": "EUR"}) for state in ("booked", "held")]
    + [Figure("waits", 2), Figure("outbox.oldest_seconds", float("inf"))]
)
"""


@pytest.mark.more
def test_a_statsd_server_that_knows_no_tags_keeps_the_figures_apart(tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(600)
        metrics_on = {"STATSD_ON": "True", "STATSD_HOST": "127.0.0.1", "STATSD_PORT": str(server.getsockname()[1])}
        environment = {
            **os.environ,
            **{f"AIRFLOW__METRICS__{name}": value for name, value in metrics_on.items()},
            "AIRFLOW_HOME": str(tmp_path),
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "plugins")]),
        }
        subprocess.run([sys.executable, "-c", SENDS], env=environment, check=True)
        ours = []
        while len(ours) < 3:  # Airflow's own metrics arrive as well
            told = server.recv(512).decode()
            ours += [told] if told.startswith("airflow.teleco.") else []
    assert set(ours) == {
        "airflow.teleco.credits.booked.EUR:3|g",
        "airflow.teleco.credits.held.EUR:3|g",
        "airflow.teleco.waits:2|g",
    }

"""The real components: waiting tickets are claimed by the DAG of the backlog and carried to their end by one run."""

import time

import pytest

from include.sla_logic.cli.airflow_runs import Airflow, announce_waiting
from include.sla_logic.domain.run_ids import run_id_of
from include.sla_logic.sample_data import Sample
from tests.stack.operator import PATIENCE, Operator

pytestmark = pytest.mark.more

DAG, BACKLOG = "sla_violation", "sla_backlog"
KEYS = ("no_problem_found", "minor_correction", "no_violation")


def test_waiting_tickets_are_taken_up_and_brought_to_their_end_together(operator: Operator, teleco: Sample) -> None:
    api = operator.stack.api
    operator.stack.wait_for_dags([BACKLOG])
    waiting = []
    for key in KEYS:
        notification = teleco.notifications[key]
        notification = notification.model_copy(update={"external_reference": f"BACKLOG-{key}"})
        run_id = run_id_of(notification)
        ticket, waits = operator.use_cases.backlog.enter(
            notification.model_dump(mode="json"), run_id=run_id, origin="test"
        )
        assert waits
        waiting.append(ticket)
    announce_waiting(Airflow(operator.stack.address, operator.stack.user, operator.stack.password))
    ended = time.monotonic() + PATIENCE
    while not (announced := [run for run in api.run_states(BACKLOG) if run.startswith("asset_triggered")]):
        assert time.monotonic() < ended, "no run takes what was announced"
        time.sleep(0.5)
    assert api.wait_run(BACKLOG, announced[0], timeout_seconds=PATIENCE) == "success"
    # The scheduled run may have come first: one run has all of them, and none is in two runs.
    runs = [run for run in api.run_states(DAG) if run.startswith("backlog.")]
    assert len(runs) == 1
    assert api.wait_run(DAG, runs[0], timeout_seconds=PATIENCE) == "success"
    for ticket in waiting:
        case = operator.use_cases.lookups.incident(ticket.id)
        assert case.tasks[-1] == "close_incident"
        assert any(entry.event.endswith(f"for the run {runs[0]}.") for entry in case.timeline)
    assert operator.use_cases.backlog.summary().waiting.total == 0
    assert operator.use_cases.monitoring.violations() == []

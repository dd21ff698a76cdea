"""The real components: a cohort waits under one sensor; answered and overdue incidents go on, the others wait on."""

import pytest

from benchmarks.sample import load_copy, renamed
from include.sla_logic.process.graph import END, WAIT
from include.sla_logic.sample_data import Sample
from sla_airflow.cohorts import conf_of_cohort
from tests.stack.operator import PATIENCE, Operator
from tests.stack.test_held_restoration import until

pytestmark = pytest.mark.more

DAG, RUN = "sla_violation", "together.1"
COPY = 9  # services of its own: those of other tests are restored already
KEYS = ("no_problem_found", "held_and_released", "too_late")


def test_who_waits_in_a_cohort_goes_on_when_answered_or_overdue(operator: Operator, teleco: Sample) -> None:
    api, use_cases, tickets = operator.stack.api, operator.use_cases, {}
    with use_cases.work.writing() as connection:
        load_copy(connection, teleco, COPY)
    for key in KEYS:
        conf = renamed(teleco.notifications[key].model_dump(mode="json"), COPY)
        conf["external_reference"] = f"TOGETHER-{key}"
        tickets[key] = use_cases.incidents.accept(conf, run_id=f"incident.TOGETHER-{key}", origin="test").id
    api.start_run(DAG, conf=conf_of_cohort(list(tickets.values())), run_id=RUN)
    until(lambda: api.task_states(DAG, RUN).get(WAIT) == "deferred")
    assert api.wait_run(DAG, f"{RUN}__1", timeout_seconds=PATIENCE) == "success"
    assert END in use_cases.lookups.incident(tickets["no_problem_found"]).tasks
    released = operator.sla(
        "incident", "release", tickets["held_and_released"], "--reason", "The reserve route has room."
    )
    assert released.returncode == 0, released.stderr
    assert api.wait_run(DAG, RUN, timeout_seconds=PATIENCE) == "success"
    until(lambda: all(END in use_cases.lookups.incident(ticket).tasks for ticket in tickets.values()))
    for key, ticket in tickets.items():
        tasks, path = use_cases.lookups.incident(ticket).tasks, teleco.expectations[key].path
        assert sorted(tasks) == sorted(path), key
    runs = [run for run in api.run_states(DAG) if "TOGETHER" in run or run.startswith(RUN)]
    assert 2 <= len(runs) <= 3, runs
    assert use_cases.monitoring.violations() == []

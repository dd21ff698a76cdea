"""A real Airflow that has forgotten its database is refused like a second one, and adopted by name and reason."""

import pytest

from include.sla_logic.cli.airflow_records import VARIABLE
from include.sla_logic.sample_data import Sample
from tests.stack.operator import PATIENCE, Operator

pytestmark = pytest.mark.more
DAG, FIRST, KEEPS = "sla_violation", "enter_problem_report", "sla_housekeeping"


def ended(operator: Operator, teleco: Sample, reference: str) -> str:
    """Start an incident, wait for the end of its run, and return how it ended."""
    conf = teleco.notifications["no_problem_found"].model_dump(mode="json") | {"external_reference": reference}
    assert operator.send(conf).returncode == 0
    return operator.stack.api.wait_run(DAG, f"incident.{reference}", timeout_seconds=PATIENCE)


def forget(operator: Operator) -> None:
    """Let Airflow forget its database while no housekeeping is about to write it down again."""
    operator.pause(KEEPS)
    operator.stack.api.call("DELETE", f"/api/v2/variables/{VARIABLE}")


def test_another_airflow_is_refused_until_it_adopts_the_database(operator: Operator, teleco: Sample) -> None:
    api, name = operator.stack.api, operator.use_cases.installation.mark().installation
    assert ended(operator, teleco, "PAIR-1") == "success"
    path = f"/api/v2/dags/{DAG}/dagRuns/incident.PAIR-1/taskInstances/{FIRST}/xcomEntries/return_value"
    ticket = operator.use_cases.lookups.incident_of_run("incident.PAIR-1").ticket.id
    assert api.call("GET", path)["value"] == ticket

    forget(operator)
    assert ended(operator, teleco, "PAIR-2") == "failed"
    assert api.task_states(DAG, "incident.PAIR-2")[FIRST] == "failed"
    assert operator.use_cases.lookups.ticket_of("incident.PAIR-2") is None
    doctor = operator.sla("doctor")
    assert doctor.returncode == 1
    assert f"Refused: The operations database {name} is worked by another Airflow" in doctor.stdout

    adopted = operator.sla("database", "adopt", name, "--reason", "Airflow has moved.", "--by", "Kim")
    assert adopted.returncode == 0, adopted.stderr
    operator.resume(KEEPS)
    api.clear_run(DAG, "incident.PAIR-2")
    assert api.wait_run(DAG, "incident.PAIR-2", timeout_seconds=PATIENCE) == "success"

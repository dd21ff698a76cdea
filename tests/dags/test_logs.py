"""What a whole run logs: which step was done for which ticket, nothing about the customer or money."""

import logging
import re
from typing import Any

import pytest
import structlog

from include.sla_logic.domain.closed_incident import ClosedIncident
from tests.dags.conftest import SampleTeleco
from tests.dags.loading import load_dag

pytestmark = [pytest.mark.airflow, pytest.mark.more]
WORDS = "My grandmother's line is dead."
MONEY = re.compile(r"\d\s?(?:EUR|GBP|USD|CHF)\b|\b(?:EUR|GBP|USD|CHF)\s?\d")


class Everything:
    """All that is logged: by the standard library, by structlog, and what is printed."""

    def __init__(self, caplog: pytest.LogCaptureFixture, entries: list[Any], printed: str) -> None:
        self.steps = [entry for entry in entries if entry["event"] == "step done"]
        self.text = "\n".join([caplog.text, *(str(dict(entry)) for entry in entries), printed])


@pytest.fixture
def everything(
    teleco: SampleTeleco, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> tuple[Any, Any, Everything]:
    """Lead one incident with a credit to its end with all logs at their finest level."""
    conf = teleco.conf("premium", external_reference="LOGGED-1", description=WORDS)
    with caplog.at_level(logging.DEBUG), structlog.testing.capture_logs() as entries:
        run = load_dag("sla_violation").test(run_conf=conf)
    return run, teleco.use_cases.lookups.incident(run.run_id), Everything(caplog, entries, "".join(capfd.readouterr()))


def test_each_step_logs_incident_ticket_name_and_choice_and_nothing_personal(
    teleco: SampleTeleco, everything: tuple[Any, Any, Everything]
) -> None:
    run, case, logged = everything
    fields = {"event", "log_level", "incident", "ticket", "step", "choice"}
    done = [entry for entry in logged.steps if entry["incident"] == run.run_id]
    assert all(fields <= entry.keys() <= fields | {"logger", "level", "timestamp"} for entry in done)
    assert {(entry["ticket"], entry["step"], entry["choice"]) for entry in done} == {
        (case.ticket.id, step.task, step.choice) for step in case.path if step.task != "await_restoration_request"
    }
    assert case.document(ClosedIncident).credit
    with teleco.use_cases.work.reading() as connection:
        from include.sla_logic.persistence.contracts import ContractRegister

        customer = ContractRegister(connection=connection).customer(case.ticket.customer)
    assert len(logged.text) > 1000
    for secret in (customer.name, customer.email, WORDS):
        assert secret
        assert secret not in logged.text
        assert repr(secret)[1:-1] not in logged.text
    assert MONEY.search(logged.text) is None

"""A connection counts as missing only if Airflow says so: a letter must not become a file because nobody answered."""

import pytest
from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
from airflow.sdk.execution_time import task_runner
from airflow.sdk.execution_time.comms import ErrorResponse

from include.sla_logic.settings import BillingSystem
from sla_airflow.connections import AirflowSilent, settings


class Supervisor:
    def __init__(self, error: ErrorType, *, raises: bool = False) -> None:
        self.answer, self.raises = ErrorResponse(error=error), raises

    def send(self, _message: object) -> ErrorResponse:
        if self.raises:
            raise AirflowRuntimeError(self.answer)
        return self.answer


@pytest.fixture(autouse=True)
def _connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_DB", "sqlite:////srv/teleco.db")
    for name in ("SMTP", "BILLING"):
        monkeypatch.delenv(f"AIRFLOW_CONN_TELECO_{name}", raising=False)
        monkeypatch.delenv(f"TELECO_{name}_URL", raising=False)


@pytest.mark.parametrize("raises", [False, True])
def test_a_silent_airflow_is_asked_again_later(monkeypatch, raises):
    supervisor = Supervisor(ErrorType.API_SERVER_ERROR, raises=raises)
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", supervisor, raising=False)
    with pytest.raises(AirflowSilent, match="does not say whether the connection teleco_smtp exists"):
        settings()


def test_a_connection_that_airflow_calls_missing_is_missing(monkeypatch):
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", Supervisor(ErrorType.CONNECTION_NOT_FOUND), raising=False)
    assert (settings().smtp, settings().billing) == (None, None)


@pytest.mark.parametrize(
    ("connection", "system"),
    [
        ("http://billing.example:8080", BillingSystem("http://billing.example:8080")),
        ("http://me:p%40ss@billing.example/https", BillingSystem("https://billing.example", "me", "p@ss")),
        (
            '{"conn_type": "http", "host": "https://billing.example", "extra": {"token": "T", "path": "/tmf"}}',
            BillingSystem("https://billing.example/tmf", token="T"),
        ),
    ],
)
def test_the_billing_connection_is_read_as_the_http_provider_does(monkeypatch, connection, system):
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_SMTP", "smtp://mail.example")
    monkeypatch.setenv("AIRFLOW_CONN_TELECO_BILLING", connection)
    assert settings().billing == system

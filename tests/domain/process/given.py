"""Values that the tests of the process rules start from."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.network import Alarm, Resource, ResourceState, Severity
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.service_performance import ObjectivePerformance, ObjectiveState, ServicePerformance

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MONTH = Period(start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC))


def report(**said: Any) -> ProblemReport:
    usual = {
        "ticket": "TT-000001",
        "external_reference": None,
        "customer": "C-1",
        "customer_name": "Bakery",
        "protected": False,
        "service": "S-1",
        "service_name": "Line",
        "agreement": "A-1",
        "contract": "K-1",
        "contract_version": "1",
        "symptom": "service_down",
        "description": "The till is offline.",
        "observed_from": NOW,
        "observed_to": None,
        "reported_at": NOW,
        "entered_at": NOW,
        "impact": 2,
        "urgency": 2,
    }
    return ProblemReport.model_validate(usual | said)


def objective(
    metric: str = "availability",
    state: ObjectiveState = ObjectiveState.BREACHED,
    *,
    left: int | None = None,
    provisional: bool = False,
) -> ObjectivePerformance:
    return ObjectivePerformance(
        objective=metric,
        metric=metric,
        unit="percent",
        promised=Decimal("99.9"),
        at_least=True,
        measured=Decimal(99),
        state=state,
        provisional=provisional,
        seconds_to_next_tier=left,
    )


def performance(*objectives: ObjectivePerformance) -> ServicePerformance:
    return ServicePerformance(window=MONTH, as_of=NOW, objectives=objectives, provisional=True)


def alarm(resource: str, code: str, *, severity: Severity = Severity.MAJOR, minute: int = 0) -> Alarm:
    return Alarm(
        id=f"{resource}/{code}",
        resource=resource,
        code=code,
        severity=severity,
        text=code,
        raised_at=NOW.replace(minute=minute),
    )


def finding(resource: Resource, type_of_problem: str, *, code: str | None = "PORT_DOWN") -> Finding:
    return Finding(
        resource=resource.id,
        resource_name=resource.name,
        resource_kind=resource.kind,
        state=ResourceState.IN_SERVICE,
        alarm=None if code is None else f"{resource.id}/{code}",
        alarm_code=code,
        type_of_problem=type_of_problem,
        explained=True,
    )

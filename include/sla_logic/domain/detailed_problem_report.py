"""What Service Management is given to work on (row 7)."""

from datetime import timedelta

from pydantic import AwareDatetime

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.counter_measures import CounterMeasure, CounterMeasurePlan
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.notification import Level, ProblemParameter, Symptom
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.service_performance import ServicePerformance
from include.sla_logic.domain.significance import Band, CustomerSignificance


class DetailedProblemReport(Document):
    """Contract commitments and prioritised actions, taken together.

    `commitments` lists each promise of the contract with its measured value.
    """

    ticket: str
    customer: str
    service: str
    service_name: str
    contract: str
    contract_version: str
    restoration_window: timedelta
    symptom: Symptom
    description: str
    parameters: tuple[ProblemParameter, ...]
    impact: Level
    urgency: Level
    commitments: ServicePerformance
    plan_revision: int
    measures: tuple[CounterMeasure, ...]
    premium: bool
    band: Band
    created_at: AwareDatetime


def take_together(
    report: ProblemReport,
    performance: ServicePerformance,
    plan: CounterMeasurePlan,
    significance: CustomerSignificance,
    *,
    contract: Contract,
    now: AwareDatetime,
) -> DetailedProblemReport:
    """Join contract commitments and prioritised actions in one document."""
    return DetailedProblemReport(
        ticket=report.ticket,
        customer=report.customer,
        service=report.service,
        service_name=report.service_name,
        contract=contract.id,
        contract_version=contract.version,
        restoration_window=contract.restoration_window,
        symptom=report.symptom,
        description=report.description,
        parameters=report.parameters,
        impact=report.impact,
        urgency=report.urgency,
        commitments=performance,
        plan_revision=plan.revision,
        measures=plan.measures,
        premium=significance.premium,
        band=significance.band,
        created_at=now,
    )

"""What Service Management and Resource Provisioning find out about a problem (rows 8, 9, 11 to 13)."""

from collections.abc import Sequence

from pydantic import AwareDatetime

from include.sla_logic.domain.diagnosis_table import DiagnosisPolicy, Finding, explains, find_errors
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.network import Alarm, Layer, Resource
from include.sla_logic.domain.notification import Symptom
from include.sla_logic.domain.service_performance import ServicePerformance
from include.sla_logic.domain.service_problem import ProblemTie, ServiceProblem, say_whose, take_over, ties_to
from include.sla_logic.domain.verification import Check


class Investigation(Document):
    """What Service Management sees on its own layer, and whether that explains the symptom.

    `alarms` are all those of its resources, also those that are no errors; None in documents of earlier releases.
    """

    symptom: Symptom
    breached_objectives: tuple[str, ...]
    resources: tuple[Resource, ...]
    findings: tuple[Finding, ...]
    explaining: tuple[Finding, ...] = ()
    analyzable: bool
    reason: str
    investigated_at: AwareDatetime
    policy_version: str
    alarms: tuple[Alarm, ...] | None = None


class ResourceCheck(Document):
    """Resources, alarms and fresh measurements, as Resource Provisioning finds them.

    A measurement without an answer is recorded as such: it is neither a fault nor its absence.
    """

    resources: tuple[Resource, ...]
    alarms: tuple[Alarm, ...]
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    problem_detected: bool
    reason: str
    checked_at: AwareDatetime
    policy_version: str


class ProblemAnalysis(Document):
    """The findings of one department, the leading one first, with the type of problem they amount to.

    If the service problem was analysed under another ticket, these are its findings and its id.
    """

    department: Lane
    type_of_problem: str
    findings: tuple[Finding, ...]
    reason: str
    analyzed_at: AwareDatetime
    policy_version: str
    service_problems: tuple[ProblemTie, ...] = ()


class TroubleReport(Document):
    """The type of problem, as the department that analysed it reports it."""

    ticket: str
    service: str
    department: Lane
    type_of_problem: str
    findings: tuple[Finding, ...]
    reason: str
    created_at: AwareDatetime
    policy_version: str
    service_problems: tuple[ProblemTie, ...] = ()


class NormalExecutionNotification(Document):
    """The service executes normally; what could not be measured is named, not taken for normal."""

    ticket: str
    service: str
    resources_checked: int
    checks: tuple[Check, ...]
    not_measurable: tuple[str, ...]
    created_at: AwareDatetime


def investigate(
    symptom: Symptom,
    performance: ServicePerformance,
    resources: Sequence[Resource],
    alarms: Sequence[Alarm],
    *,
    policy: DiagnosisPolicy,
    now: AwareDatetime,
) -> Investigation:
    """Look at the service layer only; a symptom is analyzable if one of its rules explains it."""
    own = tuple(resource for resource in resources if resource.layer is Layer.SERVICE)
    names = {resource.id for resource in own}
    findings = find_errors(own, alarms, policy)
    explaining = [finding for finding in findings if explains(finding, symptom, policy)]
    named = ", ".join(f"{finding.alarm_code} at {finding.resource}" for finding in explaining)
    return Investigation(
        symptom=symptom,
        breached_objectives=performance.breached_objectives,
        resources=own,
        findings=findings,
        explaining=tuple(explaining),
        analyzable=bool(explaining),
        reason=f"{named} explains {symptom.value}"
        if explaining
        else f"nothing on the service layer explains {symptom.value}",
        investigated_at=now,
        policy_version=policy.version,
        alarms=tuple(alarm for alarm in alarms if alarm.resource in names),
    )


def check_resources(
    resources: Sequence[Resource],
    alarms: Sequence[Alarm],
    checks: Sequence[Check],
    *,
    policy: DiagnosisPolicy,
    now: AwareDatetime,
) -> ResourceCheck:
    """Detect a problem where an alarm, a state or a measurement shows one; silence shows nothing."""
    findings = find_errors(resources, alarms, policy)
    missed = [check for check in checks if check.measured is not None and not check.passed]
    shown = [f"{finding.alarm_code or finding.state.value} at {finding.resource}" for finding in findings]
    shown += [f"{check.metric.value} measured {check.measured} {check.unit}" for check in missed]
    return ResourceCheck(
        resources=tuple(resources),
        alarms=tuple(alarms),
        findings=findings,
        checks=tuple(checks),
        problem_detected=bool(shown),
        reason=", ".join(shown) or _nothing_shown(resources),
        checked_at=now,
        policy_version=policy.version,
    )


def _nothing_shown(resources: Sequence[Resource]) -> str:
    """Report as healthy only what was examined."""
    if not resources:
        return "no resource of the service is known, and nothing measured is amiss"
    return "every resource is in service, without alarm, and nothing measured is amiss"


def analyze(
    findings: Sequence[Finding],
    *,
    ticket: str,
    department: Lane,
    reason: str,
    problems: Sequence[ServiceProblem],
    policy: DiagnosisPolicy,
    now: AwareDatetime,
) -> ProblemAnalysis:
    """Name the type of problem after the weightiest finding that a rule explains, else the unexplained one.

    What was analysed already under another ticket of the same service problem is taken over.
    """
    findings, ties = take_over(findings, problems, ticket=ticket), ties_to(problems)
    explained = [finding.type_of_problem for finding in findings if finding.explained]
    return ProblemAnalysis(
        department=department,
        type_of_problem=explained[0] if explained else policy.unexplained,
        findings=findings,
        reason=say_whose(reason, ties, ticket=ticket),
        analyzed_at=now,
        policy_version=policy.version,
        service_problems=ties,
    )


def report_trouble(analysis: ProblemAnalysis, *, ticket: str, service: str, now: AwareDatetime) -> TroubleReport:
    """Turn the analysis into the document that leaves the department."""
    return TroubleReport(
        ticket=ticket,
        service=service,
        department=analysis.department,
        type_of_problem=analysis.type_of_problem,
        findings=analysis.findings,
        reason=analysis.reason,
        created_at=now,
        policy_version=analysis.policy_version,
        service_problems=analysis.service_problems,
    )

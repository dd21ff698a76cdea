"""The diagnosis of a past incident by another table: from what was found and measured then."""

from collections.abc import Iterable, Sequence

from include.sla_logic.domain.diagnosis import analyze, check_resources
from include.sla_logic.domain.diagnosis_table import DiagnosisPolicy, Finding, explains, find_errors
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.network import Probe
from include.sla_logic.domain.policies import Policies
from include.sla_logic.domain.stored_case import StoredCase, UnableToReplay
from include.sla_logic.domain.verification import check_probes, targets_of


def diagnosed_again(finding: Finding, policy: DiagnosisPolicy) -> Finding:
    """Diagnose a stored finding by this table."""
    if finding.alarm_code:
        rule = policy.alarm_rule(finding.alarm_code)
        kind = None if rule is None else rule.type
    else:
        states = [
            one for one in policy.states if one.state is finding.state and one.kind in (finding.resource_kind, None)
        ]
        kind = min(states, key=lambda one: one.kind is None).type if states else None
    return finding.model_copy(update={"type_of_problem": kind or policy.unexplained, "explained": kind is not None})


def explained_again(case: StoredCase, policy: DiagnosisPolicy) -> tuple[list[Finding], list[Finding]]:
    """Return what this table finds on the service layer, and what of it explains the symptom.

    Raise `UnableToReplay` where other severities are no errors, and no alarm of that time is stored.
    """
    seen = case.investigation
    if seen is None:
        return [], []
    if seen.alarms is not None:
        findings = list(find_errors(seen.resources, seen.alarms, policy))
    elif set(policy.informational) != set(case.informational):
        said = "other severities are informational, and the alarms of the service layer were not stored then"
        raise UnableToReplay(said)
    else:
        findings = [diagnosed_again(one, policy) for one in seen.findings]
    return findings, [one for one in findings if explains(one, case.report.symptom, policy)]


def types_of_problem(
    case: StoredCase, explaining: Sequence[Finding], policies: Policies
) -> tuple[tuple[str, ...], Sequence[Finding]]:
    """Diagnose again, by the department to which the way leads; return the types and what they rest on."""
    stored = [] if case.trouble is None else [diagnosed_again(one, policies.diagnosis) for one in case.trouble.findings]
    was_here = case.investigation is not None and case.investigation.analyzable
    if explaining:
        explained = () if case.investigation is None else case.investigation.explaining
        told = was_here and _marks(explaining) >= _marks(explained)
        findings, reason = (stored if told else explaining), "explained on the service layer"
        return _analyzed(case, findings, Lane.SERVICE_MANAGEMENT, reason, policies), findings
    if case.check is None:
        said = "nothing on the service layer would explain the symptom, and nobody checked the resources then"
        raise UnableToReplay(said)
    targets = targets_of(case.contract, policies.remedies.verify_at_least)
    probes = [
        Probe(metric=one.metric, unit=one.unit, value=one.measured, taken_at=one.taken_at or case.check.checked_at)
        for one in case.check.checks
    ]
    check = check_resources(
        case.check.resources,
        case.check.alarms,
        check_probes(probes, targets),
        policy=policies.diagnosis,
        now=case.check.checked_at,
    )
    if not check.problem_detected:
        return (), check.findings
    same = _marks(check.findings) == _marks(case.check.findings) and not was_here and case.trouble is not None
    findings = stored if same else check.findings
    return _analyzed(case, findings, Lane.RESOURCE_PROVISIONING, check.reason, policies), findings


def _analyzed(
    case: StoredCase, findings: Sequence[Finding], department: Lane, reason: str, policies: Policies
) -> tuple[str, ...]:
    found = analyze(
        findings,
        ticket=case.ticket,
        department=department,
        reason=reason,
        problems=(),
        policy=policies.diagnosis,
        now=case.report.entered_at,
    )
    return tuple(dict.fromkeys((found.type_of_problem, *(one.type_of_problem for one in found.findings))))


def _marks(findings: Iterable[Finding]) -> set[tuple[str, str | None]]:
    return {(one.resource, one.alarm) for one in findings}

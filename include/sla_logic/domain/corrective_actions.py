"""Orders to the network and the measurement that tells whether they helped (rows 18 and 22)."""

from collections.abc import Callable, Iterable, Sequence

from pydantic import AwareDatetime

from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.document import Document, Value
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.network import Action, ActionResult, Alarm, Resource
from include.sla_logic.domain.outgoing_keys import outgoing_key
from include.sla_logic.domain.remedies import RemedyPolicy
from include.sla_logic.domain.service_problem import ProblemTie
from include.sla_logic.domain.verification import Check


class Correction(Value):
    """What was done about one finding; no results where no action is known against it."""

    finding: Finding
    results: tuple[ActionResult, ...]
    gone: bool


class CorrectiveActions(Document):
    """The corrections of one department, verified by measuring the service again (process.md, rule 9)."""

    department: Lane
    corrections: tuple[Correction, ...]
    checks: tuple[Check, ...]
    undertaken_at: AwareDatetime
    policy_versions: tuple[str, ...]

    @property
    def verified(self) -> bool:
        """Tell whether every action ran, every error is gone and every measurement reaches its target.

        Where every error has gone by itself nothing is left to correct: the measurement decides.
        """
        return not self.shortcomings

    @property
    def verdict(self) -> str:
        """Say for the timeline whether the correction helped."""
        return "verified" if self.verified else f"not verified ({'; '.join(self.shortcomings)})"

    @property
    def restored(self) -> frozenset[str]:
        """The resources of which every error is gone."""
        left = {correction.finding.resource for correction in self.corrections if not correction.gone}
        return frozenset(correction.finding.resource for correction in self.corrections) - left

    @property
    def shortcomings(self) -> tuple[str, ...]:
        """Name everything that keeps the correction from being verified."""
        lines = []
        for correction in self.corrections:
            finding = correction.finding
            if not correction.results and not correction.gone:
                lines.append(f"{finding.resource}: no action is known against {finding.type_of_problem}")
            lines += [
                f"{result.resource}: {result.action.value} did not run ({result.answer})"
                for result in correction.results
                if not result.ran
            ]
            if not correction.gone:
                lines.append(f"{finding.resource}: {finding.alarm_code or finding.state.value} is still there")
        lines += [] if self.checks else ["the service was not measured again"]
        lines += [c.shortcoming for c in self.checks if not c.passed]
        return tuple(lines)


def order_key(
    installation: str, ticket: str, task: str, action: Action, resource: str, *, ties: Iterable[ProblemTie] = ()
) -> str:
    """Name an order so that a repeated step gives the same order, not a second one.

    Against a service problem one order is given for all its incidents, whichever of them comes first.
    """
    problem = next((tie.id for tie in ties if tie.resource == resource), None)
    return outgoing_key(installation, f"{problem or f'{ticket}:{task}'}:{resource}:{action.value}")


Attempt = tuple[Finding, tuple[ActionResult, ...]]


def carry_out(
    findings: Iterable[Finding], remedies: RemedyPolicy, order: Callable[[Action, str], ActionResult]
) -> tuple[Attempt, ...]:
    """Order every action of the remedy of every finding, each action once per resource."""
    done: dict[tuple[str, Action], ActionResult] = {}
    attempts = []
    for finding in findings:
        results = []
        for action in remedies.remedy(finding.type_of_problem).actions:
            key = (finding.resource, action)
            if key not in done:
                done[key] = order(action, finding.resource)
            results.append(done[key])
        attempts.append((finding, tuple(results)))
    return tuple(attempts)


def verify(
    attempts: Sequence[Attempt],
    *,
    department: Lane,
    resources: Sequence[Resource],
    alarms: Sequence[Alarm],
    checks: tuple[Check, ...],
    policy_versions: tuple[str, ...],
    now: AwareDatetime,
) -> CorrectiveActions:
    """Check after the actions which errors are gone and whether the service reaches its targets."""
    return CorrectiveActions(
        department=department,
        corrections=tuple(
            Correction(finding=finding, results=results, gone=finding.is_gone(alarms, resources))
            for finding, results in attempts
        ),
        checks=checks,
        undertaken_at=now,
        policy_versions=policy_versions,
    )

"""One cause behind many reports (TMF656 service problem): a resource, what is wrong with it, and since when."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import chain

from pydantic import AwareDatetime

from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.problem_report import ProblemReport


class ProblemEnd(StrEnum):
    """Why a service problem is over."""

    RESTORED = "restored"  # its errors were seen gone after its orders
    SUPERSEDED = "superseded"  # something else was found at the resource
    LEFT = "left"  # all its incidents have ended, and nothing was restored


class Sighting(Value):
    """What one incident knows of a problem: when the customer perceived it, when errors were seen, its urgency."""

    ticket: str
    observed_from: AwareDatetime
    observed_to: AwareDatetime | None
    seen_at: AwareDatetime
    priority: int


class ServiceProblem(Value):
    """One problem of one resource; `analysed_as` is the ticket under which it was analysed."""

    id: str
    resource: str
    type_of_problem: str
    reason: str
    findings: tuple[Finding, ...]
    analysed_as: str
    began_at: AwareDatetime
    opened_at: AwareDatetime
    released_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None
    end: ProblemEnd | None = None

    @property
    def is_free(self) -> bool:
        """Tell whether it may be restored without a further release."""
        return self.released_at is not None or self.end is ProblemEnd.RESTORED

    def explains(self, findings: Iterable[Finding], *, seen_at: AwareDatetime) -> bool:
        """Tell whether this problem, while open, had all the errors that were seen at the resource."""
        known = {_mark(finding) for finding in self.findings}
        return (self.closed_at is None or seen_at < self.closed_at) and all(_mark(f) in known for f in findings)

    def overlaps(self, sighting: Sighting) -> bool:
        """Tell whether the customer perceived something while this problem was there."""
        until = sighting.observed_to
        return (until is None or until > self.began_at) and (
            self.closed_at is None or sighting.observed_from < self.closed_at
        )


class ProblemTie(Value):
    """The mention of a service problem in a document."""

    id: str
    resource: str
    analysed_as: str


def sighting(report: ProblemReport, priority: Priority, *, seen_at: AwareDatetime) -> Sighting:
    """Return what this incident tells its service problems; priorities as in TMF656, 1 is the highest."""
    return Sighting(
        ticket=report.ticket,
        observed_from=report.observed_from,
        observed_to=report.observed_to,
        seen_at=seen_at,
        priority=2 * priority.rank - 1,
    )


def by_resource(findings: Iterable[Finding]) -> dict[str, tuple[Finding, ...]]:
    """Sort findings by the resource at which they were made, in the order of the gravest of each."""
    found: dict[str, tuple[Finding, ...]] = {}
    for finding in findings:
        found[finding.resource] = (*found.get(finding.resource, ()), finding)
    return found


def see_problem(findings: Sequence[Finding], seen: Sighting, *, now: AwareDatetime) -> ServiceProblem:
    """Make a new problem of what was found at one resource; it gets its number when it is stored."""
    leading = next((finding for finding in findings if finding.explained), findings[0])
    raised = [finding.raised_at for finding in findings if finding.raised_at is not None]
    shown = ", ".join(finding.alarm_code or finding.state.value for finding in findings)
    return ServiceProblem(
        id="",
        resource=leading.resource,
        type_of_problem=leading.type_of_problem,
        reason=f"{shown} at {leading.resource}",
        findings=tuple(findings),
        analysed_as=seen.ticket,
        began_at=min(raised, default=seen.observed_from),
        opened_at=now,
    )


def ties_to(problems: Iterable[ServiceProblem]) -> tuple[ProblemTie, ...]:
    """Mention these problems in a document."""
    return tuple(ProblemTie(id=p.id, resource=p.resource, analysed_as=p.analysed_as) for p in problems)


def take_over(findings: Sequence[Finding], problems: Iterable[ServiceProblem], *, ticket: str) -> tuple[Finding, ...]:
    """Replace this ticket's findings about a known problem by those of the ticket that analysed it."""
    analysed = {p.resource: p.findings for p in problems if p.analysed_as != ticket}
    return tuple(chain.from_iterable(analysed.get(where, mine) for where, mine in by_resource(findings).items()))


def restored_meanwhile(problems: Iterable[ServiceProblem], errors: Iterable[Finding]) -> tuple[ServiceProblem, ...]:
    """Return the problems that were restored meanwhile and whose resource has no new error."""
    wrong = {error.resource for error in errors}
    return tuple(p for p in problems if p.end is ProblemEnd.RESTORED and p.resource not in wrong)


def all_free(problems: Iterable[ServiceProblem]) -> bool:
    """Tell whether a request against these problems needs no release; replaced problems do not count."""
    there = [problem for problem in problems if problem.end in {None, ProblemEnd.RESTORED}]
    return bool(there) and all(problem.is_free for problem in there)


def say_whose(reason: str, ties: Iterable[ProblemTie], *, ticket: str) -> str:
    """Add to the reason under which other ticket the analysis was made."""
    others = [f"{tie.id}, analysed as {tie.analysed_as}" for tie in ties if tie.analysed_as != ticket]
    return f"{reason}; taken over from service problem {' and '.join(others)}" if others else reason


def _mark(finding: Finding) -> tuple[str | None, str]:
    return finding.alarm, finding.type_of_problem

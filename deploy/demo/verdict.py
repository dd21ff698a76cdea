"""Compare how an incident ended with how it had to end."""

from collections.abc import Iterator

from deploy.demo.incidents import Expectation
from include.sla_logic.adapters.case_view import Case
from include.sla_logic.domain.customer_report import CustomerReport


def differences(case: Case | None, run_state: str, expected: Expectation) -> Iterator[str]:
    """Say everything that is not as expected, one short sentence each; nothing where all is well."""
    if run_state != "success":
        yield f"the run is {run_state}"
    if case is None:
        yield "no incident was opened"
        return
    yield from _way(case, expected)
    yield from _end(case, expected)
    if len(case.letters) == 0:
        yield "no letter left the house"


def _way(case: Case, expected: Expectation) -> Iterator[str]:
    taken = set(case.tasks)
    yield from (f"{task} was not done" for task in sorted(expected.tasks - taken))
    yield from (f"{task} was done" for task in sorted(taken - expected.tasks))
    if len(case.children) != expected.children:
        yield f"{len(case.children)} child tickets instead of {expected.children}"


def _end(case: Case, expected: Expectation) -> Iterator[str]:
    closed, report = case.closed, case.document(CustomerReport)
    if closed is None or report is None:
        yield "the incident is not closed"
        return
    pairs = {
        "outcome": (closed.outcome, expected.outcome),
        "ending": (closed.ending, expected.ending),
        "credit": (closed.credit_state, expected.credit_state),
        "amount": (closed.credit, expected.credit or closed.credit),
    }
    yield from (f"{name} is {found} instead of {wanted}" for name, (found, wanted) in pairs.items() if found != wanted)
    breached = sorted(report.performance.breached_objectives)
    if expected.breached is not None and breached != sorted(expected.breached):
        yield f"breached are {breached} instead of {sorted(expected.breached)}"

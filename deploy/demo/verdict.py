"""Compare how an incident ended with how it had to end."""

import json
from collections.abc import Iterator
from decimal import Decimal

from include.sla_logic.domain.closed_incident import Ending
from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.sla import ObjectiveJudgement, SlaComparison
from include.sla_logic.sample_data import Expectation
from include.sla_logic.services.lookups import Case

LINK = "link_to_extra_problem_fix"
OTHER_PROCESS = {"take_over_incident"}  # done for this incident by the extra problem fix process
SLACK_SECONDS = 120  # between loading the data and accepting the notification
SHOWN_DIGITS = Decimal("1E-8")


def differences(case: Case | None, run_state: str, expected: Expectation) -> Iterator[str]:
    """Say everything that is not as expected, one short sentence each; nothing where all is well."""
    if run_state != "success":
        yield f"the run is {run_state}"
    if case is None:
        yield "no incident was opened"
        return
    yield from _way(case, expected)
    yield from _measurement(case, expected)
    yield from _end(case, expected)


def first_comparison(case: Case) -> SlaComparison | None:
    """Return what was found when the report came in, before anything was corrected."""
    found = next((document for document in case.documents if document.kind == SlaComparison.kind()), None)
    return SlaComparison.model_validate_json(json.dumps(found.body)) if found else None


def judgement_of(comparison: SlaComparison | None, objective: str) -> ObjectiveJudgement | None:
    """Pick the objective that an incident is about."""
    judgements = comparison.objectives if comparison else ()
    return next((judged for judged in judgements if judged.objective == objective), None)


def _way(case: Case, expected: Expectation) -> Iterator[str]:
    taken, wanted = set(case.tasks) - OTHER_PROCESS, set(expected.path)
    yield from (f"{task} was not done" for task in sorted(wanted - taken))
    yield from (f"{task} was done" for task in sorted(taken - wanted))
    children = int(LINK in wanted)
    if len(case.children) != children:
        yield f"{len(case.children)} child tickets instead of {children}"
    if children and OTHER_PROCESS - set(case.tasks):
        yield "the extra problem fix process did not take the incident over"


def _measurement(case: Case, expected: Expectation) -> Iterator[str]:
    comparison = first_comparison(case)
    judged = judgement_of(comparison, expected.objective)
    if comparison is None or judged is None or judged.measured is None:
        yield f"{expected.objective} was not measured"
        return
    if judged.target != expected.promised:
        yield f"{judged.target} was promised instead of {expected.promised}"
    if bool(judged.breached) != expected.violated:
        yield f"{expected.objective} is {'violated' if judged.breached else 'kept'}"
    # A service that is still down has grown worse since its data were made, by the time that went by at most.
    passed = Decimal(100) * Decimal(int((comparison.as_of - case.ticket.created_at).total_seconds()) + SLACK_SECONDS)
    slack = passed / comparison.window.seconds if expected.still_down else SHOWN_DIGITS
    if not expected.measured - slack <= judged.measured <= expected.measured + SHOWN_DIGITS:
        yield f"{judged.measured} was measured instead of {expected.measured}"


def _end(case: Case, expected: Expectation) -> Iterator[str]:
    closed = case.closed
    if closed is None:
        yield "the incident is not closed"
        return
    pairs = {
        "outcome": (closed.outcome, expected.outcome),
        "ending": (closed.ending, Ending.ESCALATED if expected.escalated else Ending.RESOLVED),
        "credit": (closed.credit, expected.credit),
        "review": (closed.credit_state is CreditState.UNDER_REVIEW, expected.held),
    }
    yield from (f"{name} is {found} instead of {wanted}" for name, (found, wanted) in pairs.items() if found != wanted)
    yield from _booking(case, expected)
    mails = [message.state for message in case.outbox if message.kind == "mail"]
    if mails != ["sent"] or not case.letters:
        yield f"letters: {', '.join(mails) or 'none'} instead of one that was sent"


def _booking(case: Case, expected: Expectation) -> Iterator[str]:
    """Compare what the account and its invoice say; a held credit is not booked yet."""
    adjustment = case.adjustment
    if adjustment is None:
        yield "the bill was not adjusted"
        return
    due = Money.zero(expected.credit.currency) if expected.held else expected.credit
    if adjustment.booked != due:
        yield f"{adjustment.booked} was booked instead of {due}"
    before, after = adjustment.invoice_before, adjustment.invoice_after
    if before is not None and after is not None and before - after != adjustment.booked:
        yield f"the invoice went from {before} to {after}, though {adjustment.booked} was booked"

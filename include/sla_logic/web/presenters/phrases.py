"""Phrases that the sentences about several documents share."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import singledispatch
from typing import Any

from include.sla_logic.domain.corrective_actions import CorrectiveActions
from include.sla_logic.domain.counter_measures import CounterMeasure
from include.sla_logic.domain.diagnosis_table import Finding
from include.sla_logic.domain.network import ResourceState
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.service_performance import ServicePerformance
from include.sla_logic.domain.service_problem import ProblemTie
from include.sla_logic.domain.verification import Check
from include.sla_logic.web.rendering import figure, length, moment
from include.sla_logic.web.wording import in_words, plainly


@singledispatch
def present(document: Any) -> Iterator[str]:
    """Return the sentences about a document; each kind registers its own."""
    raise TypeError(f"no sentences are registered for {type(document).__name__}")


def at(instant: Any) -> str:
    """Write an instant."""
    return f"{moment(instant)} UTC"


def span(period: Period) -> str:
    """Write a period."""
    return f"{moment(period.start)} to {at(period.end)}"


def counted(number: int, what: str) -> str:
    """Write `1 alarm` or `3 alarms`."""
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"


def listed(words: Iterable[str], *, nothing: str = "none") -> str:
    """Write `a, b and c`."""
    all_words = list(words)
    if len(all_words) < 2:  # noqa: PLR2004 - nothing to join
        return all_words[0] if all_words else nothing
    return f"{', '.join(all_words[:-1])} and {all_words[-1]}"


def sentence(text: str) -> str:
    """Begin with a capital letter and end with one full stop."""
    text = plainly(text.strip())
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def quantity(value: Decimal | None, unit: str, beside: Decimal | None = None) -> str:
    """Write a value with its unit, in full where it would otherwise look equal to the promise that it missed."""
    return "nothing" if value is None else figure(value, unit, beside)


def finding(found: Finding) -> str:
    """Say what is wrong at one resource."""
    where = f"{found.resource_name} ({found.resource})"
    if found.alarm_code:
        state = "" if found.state is ResourceState.IN_SERVICE else f" and is {in_words(found.state)}"
        return f"{where} reports {in_words(found.alarm_code.lower())}{state}"
    return f"{where} is {in_words(found.state)} without any alarm"


def findings(found: Sequence[Finding]) -> Iterator[str]:
    """Say what is wrong, one sentence for each error."""
    for each in found[:10]:
        known = in_words(each.type_of_problem) if each.explained else "something that no rule explains"
        yield sentence(f"{finding(each)}: {known}")
    if len(found) > 10:  # noqa: PLR2004 - more than one would read
        yield f"{len(found) - 10} further errors are in the JSON."


def shared(ties: Sequence[ProblemTie], *, ticket: str = "") -> Iterator[str]:
    """Say where the same cause was analysed."""
    for tie in ties:
        whose = "this incident" if tie.analysed_as == ticket else f"incident {tie.analysed_as}"
        yield f"It belongs to service problem {tie.id} at {tie.resource}, which was analysed under {whose}."


def checks(taken: Sequence[Check]) -> Iterator[str]:
    """Say what a fresh measurement showed."""
    for check in taken:
        metric = in_words(check.metric.value)
        if check.measured is None:
            yield f"No measurement of {metric} came back, so it proves nothing."
            continue
        verdict = "as it should be" if check.passed else "not as it should be"
        side = "at least" if check.at_least else "at most"
        bound = "" if check.bound is None else f", where {side} {quantity(check.bound, check.unit)} is wanted"
        gave = quantity(check.measured, check.unit, check.bound)
        yield f"A fresh measurement of {metric} gave {gave}{bound}: {verdict}."


def corrections(actions: CorrectiveActions) -> Iterator[str]:
    """Say what was done about each error, and whether it helped."""
    for correction in actions.corrections:
        done = [
            f"{in_words(result.action.value)} at {result.resource} "
            f"{'was carried out' if result.ran else f'did not run ({result.answer})'} at {at(result.at)}"
            for result in correction.results
        ]
        gone = "the error is gone" if correction.gone else "the error is still there"
        yield sentence(f"{finding(correction.finding)}: {listed(done, nothing='nothing had to be ordered')}; {gone}")
    yield from checks(actions.checks)
    if actions.verified:
        yield "The correction is verified: every error is gone and the service measures as promised."
    else:
        yield sentence(f"The correction is not verified: {'; '.join(actions.shortcomings)}")


def measures(planned: Sequence[CounterMeasure]) -> Iterator[str]:
    """Say who does what by when, and how its priority changed."""
    for measure in planned:
        counted_in = f", counted in the service hours {measure.due_in_hours}" if measure.due_in_hours else ""
        yield (
            f"{measure.title}: {measure.department.value} takes care of it with priority {measure.priority.value}, "
            f"due {at(measure.due_at)}{counted_in}."
        )
        for change in measure.history:
            went = f"from {change.before.value} to {change.after.value} at {at(change.at)}"
            yield sentence(f"Its priority went {went}: {change.reason}")


def performance(seen: ServicePerformance) -> Iterator[str]:
    """Say for each objective what was promised and what was measured."""
    for each in seen.objectives:
        side = "at least" if each.at_least else "at most"
        promised = "as the contract's table says" if each.promised is None else quantity(each.promised, each.unit)
        what = each.title or in_words(each.metric)
        left = each.seconds_to_next_tier
        more = "" if left is None else f"; {length(left)} of downtime are left before the next credit tier"
        bound = promised if each.promised is None else f"{side} {promised}"
        yield sentence(
            f"{what}: promised {bound}, measured {quantity(each.measured, each.unit, each.promised)}, so it is "
            f"{in_words(each.state.value)}{more}"
        )

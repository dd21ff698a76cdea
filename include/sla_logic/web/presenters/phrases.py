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
from include.sla_logic.web.translations import gettext, ngettext
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
    return gettext("%(start)s to %(end)s", start=moment(period.start), end=at(period.end))


def resources(n: int) -> str:
    """Write how many resources."""
    return ngettext("%(n)s resource", "%(n)s resources", n, n=n) if n else gettext("no resources")


def errors(n: int) -> str:
    """Write how many errors."""
    return ngettext("%(n)s error", "%(n)s errors", n, n=n) if n else gettext("no errors")


def listed(words: Iterable[str], *, nothing: str = "") -> str:
    """Write `a, b and c`."""
    all_words = list(words)
    if len(all_words) < 2:  # noqa: PLR2004 - nothing to join
        return all_words[0] if all_words else nothing or gettext("none")
    return gettext("%(first)s and %(last)s", first=", ".join(all_words[:-1]), last=all_words[-1])


def sentence(text: str) -> str:
    """Begin with a capital letter and end with one full stop."""
    text = plainly(text.strip())
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def quantity(value: Decimal | None, unit: str, beside: Decimal | None = None) -> str:
    """Write a value with its unit, in full where it would otherwise look equal to the promise that it missed."""
    return gettext("nothing") if value is None else figure(value, unit, beside)


def finding(found: Finding) -> str:
    """Say what is wrong at one resource."""
    said = {"where": f"{found.resource_name} ({found.resource})", "state": in_words(found.state)}
    if not found.alarm_code:
        return gettext("%(where)s is %(state)s without any alarm", **said)
    said["alarm"] = in_words(found.alarm_code.lower())
    if found.state is ResourceState.IN_SERVICE:
        return gettext("%(where)s reports %(alarm)s", **said)
    return gettext("%(where)s reports %(alarm)s and is %(state)s", **said)


def findings(found: Sequence[Finding]) -> Iterator[str]:
    """Say what is wrong, one sentence for each error."""
    for each in found[:10]:
        known = in_words(each.type_of_problem) if each.explained else gettext("something that no rule explains")
        yield sentence(f"{finding(each)}: {known}")
    if (more := len(found) - 10) > 0:  # more than one would read
        yield ngettext("%(n)s further errors are in the JSON.", "%(n)s further errors are in the JSON.", more, n=more)


def shared(ties: Sequence[ProblemTie], *, ticket: str = "") -> Iterator[str]:
    """Say where the same cause was analysed."""
    for tie in ties:
        said = {"problem": tie.id, "resource": tie.resource}
        if tie.analysed_as == ticket:
            yield gettext(
                "It belongs to service problem %(problem)s at %(resource)s, which was analysed under this incident.",
                **said,
            )
        else:
            yield gettext(
                "It belongs to service problem %(problem)s at %(resource)s, which was analysed under incident "
                "%(ticket)s.",
                ticket=tie.analysed_as,
                **said,
            )


def bounded(bound: str, *, at_least: bool) -> str:
    """Write `at least 99.9 %` or `at most 45 ms`."""
    return gettext("at least %(bound)s", bound=bound) if at_least else gettext("at most %(bound)s", bound=bound)


def checks(taken: Sequence[Check]) -> Iterator[str]:
    """Say what a fresh measurement showed."""
    for check in taken:
        metric = in_words(check.metric.value)
        if check.measured is None:
            yield gettext("No measurement of %(metric)s came back, so it proves nothing.", metric=metric)
            continue
        verdict = gettext("as it should be") if check.passed else gettext("not as it should be")
        said = {"metric": metric, "verdict": verdict, "gave": quantity(check.measured, check.unit, check.bound)}
        if check.bound is None:
            yield gettext("A fresh measurement of %(metric)s gave %(gave)s: %(verdict)s.", **said)
        else:
            yield gettext(
                "A fresh measurement of %(metric)s gave %(gave)s, where %(bound)s is wanted: %(verdict)s.",
                bound=bounded(quantity(check.bound, check.unit), at_least=check.at_least),
                **said,
            )


def corrections(actions: CorrectiveActions) -> Iterator[str]:
    """Say what was done about each error, and whether it helped."""
    for correction in actions.corrections:
        done = []
        for result in correction.results:
            said = {"action": in_words(result.action.value), "resource": result.resource, "at": at(result.at)}
            done.append(
                gettext("%(action)s at %(resource)s was carried out at %(at)s", **said)
                if result.ran
                else gettext(
                    "%(action)s at %(resource)s did not run (%(answer)s) at %(at)s", answer=result.answer, **said
                )
            )
        gone = gettext("the error is gone") if correction.gone else gettext("the error is still there")
        what = listed(done, nothing=gettext("nothing had to be ordered"))
        yield sentence(f"{finding(correction.finding)}: {what}; {gone}")
    yield from checks(actions.checks)
    if actions.verified:
        yield gettext("The correction is verified: every error is gone and the service measures as promised.")
    else:
        why = "; ".join(actions.shortcomings)
        yield sentence(gettext("The correction is not verified: %(why)s", why=why))


def measures(planned: Sequence[CounterMeasure]) -> Iterator[str]:
    """Say who does what by when, and how its priority changed."""
    for measure in planned:
        said = {
            "measure": gettext(measure.title),
            "department": gettext(measure.department.value),
            "priority": measure.priority.value,
            "due": at(measure.due_at),
        }
        if measure.due_in_hours:
            yield gettext(
                "%(measure)s: %(department)s takes care of it with priority %(priority)s, due %(due)s, counted in the "
                "service hours %(hours)s.",
                hours=measure.due_in_hours,
                **said,
            )
        else:
            yield gettext(
                "%(measure)s: %(department)s takes care of it with priority %(priority)s, due %(due)s.", **said
            )
        for change in measure.history:
            went = {"before": change.before.value, "after": change.after.value, "at": at(change.at)}
            yield sentence(
                gettext(
                    "Its priority went from %(before)s to %(after)s at %(at)s: %(reason)s", reason=change.reason, **went
                )
            )


def performance(seen: ServicePerformance) -> Iterator[str]:
    """Say for each objective what was promised and what was measured."""
    for each in seen.objectives:
        said = {
            "what": each.title or in_words(each.metric),
            "promised": gettext("as the contract's table says")
            if each.promised is None
            else bounded(quantity(each.promised, each.unit), at_least=each.at_least),
            "measured": quantity(each.measured, each.unit, each.promised),
            "state": in_words(each.state.value),
        }
        if each.seconds_to_next_tier is None:
            yield sentence(
                gettext("%(what)s: promised %(promised)s, measured %(measured)s, so it is %(state)s", **said)
            )
        else:
            yield sentence(
                gettext(
                    "%(what)s: promised %(promised)s, measured %(measured)s, so it is %(state)s; %(left)s of downtime "
                    "are left before the next credit tier",
                    left=length(each.seconds_to_next_tier),
                    **said,
                )
            )

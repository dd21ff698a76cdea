"""How a letter begins: what the customer told us, what we found, and an apology where a promise was broken."""

from __future__ import annotations

from collections.abc import Iterator

from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.period import Period, of_span
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.domain.spans import merge
from include.sla_logic.letters.translations import Wording


def opening_sentence(report: CustomerReport, wording: Wording) -> str:
    """Say what the customer told us or what we noticed, and how the incident stands."""
    day, symptom = wording.day(report.reported_at), wording.say(f"symptom.{report.symptom.value}")
    told = wording.say("told.noticed" if report.proactive else "told.reported", day=day, symptom=symptom)
    if report.follow_up is not None:
        began = wording.say("follow_up.began", told=told, wrote=wording.day(report.follow_up.wrote_at))
        return f"{began} {wording.say(f'follow_up.{report.follow_up.state.value}.opening')}"
    if down := reported_downtime(report):
        length = wording.exact_length(sum(one.seconds for one in down))
        ends = {"start": wording.moment(down[0].start), "end": wording.moment(down[-1].end)}
        return wording.say("outcome.was_down.opening", told=told, length=length, **ends)
    return wording.say(f"{_opening_key(report)}.opening", told=told)


def reported_downtime(report: CustomerReport) -> list[Period]:
    """Return the counted downtime of the time that the customer reported, where we found no fault and it was over.

    A service that failed in part was not down: then there is none.
    """
    if report.outcome is not Outcome.NO_PROBLEM_FOUND or report.follow_up is not None or report.examined_nothing:
        return []
    until = report.observed_to or report.performance.as_of
    counted = [one.span for each in report.times for one in each.stretches if one.counts and not one.in_part]
    mine = [of_span(span) for span in merge(counted)]
    mine = [one for one in mine if one.start < until and report.observed_from < one.end]
    return mine if all(one.end < report.performance.as_of for one in mine) else []


def apology(report: CustomerReport, wording: Wording) -> Iterator[str]:
    """Say that we are sorry for a broken promise; while an incident is open its opening says so."""
    if report.performance.breached and report.is_settled:
        yield wording.say("apology")


def _opening_key(report: CustomerReport) -> str:
    """Choose an opening that claims no correction that was not made and no examination without data."""
    if report.outcome is Outcome.CORRECTION_NOT_VERIFIED and not report.done:
        return "outcome.not_corrected"
    if report.outcome is Outcome.NO_PROBLEM_FOUND and report.examined_nothing:
        return "outcome.nothing_known"
    return f"outcome.{report.outcome.value}"

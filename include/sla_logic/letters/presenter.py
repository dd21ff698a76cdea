"""What the letter says: a customer report put into the words of its reader."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from include.sla_logic.domain.customer_report import CreditState, CustomerReport, DoneAction, NextStep
from include.sla_logic.domain.follow_up import FollowUpState
from include.sla_logic.domain.mail_message import one_line
from include.sla_logic.domain.notification import ProblemParameter
from include.sla_logic.domain.relationship import Customer
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.domain.statement import SettlementStatement
from include.sla_logic.domain.verification import Check
from include.sla_logic.letters.credit_section import amount_of, credit_figure, credit_section, credit_sentence
from include.sla_logic.letters.dispute_section import dispute_section, dispute_sentences
from include.sla_logic.letters.objectives_section import (
    bound_text,
    measured_text,
    metric_name,
    objectives_section,
    promised_text,
    worst_first,
)
from include.sla_logic.letters.opening import apology, opening_sentence, reported_downtime
from include.sla_logic.letters.translations import Wording
from include.sla_logic.letters.view_model import (
    Block,
    Fact,
    Facts,
    Letter,
    Paragraph,
    Quote,
    Section,
    Step,
    Steps,
    Tone,
)

OURSELVES = "TELECO"
_NAME, WHOLE_NAME, _LONGEST_DESCRIPTION = 80, 500, 2000
_UNCORRECTED = {Outcome.NO_PROBLEM_FOUND, Outcome.NOT_EXAMINED}
_TONES = {Outcome.RESTORED: Tone.GOOD, Outcome.NO_PROBLEM_FOUND: Tone.PLAIN}
_FOLLOW_UP_TONES = {FollowUpState.WORKS_AGAIN: Tone.GOOD, FollowUpState.CLOSED: Tone.PLAIN}


def write_letter(report: CustomerReport, customer: Customer) -> Letter:
    """Put the report into words; the same report gives the same letter."""
    wording, down = Wording(report.locale, report.zone), reported_downtime(report)
    service, outcome = one_line(report.service_name, _NAME), report.outcome
    key = "outcome.was_down" if down else f"outcome.{outcome.value}"
    if report.follow_up is not None:
        key = f"follow_up.{report.follow_up.state.value}"
    named = {"service": service, "reference": report.ticket}
    opening, contested = opening_sentence(report, wording), dispute_sentences(report.disputes, wording)
    credit = credit_sentence(report, wording)
    return Letter(
        language=wording.language,
        subject=wording.say(f"{key}.subject", **named),
        preview=credit,
        date=wording.day(report.created_at),
        reference=Fact(wording.say("reference"), report.ticket),
        tone=_tone(report),
        badge=wording.say(f"{key}.badge"),
        headline=wording.say(f"{key}.headline", service=service),
        greeting=wording.say("greeting", name=one_line(customer.name, WHOLE_NAME)),
        opening=(opening, *apology(report, wording), *contested, credit, *_now_down(wording, down=bool(down))),
        figures=tuple(_figures(report, wording)),
        sections=(
            Section(wording.say("section.next"), tuple(Paragraph(text) for text in _next(report, wording))),
            _first_section(report, wording),
            Section(wording.say("section.done"), tuple(_done(report, wording))),
            objectives_section(report, wording),
            credit_section(report, wording),
            *dispute_section(report.disputes, wording),
        ),
        closing=(wording.say("closing"), signature(report.provider, wording)),
        recipient=one_line(customer.name, WHOLE_NAME),
        address=customer.address_lines,
        theirs=_their_reference(report, wording),
        numbers=numbers(report, wording),
        appendix=wording.say("section.appendix"),
        footer=(wording.say("zone", zone=wording.zone_name),),
        company=company_name(report.provider),
        colon=wording.say("labelled", label="", value=""),
    )


def company_name(provider: str | None) -> str:
    """Name who the contract says provides the service; contracts may leave it out."""
    return one_line(provider or "", _NAME) or OURSELVES


def signature(provider: str | None, wording: Wording) -> str:
    """Return who signs, which is also the sender's name of the mail."""
    return wording.say("signature", provider=company_name(provider))


def _now_down(wording: Wording, *, down: bool) -> tuple[str, ...]:
    return (wording.say("outcome.was_down.now"),) if down else ()


def _tone(report: CustomerReport) -> Tone:
    if report.follow_up is None:
        return _TONES.get(report.outcome, Tone.MIXED)
    return _FOLLOW_UP_TONES.get(report.follow_up.state, Tone.MIXED)


def numbers(report: CustomerReport | SettlementStatement, wording: Wording) -> tuple[Fact, ...]:
    """Name the customer, the service and the contract as the register does."""
    contract = wording.say("number.version", contract=report.contract, version=report.contract_version)
    return (
        Fact(wording.say("number.customer"), one_line(report.customer, 64)),
        Fact(wording.say("number.service"), one_line(report.service, 64)),
        Fact(wording.say("number.contract"), one_line(contract, 100)),
    )


def _figures(report: CustomerReport, wording: Wording) -> Iterator[Fact]:
    if objectives := worst_first(report):
        worst = objectives[0]
        name = metric_name(worst.metric, wording)
        yield Fact(wording.say("figure.promised"), promised_text(worst, wording), name)
        yield Fact(wording.say("figure.measured"), measured_text(worst, wording))
    yield credit_figure(report, wording)


def _first_section(report: CustomerReport, wording: Wording) -> Section:
    """State what the customer reported, or what we noticed: an alarm's own words are not for the customer."""
    if not report.proactive:
        return Section(wording.say("section.reported"), tuple(_reported(report, wording)))
    facts = (
        Fact(wording.say("reported.since"), wording.moment(report.observed_from)),
        Fact(wording.say("reported.until"), wording.say("reported.lasts")),
        Fact(wording.say("reported.noticed_at"), wording.moment(report.reported_at)),
    )
    return Section(wording.say("section.noticed"), (Facts(facts),))


def _reported(report: CustomerReport, wording: Wording) -> Iterator[Block]:
    yield Quote(_own_words(report.description))
    until = wording.moment(report.observed_to) if report.observed_to else wording.say("reported.still")
    facts = [
        Fact(wording.say("reported.since"), wording.moment(report.observed_from)),
        Fact(wording.say("reported.until"), until),
        Fact(wording.say("reported.reported_at"), wording.moment(report.reported_at)),
    ]
    if report.parameters:
        values = ", ".join(_own_value(p, wording) for p in report.parameters)
        facts.append(Fact(wording.say("reported.values"), values))
    yield Facts(tuple(facts))


def _own_words(text: str) -> str:
    """Keep the customer's lines, without the characters that could disturb the letter."""
    lines = [one_line(line, _LONGEST_DESCRIPTION) for line in text.splitlines()]
    kept = "\n".join(lines).strip("\n")
    return kept if len(kept) <= _LONGEST_DESCRIPTION else f"{kept[:_LONGEST_DESCRIPTION].rstrip()} …"


def _own_value(parameter: ProblemParameter, wording: Wording) -> str:
    value = wording.quantity(parameter.value, parameter.unit)
    return wording.say("reported.own_value", name=metric_name(parameter.metric.value, wording), value=value)


def _done(report: CustomerReport, wording: Wording) -> Iterator[Block]:
    later = report.follow_up
    worked = later.worked_at if later else ()
    if later is None or report.type_of_problem is not None:
        yield Paragraph(_cause(report, wording))
    if report.outcome not in _UNCORRECTED and not (report.done or worked):
        yield Paragraph(wording.say("done.nothing_yet"))
    steps = [
        Step(
            wording.moment(report.reported_at),
            wording.say(f"done.{'we_noticed' if report.proactive else 'you_reported'}"),
        )
    ]
    steps += [_action(done, wording) for done in report.done]
    steps += [_check(check, report, wording) for check in report.measured_now]
    steps += [Step(wording.moment(at), wording.say("done.worked")) for at in worked]
    steps += [_check(check, report, wording) for check in (later.checks if later else ())]
    yield Steps(tuple(_joined(steps)))


def _cause(report: CustomerReport, wording: Wording) -> str:
    if report.outcome is Outcome.NOT_EXAMINED:
        return wording.say("done.not_examined")
    if report.outcome is Outcome.NO_PROBLEM_FOUND:
        return wording.say("done.nothing_known" if report.examined_nothing else "done.nothing")
    if report.type_of_problem is None:
        return wording.say("done.no_cause")
    known = f"problem.{report.type_of_problem}"
    return wording.say("problem.intro", cause=wording.say(known if wording.has(known) else "problem.other"))


def _joined(steps: list[Step]) -> Iterator[Step]:
    """Merge neighbouring steps of the same minute and tone."""
    for (when, tone), same in groupby(steps, key=lambda step: (step.when, step.tone)):
        yield Step(when, " ".join(step.what for step in same), tone)


def _action(done: DoneAction, wording: Wording) -> Step:
    what = wording.say(f"done.{done.action.value}")
    if done.ran:
        return Step(wording.moment(done.at), what)
    return Step(wording.moment(done.at), wording.say("done.failed", what=what), Tone.BAD)


def _check(check: Check, report: CustomerReport, wording: Wording) -> Step:
    when = wording.moment(check.taken_at or report.performance.as_of)
    name = metric_name(check.metric.value, wording)
    if check.measured is None:
        tone = Tone.PLAIN if report.is_settled else Tone.BAD
        return Step(when, wording.say("done.no_answer", name=name), tone)
    value = wording.measured(check.measured, check.unit, check.bound)
    if check.bound is None:
        return Step(when, wording.say("done.verified", name=name, value=value), Tone.GOOD)
    target = bound_text(check.bound, check.unit, wording, at_least=check.at_least)
    said = wording.say(
        "done.verified_bound" if check.passed else "done.not_verified", name=name, value=value, target=target
    )
    return Step(when, said, Tone.GOOD if check.passed else Tone.BAD)


def _next(report: CustomerReport, wording: Wording) -> Iterator[str]:
    deadline = report.credit.claim_deadline if report.credit else None
    for step in report.next_steps:
        if step is NextStep.CLAIM_CREDIT and deadline is not None:
            yield wording.say("next.claim_credit_by", day=wording.last_day(deadline))
        elif step is NextStep.WRITE_AGAIN:
            if report.writes_next_by is not None:
                yield wording.say("next.write_again", day=wording.day(report.writes_next_by))
        elif not (step is NextStep.CREDIT_MAY_GROW and _is_open(report)):
            yield wording.say(f"next.{step.value}")
    yield wording.say("reply", reference=report.ticket)
    yield wording.say("object")


def _is_open(report: CustomerReport) -> bool:
    """Tell whether the amount of the credit is unknown, so that its growth is no news."""
    credit = report.credit
    return credit is not None and credit.state is CreditState.UNDER_REVIEW and amount_of(credit).amount <= 0


def _their_reference(report: CustomerReport, wording: Wording) -> Fact | None:
    theirs = "" if report.proactive else one_line(report.external_reference or "", 64)
    return Fact(wording.say("their_reference"), theirs) if theirs else None

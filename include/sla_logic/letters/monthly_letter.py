"""The service report of a month: one section for each service, and the same as rows for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from include.sla_logic.domain.mail_message import one_line
from include.sla_logic.domain.money import Money, half_up
from include.sla_logic.domain.monthly_report import MonthlyReport, ServiceMonth
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Customer
from include.sla_logic.domain.statement import StatedCredit
from include.sla_logic.letters.counted_times_section import counted_by
from include.sla_logic.letters.objectives_section import (
    measured_text,
    name_of,
    notes_of_window,
    objective_block,
    promised_text,
    verdict_text,
    worst_first,
)
from include.sla_logic.letters.presenter import WHOLE_NAME, company_name, signature
from include.sla_logic.letters.statement_letter import outage_steps
from include.sla_logic.letters.translations import Wording
from include.sla_logic.letters.view_model import Account, Block, Fact, Letter, Line, Note, Paragraph, Section, Tone

_NAME = 80


def write_monthly_report(report: MonthlyReport, customer: Customer) -> Letter:
    """Put the report into words; the same report gives the same letter."""
    wording = Wording(report.locale, report.services[0].zone if report.services else "UTC")
    month = wording.month(report.month)
    summary = wording.say("monthly.summary" if report.services else "monthly.no_service", month=month)
    provider = ", ".join(report.providers)
    return Letter(
        language=wording.language,
        subject=wording.say("monthly.subject", month=month),
        preview=summary,
        date=wording.day(report.created_at),
        reference=Fact(wording.say("monthly.customer"), report.customer),
        tone=Tone.PLAIN,
        badge=wording.say("monthly.badge"),
        headline=wording.say("monthly.subject", month=month),
        greeting=wording.say("greeting", name=one_line(customer.name, WHOLE_NAME)),
        opening=(summary,),
        figures=tuple(_figures(report, wording)),
        sections=tuple(_section(one, Wording(report.locale, one.zone)) for one in report.services),
        closing=(wording.say("closing"), signature(provider, wording)),
        footer=(wording.say("monthly.as_of", moment=wording.moment(report.created_at), zone=wording.zone_name),),
        company=company_name(provider),
        colon=wording.say("labelled", label="", value=""),
        recipient=one_line(customer.name, WHOLE_NAME),
        address=customer.address_lines,
    )


def _figures(report: MonthlyReport, wording: Wording) -> Iterator[Fact]:
    yield Fact(wording.say("monthly.services"), str(len({one.service for one in report.services})))
    broken = sum(len(one.performance.breached_objectives) for one in report.services)
    yield Fact(wording.say("monthly.broken"), str(broken), tone=Tone.BAD if broken else Tone.GOOD)
    for total in _totals(each for one in report.services for each in one.credits):
        yield Fact(wording.say("monthly.credited"), wording.money(total))


def _totals(credits_: Iterable[StatedCredit]) -> list[Money]:
    """Add up what is booked, by currency; a credit that two windows share counts once."""
    booked = {one.reference: one.amount for one in credits_ if one.state == "booked"}
    found: dict[str, Money] = {}
    for amount in booked.values():
        found[amount.currency] = found.get(amount.currency, Money.zero(amount.currency)) + amount
    return [found[currency] for currency in sorted(found)]


def _section(month: ServiceMonth, wording: Wording) -> Section:
    title = f"{one_line(month.service_name, _NAME)} ({one_line(month.service, _NAME)})"
    return Section(title, tuple(_blocks(month, wording)))


def _blocks(month: ServiceMonth, wording: Wording) -> Iterator[Block]:
    window = month.performance.window
    yield Paragraph(
        wording.say(
            "monthly.period",
            start=wording.exact_moment(window.start),
            end=wording.exact_moment(window.end),
            length=wording.exact_length(window.seconds),
        )
    )
    if not month.settled:
        why = "under_review" if month.under_review else "not_settled"
        yield Note(wording.say(f"monthly.{'disputed' if month.disputed else why}"))
    counted = {one.objective: one.weighed for one in month.outages}
    for objective in worst_first(month):
        yield objective_block(objective, month, wording, notes=notes_of_window(objective, wording))
        yield from outage_steps(counted.get(objective.objective, ()), wording)
    booked = [one for one in month.credits if one.state == "booked"]
    for total in _totals(booked):
        mine = (one for one in booked if one.amount.currency == total.currency)
        lines = tuple(Line(_credit(one.reference, one.window, wording), wording.money(one.amount)) for one in mine)
        yield Account(lines, Line(wording.say("monthly.credited"), wording.money(total)))
    for one in month.credits:
        if one.state == "unclaimed":
            yield Note(wording.say("credit.to_be_claimed", amount=wording.money(one.amount)))
    if not month.credits and not (month.under_review or month.disputed):
        yield Paragraph(wording.say("monthly.no_credit"))
    if month.next_window is not None:
        yield Paragraph(wording.say("monthly.next", period=wording.period(month.next_window)))


def _credit(reference: str, window: Period, wording: Wording) -> str:
    return wording.say("monthly.credit", reference=reference.partition(":")[0], period=wording.period(window))


def csv_rows(report: MonthlyReport) -> tuple[list[str], list[list[object]], str]:
    """Return the columns, the rows and the delimiter that spreadsheets of the reader's language expect."""
    wording = Wording(report.locale, "UTC")
    names = ("service", "name", "from", "to", "kind", "what", "promised", "measured", "result", "seconds", "amount")
    columns = [wording.say(f"monthly.column_{name}") for name in (*names, "currency")]
    decimal = wording.number_locale()["decimal"]
    rows = [row for one in report.services for row in _rows(one, Wording(report.locale, one.zone), decimal)]
    return columns, rows, ";" if decimal == "," else ","


def _rows(month: ServiceMonth, wording: Wording, decimal: str) -> Iterator[list[object]]:
    named: list[object] = [month.service, month.service_name]
    window = month.performance.window
    for objective in month.performance.objectives:
        said = (promised_text(objective, wording), measured_text(objective, wording), verdict_text(objective, wording))
        what = name_of(objective, month, wording)
        seconds = counted_by(objective)
        counted = "" if seconds is None else _plain(seconds, decimal)
        yield [*named, *_ends(window), wording.say("monthly.kind_promise"), what, *said, counted, "", ""]
    names = {one.objective: name_of(one, month, wording) for one in month.performance.objectives}
    for one in month.outages:
        for outage, weight in one.weighed:
            kind, what = wording.say("monthly.kind_outage"), names[one.objective]
            yield [*named, *_ends(outage), kind, what, "", "", "", _plain(outage.seconds * weight, decimal), "", ""]
    for credit in month.credits:
        kind = wording.say(f"monthly.kind_{credit.state}")
        amount = str(credit.amount.amount).replace(".", decimal)
        about = credit.reference.partition(":")[0]
        yield [*named, *_ends(credit.window), kind, about, "", "", "", "", amount, credit.amount.currency]
    if month.next_window is not None:
        yield [*named, *_ends(month.next_window), wording.say("monthly.kind_next"), *[""] * 7]


def _plain(seconds: Fraction, decimal: str) -> str:
    return f"{half_up(seconds, 8).normalize():f}".replace(".", decimal)


def _ends(period: Period) -> tuple[str, str]:
    return period.start.isoformat(), period.end.isoformat()

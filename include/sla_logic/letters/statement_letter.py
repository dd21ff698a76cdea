"""The letter about a settled window: restated in full, so that a reader can work out every amount from it alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from include.sla_logic.domain.mail_message import one_line
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Customer
from include.sla_logic.domain.statement import SettlementStatement, StatementKind, Unlike
from include.sla_logic.letters.credit_account import CreditAccount
from include.sla_logic.letters.dispute_section import dispute_section, dispute_sentences
from include.sla_logic.letters.objectives_section import notes_of_window, objective_block, worst_first
from include.sla_logic.letters.presenter import WHOLE_NAME, company_name, numbers, signature
from include.sla_logic.letters.translations import Wording
from include.sla_logic.letters.view_model import (
    Account,
    Block,
    Fact,
    Letter,
    Line,
    Note,
    Paragraph,
    Section,
    Step,
    Steps,
    Tone,
)

_NAME = 80


def write_statement(statement: SettlementStatement, customer: Customer) -> Letter:
    """Put the statement into words; the same statement gives the same letter."""
    wording = Wording(statement.locale, statement.zone)
    kind = f"statement.{statement.kind.value}"
    values = {
        "service": one_line(statement.service_name, _NAME),
        "period": wording.period(statement.performance.window),
        "reference": statement.reference,
    }
    amount = amount_sentence(statement, wording)
    return Letter(
        language=wording.language,
        subject=wording.say(f"{kind}.subject", **values),
        preview=amount,
        date=wording.day(statement.created_at),
        reference=Fact(wording.say("reference"), statement.reference),
        tone=Tone.PLAIN if statement.kind is StatementKind.FINAL else Tone.MIXED,
        badge=wording.say(f"{kind}.badge"),
        headline=wording.say(f"{kind}.headline", **values),
        greeting=wording.say("greeting", name=one_line(customer.name, WHOLE_NAME)),
        opening=(_opening(statement, kind, wording), *dispute_sentences(statement.disputes, wording), amount),
        figures=tuple(_figures(statement, wording)),
        sections=(
            *dispute_section(statement.disputes, wording),
            *_changed(statement, wording),
            Section(wording.say("section.measured"), tuple(_measured(statement, wording))),
            Section(wording.say("section.credit"), tuple(_credited(statement, wording))),
            Section(wording.say("section.next"), tuple(Paragraph(text) for text in _next(statement, wording))),
        ),
        closing=(wording.say("closing"), signature(statement.provider, wording)),
        footer=(wording.say("zone", zone=wording.zone_name),),
        company=company_name(statement.provider),
        colon=wording.say("labelled", label="", value=""),
        recipient=one_line(customer.name, WHOLE_NAME),
        address=customer.address_lines,
        numbers=numbers(statement, wording),
    )


def _opening(statement: SettlementStatement, kind: str, wording: Wording) -> str:
    opening = wording.say(f"{kind}.opening")
    return f"{opening} {wording.say('statement.replaces')}" if statement.follows else opening


def amount_sentence(statement: SettlementStatement, wording: Wording) -> str:
    """Say what is decided: what is credited, charged, to be claimed, or why there is nothing."""
    final, difference = statement.final, statement.difference
    said = {"final": wording.money(final), "before": wording.money(statement.before)}
    if difference.amount < 0:
        return wording.say("statement.charged", amount=wording.money(-difference), **said)
    if statement.to_claim:
        amount = wording.money(statement.to_claim)
        if statement.claim_deadline is None:
            return wording.say("credit.to_be_claimed", amount=amount)
        return wording.say("credit.to_be_claimed_by", amount=amount, day=wording.last_day(statement.claim_deadline))
    if not final and not difference:
        return _why_nothing(statement, wording)
    if not difference:
        return wording.say("statement.unchanged", **said)
    key = "statement.more" if statement.before else "statement.credited"
    return wording.say(key, amount=wording.money(difference), **said)


def _why_nothing(statement: SettlementStatement, wording: Wording) -> str:
    if statement.owed and statement.unlike is not Unlike.LAPSED:
        return wording.say("credit.declined")
    if statement.owed and statement.claim_deadline is not None:
        return wording.say("credit.none_late", day=wording.last_day(statement.claim_deadline))
    if not statement.performance.breached:
        return wording.say("credit.none_unknown" if statement.performance.unknown else "credit.none_kept")
    if statement.claimed_late and statement.claim_deadline is not None:
        return wording.say("credit.none_late", day=wording.last_day(statement.claim_deadline))
    account = CreditAccount(statement, statement.payout, statement.owed.currency, wording)
    return account.why_nothing(statement.lines, (statement.cap, statement.cap_window), decided=False)


def _figures(statement: SettlementStatement, wording: Wording) -> Iterator[Fact]:
    if statement.promised or statement.before:
        label = "statement.provisionally" if statement.promised else "statement.before"
        yield Fact(wording.say(label), wording.money(statement.before))
    if statement.to_claim:
        yield Fact(wording.say("figure.to_be_claimed"), wording.money(statement.to_claim))
    yield Fact(wording.say("statement.now"), wording.money(statement.final))
    if statement.promised or statement.before:
        yield Fact(wording.say("statement.difference"), wording.money(statement.difference))


def _changed(statement: SettlementStatement, wording: Wording) -> Iterator[Section]:
    """Name the kinds of records that have changed since the letter before, and the downtime that counts otherwise."""
    blocks: list[Block] = []
    if statement.changed:
        records = "; ".join(wording.say(f"statement.record.{kind.value}") for kind in statement.changed)
        blocks.append(Paragraph(wording.say("statement.others", records=records)))
    for what, outages in (("added", statement.added), ("removed", statement.removed)):
        if outages:
            blocks += [Paragraph(wording.say(f"statement.{what}")), _steps(outages, wording)]
    if blocks:
        yield Section(wording.say("statement.changed"), tuple(blocks))


def _measured(statement: SettlementStatement, wording: Wording) -> Iterator[Block]:
    window = statement.performance.window
    yield Paragraph(
        wording.say(
            "statement.period",
            start=wording.exact_moment(window.start),
            end=wording.exact_moment(window.end),
            length=wording.exact_length(window.seconds),
        )
    )
    counted = {one.objective: one.weighed for one in statement.outages}
    for objective in worst_first(statement):
        yield objective_block(objective, statement, wording, notes=notes_of_window(objective, wording))
        yield from outage_steps(counted.get(objective.objective, ()), wording)


def outage_steps(outages: Sequence[tuple[Period, Fraction]], wording: Wording) -> Iterator[Block]:
    """Return every outage with both ends, its length and how many seconds of it count, and their sum."""
    if not outages:
        return
    yield Paragraph(wording.say("statement.outages"))
    yield Steps(tuple(_counted(outage, weight, wording) for outage, weight in outages))
    together = sum((outage.seconds * weight for outage, weight in outages), Fraction(0))
    said = {"seconds": _seconds(together, wording), "length": wording.exact_seconds(together)}
    yield Paragraph(wording.say("statement.counts_together", **said))


def _counted(outage: Period, weight: Fraction, wording: Wording) -> Step:
    counts = outage.seconds * weight
    said = {"length": wording.exact_length(outage.seconds), "seconds": _seconds(counts, wording)}
    when = f"{wording.exact_moment(outage.start)} – {wording.exact_moment(outage.end)}"
    if weight == 1:
        return Step(when, wording.say("statement.counts", **said))
    said |= {"percent": wording.share(weight), "counted": wording.exact_seconds(counts)}
    return Step(when, wording.say("statement.counts_in_part", **said))


def _seconds(seconds: Fraction, wording: Wording) -> str:
    return wording.number(wording.to_decimal(seconds))


def _steps(outages: Sequence[Period], wording: Wording) -> Steps:
    whens = (f"{wording.exact_moment(one.start)} – {wording.exact_moment(one.end)}" for one in outages)
    lengths = (wording.exact_length(one.seconds) for one in outages)
    return Steps(tuple(Step(when, what) for when, what in zip(whens, lengths, strict=True)))


def _credited(statement: SettlementStatement, wording: Wording) -> Iterator[Block]:
    sentence = amount_sentence(statement, wording)
    yield Note(sentence) if statement.to_claim else Paragraph(sentence)
    account = CreditAccount(statement, statement.payout, statement.owed.currency, wording)
    if statement.lines or account.too_small:
        yield from account.worked_out(statement.lines)
    if statement.lines or statement.final:
        lines = account.lines_of(statement.lines, statement.owed, (statement.cap, statement.cap_window))
        yield Account(tuple(lines), Line(wording.say("statement.owed"), wording.money(statement.owed)))
        if statement.amounts is not None:
            yield Paragraph(wording.say(f"credit.amounts_{statement.amounts}"))
    if bookings := tuple(_bookings(statement, wording)):
        yield Account(bookings, Line(wording.say("statement.now"), wording.money(statement.final)))
    if statement.promised or statement.before:
        label = wording.say("statement.provisionally" if statement.promised else "statement.before")
        yield Account(
            (
                Line(wording.say("statement.now"), wording.money(statement.final)),
                Line(label, wording.money(-statement.before)),
            ),
            Line(wording.say("statement.difference"), wording.money(statement.difference)),
        )


def _bookings(statement: SettlementStatement, wording: Wording) -> Iterator[Line]:
    """Name what the window owes, and every booking that makes up what is credited."""
    for one in statement.credits:
        if one.state != "booked":
            continue
        key = "statement.credit_line" if one.amount.amount >= 0 else "statement.charge_line"
        if one.invoice:
            key += "_on"
        values = {"day": wording.day(one.booked_at), "reference": one.reference.partition(":")[0]}
        text = wording.say(key, invoice=one_line(one.invoice or "", 64), **values)
        if one.window != statement.performance.window:
            text += " " + wording.say("statement.of", period=wording.period(one.window))
        yield Line(text, wording.money(one.amount))
    missing = statement.missing
    if statement.unlike is not None and missing:
        better, left = ("more", -missing) if missing.amount < 0 else ("less", missing)
        yield Line(wording.say(f"statement.{statement.unlike.value}_{better}", amount=wording.money(left)))


def _next(statement: SettlementStatement, wording: Wording) -> Iterator[str]:
    if statement.to_claim:
        deadline = statement.claim_deadline
        known = {} if deadline is None else {"day": wording.last_day(deadline)}
        yield wording.say("next.claim_credit_by" if known else "next.claim_credit", **known)
    else:
        yield wording.say("statement.nothing_to_do")
    yield wording.say("statement.may_be_corrected")
    yield wording.say("statement.reply", reference=statement.reference)
    yield wording.say("object")

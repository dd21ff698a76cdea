"""What is credited, and the computation that a reader can do again by hand."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.customer_report import CreditLine, CreditState, CreditStatement, CustomerReport
from include.sla_logic.domain.mail_message import one_line
from include.sla_logic.domain.money import Money, minor_digits, round_to_minor_unit
from include.sla_logic.domain.service_performance import ObjectivePerformance
from include.sla_logic.letters.objectives_section import Told, measured_text, name_of, promised_text
from include.sla_logic.letters.translations import Wording
from include.sla_logic.letters.view_model import Account, Block, Fact, Line, Note, Paragraph, Section

_TOTALS = {
    CreditState.PROVISIONAL: "total_provisional",
    CreditState.UNDER_REVIEW: "total_under_review",
    CreditState.TO_BE_CLAIMED: "total_to_be_claimed",
}


def amount_of(credit: CreditStatement) -> Money:
    """Return the sum of the lines: a credit to be claimed is not booked, but has an amount."""
    if credit.state is CreditState.TO_BE_CLAIMED:
        return sum((line.amount for line in credit.lines), start=Money.zero(credit.amount.currency))
    return credit.amount


def credit_sentence(report: CustomerReport, wording: Wording) -> str:
    """Say in one or two sentences what is credited and how firm that is."""
    credit = report.credit
    if credit is None:
        return wording.say("credit.pending")
    amount = amount_of(credit)
    if credit.state is CreditState.DECLINED:
        return wording.say("credit.declined")
    if credit.state is CreditState.NONE_DUE:
        return _why_nothing(report, credit, wording)
    if credit.state is CreditState.UNDER_REVIEW and amount.amount <= 0:
        return wording.say("credit.under_review_open")
    if credit.state is CreditState.TO_BE_CLAIMED and credit.claim_deadline is not None:
        return wording.say(
            "credit.to_be_claimed_by", amount=wording.money(amount), day=wording.last_day(credit.claim_deadline)
        )
    key, shown = ("charged", -amount) if amount.amount < 0 else (credit.state.value, amount)
    return wording.say(f"credit.{key}", amount=wording.money(shown))


def _why_nothing(report: CustomerReport, credit: CreditStatement, wording: Wording) -> str:
    if any(line.earlier for line in credit.lines):
        return wording.say("credit.none_before")
    if report.performance.breached:
        if credit.claim_deadline is not None and credit.claim_deadline <= report.created_at:
            return wording.say("credit.none_late", day=wording.last_day(credit.claim_deadline))
        return wording.say("credit.none_contract")
    if report.performance.unknown:
        return wording.say("credit.none_unknown")
    return wording.say("credit.none_kept_so_far" if report.performance.provisional else "credit.none_kept")


def credit_figure(report: CustomerReport, wording: Wording) -> Fact:
    """Return the credit as one figure."""
    credit = report.credit
    if credit is None:
        return Fact(wording.say("figure.credit"), wording.say("figure.unknown"))
    label = wording.say("figure.credited_now" if any(one.earlier for one in credit.lines) else "figure.credit")
    notes = {
        CreditState.UNDER_REVIEW: "under_review",
        CreditState.TO_BE_CLAIMED: "to_be_claimed",
    }
    note = wording.say(f"figure.{notes[credit.state]}") if credit.state in notes else ""
    amount = amount_of(credit)
    if credit.state is CreditState.UNDER_REVIEW and amount.amount <= 0:
        return Fact(label, wording.say("figure.unknown"), note)
    return Fact(label, wording.money(amount), note)


def credit_section(report: CustomerReport, wording: Wording) -> Section:
    """Return the section about the credit."""
    credit = report.credit
    sentence = credit_sentence(report, wording)
    blocks: list[Block] = []
    if credit is not None and credit.state in (CreditState.UNDER_REVIEW, CreditState.TO_BE_CLAIMED):
        blocks.append(Note(sentence))
    elif credit is None or not credit.lines:
        blocks.append(Paragraph(sentence))
    if credit is not None and credit.lines:
        total = wording.say(f"credit.{_TOTALS.get(credit.state, 'total')}")
        lines = tuple(line for c in credit.lines for line in credit_lines(c, report, wording))
        blocks.append(Account(lines, Line(total, wording.money(amount_of(credit)))))
        if report.amounts is not None:
            blocks.append(Paragraph(wording.say(f"credit.amounts_{report.amounts}")))
    if credit is not None and credit.state in (CreditState.BOOKED, CreditState.PROVISIONAL):
        blocks.append(Paragraph(" ".join(_booking(credit, wording))))
    return Section(wording.say("section.credit"), tuple(blocks))


def credit_lines(line: CreditLine, report: Told, wording: Wording) -> Iterator[Line]:
    """Explain the credit of one objective, so that a reader can work it out."""
    gross = line.gross if line.gross is not None else line.amount
    objective = next((o for o in report.performance.objectives if o.objective == line.objective), None)
    exact = _share(objective)
    if objective is None or exact is None:
        name = name_of(objective, report, wording) if objective else wording.say("metric.other")
        yield Line(_in_days(objective, name, wording), wording.money(gross))
    else:
        yield Line(_percent_of(objective, report, wording), wording.money(exact))
        if exact != gross:
            yield Line(wording.say(_why_unlike(gross - exact)), wording.money(gross - exact))
    if line.earlier:
        yield Line(wording.say("credit.earlier"), wording.money(-line.earlier))


def _why_unlike(rest: Money) -> str:
    """Tell what rounding of the charge has changed from what a limit has taken off."""
    smallest = Decimal(1).scaleb(-minor_digits(rest.currency))
    return "credit.limited" if rest.amount < -smallest else "credit.rounded"


def _in_days(objective: ObjectivePerformance | None, name: str, wording: Wording) -> str:
    """Say for how many days the charge is credited, where the contract counts in days."""
    if objective is None or not objective.credited_days or objective.charge_base is None:
        return wording.say("credit.agreed", name=name)
    return wording.say(
        "credit.days_of",
        name=name,
        days=wording.length(objective.credited_days * 86_400),
        length=wording.length(objective.counted_seconds or 0),
        base=wording.money(objective.charge_base),
    )


def _share(objective: ObjectivePerformance | None) -> Money | None:
    """Return percent times charge, where the credit is such a product."""
    if objective is None or objective.credit_percent is None or objective.charge_base is None:
        return None
    exact = Fraction(objective.credit_percent) / 100 * objective.charge_base.exact
    return round_to_minor_unit(exact, objective.charge_base.currency)


def _percent_of(objective: ObjectivePerformance, report: Told, wording: Wording) -> str:
    if objective.credit_percent is None or objective.charge_base is None:
        return wording.say("credit.agreed", name=name_of(objective, report, wording))
    values = {
        "name": name_of(objective, report, wording),
        "percent": wording.quantity(objective.credit_percent, "percent"),
        "base": wording.money(objective.charge_base),
    }
    if objective.measured is None or objective.promised is None:
        return wording.say("credit.percent_of_plain", **values)
    measured, target = measured_text(objective, wording), promised_text(objective, wording)
    return wording.say("credit.percent_of", measured=measured, target=target, **values)


def _booking(credit: CreditStatement, wording: Wording) -> Iterator[str]:
    if credit.invoice and credit.invoice_after is not None:
        invoice = one_line(credit.invoice, 64)
        yield wording.say("credit.invoice", invoice=invoice, amount=wording.money(credit.invoice_after))
    else:
        yield wording.say("credit.account", account=one_line(credit.account, 64))

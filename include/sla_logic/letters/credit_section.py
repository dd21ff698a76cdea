"""What is credited, and the computation that a reader can do again by hand."""

from __future__ import annotations

from collections.abc import Iterator

from include.sla_logic.domain.customer_report import CreditState, CreditStatement, CustomerReport
from include.sla_logic.domain.mail_message import one_line
from include.sla_logic.domain.money import Money
from include.sla_logic.letters.credit_account import CreditAccount
from include.sla_logic.letters.dispute_section import disputed_credit
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
    if credit.state is CreditState.UNDER_REVIEW and (report.is_disputed or amount.amount <= 0):
        return disputed_credit(amount, wording) if report.is_disputed else wording.say("credit.under_review_open")
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
        account = CreditAccount(report, credit.payout, credit.amount.currency, wording)
        return account.why_nothing(credit.lines, (credit.cap, credit.cap_window), decided=not credit.lines)
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
    if _is_open(report, credit, amount):
        return Fact(label, wording.say("figure.unknown"), note)
    return Fact(label, wording.money(amount), note)


def _is_open(report: CustomerReport, credit: CreditStatement, amount: Money) -> bool:
    """Tell whether the amount is still to be found: by a person, or because too little was measured."""
    if credit.state is CreditState.NONE_DUE:
        owes = report.performance.breached or any(line.earlier for line in credit.lines)
        return not owes and bool(report.performance.unknown)
    return credit.state is CreditState.UNDER_REVIEW and amount.amount <= 0


def credit_section(report: CustomerReport, wording: Wording) -> Section:
    """Return the section about the credit."""
    credit = report.credit
    sentence = credit_sentence(report, wording)
    blocks: list[Block] = []
    if credit is not None and credit.state in (CreditState.UNDER_REVIEW, CreditState.TO_BE_CLAIMED):
        blocks.append(Note(sentence))
    elif credit is None or not credit.lines:
        blocks.append(Paragraph(sentence))
    if credit is None:
        return Section(wording.say("section.credit"), tuple(blocks))
    account = CreditAccount(report, credit.payout, credit.amount.currency, wording)
    if account.too_small and not credit.lines:
        blocks += account.worked_out(())
    if credit.lines:
        total = wording.say(f"credit.{_TOTALS.get(credit.state, 'total')}")
        blocks += account.worked_out(credit.lines)
        lines = account.lines_of(credit.lines, amount_of(credit), (credit.cap, credit.cap_window))
        blocks.append(Account(tuple(lines), Line(total, wording.money(amount_of(credit)))))
        if report.amounts is not None:
            blocks.append(Paragraph(wording.say(f"credit.amounts_{report.amounts}")))
    if credit.state in (CreditState.BOOKED, CreditState.PROVISIONAL):
        blocks.append(Paragraph(" ".join(_booking(credit, wording))))
    return Section(wording.say("section.credit"), tuple(blocks))


def _booking(credit: CreditStatement, wording: Wording) -> Iterator[str]:
    kind = "charge_" if credit.amount.amount < 0 else ""
    if credit.invoice and credit.invoice_after is not None:
        invoice = one_line(credit.invoice, 64)
        yield wording.say(f"credit.{kind}invoice", invoice=invoice, amount=wording.money(credit.invoice_after))
    else:
        yield wording.say(f"credit.{kind}account", account=one_line(credit.account, 64))

"""What the customer contests: that it is open and nothing is booked meanwhile, or how it was decided and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from include.sla_logic.domain.disputes import StatedDispute
from include.sla_logic.domain.money import Money
from include.sla_logic.letters.translations import Wording
from include.sla_logic.letters.view_model import Block, Paragraph, Quote, Section


def dispute_sentences(disputes: Sequence[StatedDispute], wording: Wording) -> Iterator[str]:
    """Say of each dispute where it stands."""
    for one in disputes:
        decided = {} if one.decided_at is None else {"decided": wording.day(one.decided_at)}
        yield wording.say(
            f"dispute.{one.state.value}",
            records=wording.say(f"statement.record.{one.contested.value}"),
            reference=one.reference,
            day=wording.day(one.recorded_at),
            **decided,
        )


def dispute_section(disputes: Sequence[StatedDispute], wording: Wording) -> Iterator[Section]:
    """Return the section with the customer's words, the decision and its reason; none where nothing is contested."""
    if disputes:
        blocks = [each for one in disputes for each in _blocks(one, wording)]
        yield Section(wording.say("dispute.section"), tuple(blocks))


def disputed_credit(amount: Money, wording: Wording) -> str:
    """Say why a credit is not booked while the window is disputed."""
    if amount.amount <= 0:
        return wording.say("dispute.credit_open")
    return wording.say("dispute.credit", amount=wording.money(amount))


def _blocks(dispute: StatedDispute, wording: Wording) -> Iterator[Block]:
    yield Paragraph(wording.say("dispute.words", reference=dispute.reference))
    yield Quote(dispute.words)
    if dispute.reason is not None:
        yield Paragraph(wording.say("dispute.reason", reason=dispute.reason))
    if dispute.changed:
        records = "; ".join(wording.say(f"statement.record.{kind.value}") for kind in dispute.changed)
        yield Paragraph(wording.say("statement.others", records=records))

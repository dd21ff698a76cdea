"""One checker of I1 to I9 over the operations database, the mail server and the billing system."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from include.sla_logic.persistence.invariants import Violation
from include.sla_logic.services import UseCases
from tests.faults.outside import Billing, Mailbox


@dataclass(frozen=True)
class Verdict:
    """What became of the incidents that were started."""

    incidents: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    repeated_letters: int
    repeated_postings: int

    @property
    def is_good(self) -> bool:
        return not self.lost and not self.doubled


def check(use_cases: UseCases, started: Iterable[str], mailbox: Mailbox, billing: Billing) -> Verdict:
    """Compare all records with each other; each run in `started` is one incident."""
    runs = set(started)
    tickets = [ticket for ticket in use_cases.lookups.tickets(limit=100_000) if ticket.parent is None]
    known = {ticket.run_id for ticket in tickets}
    violations = [
        *use_cases.monitoring.violations(settled=True),
        *(Violation("I1", run, "was started and has no incident") for run in sorted(runs - known)),
        *_letters(use_cases, mailbox),
        *_postings(use_cases, billing),
    ]
    lost = tuple(str(violation) for violation in violations if _is_loss(violation))
    doubled = tuple(str(violation) for violation in violations if not _is_loss(violation))
    return Verdict(
        incidents=len(runs & known),
        lost=lost,
        doubled=doubled,
        repeated_letters=sum(mailbox.kept.values()) - len(mailbox.kept),
        repeated_postings=sum(billing.requests.values()) - len(billing.requests),
    )


def _is_loss(violation: Violation) -> bool:
    words = ("neither ended", "no incident", "without a letter", "instead of 1", "never arrived", "nobody is told")
    return any(word in violation.says for word in words) and "has 2" not in violation.says


def _letters(use_cases: UseCases, mailbox: Mailbox) -> Iterable[Violation]:
    """Each letter that counts as sent arrived under its own Message-ID, and nothing else did."""
    messages = [m for m in use_cases.outbox.messages(limit=100_000) if m.kind == "mail"]
    for message in messages:
        by_post = bool(message.answer and "written" in message.answer)
        if message.state != "sent":
            yield Violation("I5", message.key, f"is {message.state} and never arrived")
        elif message.key not in mailbox.kept and not by_post:
            yield Violation("I5", message.key, "is sent, but never arrived")
    for identity in mailbox.kept.keys() - {message.key for message in messages}:
        yield Violation("I5", identity, "arrived, but was never sent")


def _postings(use_cases: UseCases, billing: Billing) -> Iterable[Violation]:
    """What Billing & Collections has acknowledged is what is marked as posted, to the cent."""
    messages = {m.key: m for m in use_cases.outbox.messages(limit=100_000) if m.kind == "billing"}
    for key, message in messages.items():
        if message.state != "sent":
            yield Violation("I4", key, f"is {message.state} and never arrived")
        elif key not in billing.postings:
            yield Violation("I4", key, "is sent, but never arrived")
    for key in billing.postings.keys() - messages.keys():
        yield Violation("I4", key, "was posted, but was never sent")
    for key in billing.contradictions:
        yield Violation("I4", key, "was told twice with different amounts")
    posted = sum((Decimal(amount) for _, amount, _ in billing.postings.values()), Decimal(0))
    figures = [f for f in use_cases.monitoring.figures() if f.name == "credits.amount" and f.tags["state"] == "posted"]
    marked = sum((Decimal(repr(figure.value)) for figure in figures), Decimal(0))
    if posted != marked:
        yield Violation("I4", "all", f"{posted} were acknowledged, {marked} are marked as posted")

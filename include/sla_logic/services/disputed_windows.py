"""The window that a customer contests: found by an incident or a moment, with what is on record about it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.domain.disputes import CONTESTABLE, LONGEST, Dispute
from include.sla_logic.domain.errors import ForeseenError, InvalidInputError
from include.sla_logic.domain.judged_facts import Basis, FactKind
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.contracts import ContractRegister, Subscription
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.settlement import newest_rounds
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.due_windows import DueWindows
from include.sla_logic.services.ended_windows import windows_until


class UnableToFindWindow(InvalidInputError):
    """The customer has no window of the service at that moment."""


class UnableToRecordDispute(ForeseenError):
    """The dispute names nothing that can be contested, or has no words."""


@dataclass(frozen=True)
class Contested:
    """What is contested of the window that holds a moment, in whose words, and who recorded it."""

    customer: str
    service: str
    at: datetime
    contested: str
    words: str
    by: str


def checked(asked: Contested) -> tuple[FactKind, str]:
    """Return what is contested and the words; raise `UnableToRecordDispute`."""
    kind = next((one for one in CONTESTABLE if one == asked.contested), None)
    words = asked.words.strip()
    if kind is None:
        raise UnableToRecordDispute(f"{asked.contested[:40]!r} cannot be contested: say {', '.join(CONTESTABLE)}.")
    if not words:
        raise UnableToRecordDispute("Write down what the customer says: the letters quote it.")
    if len(words) > LONGEST:
        raise UnableToRecordDispute(f"The customer's words have more than {LONGEST} characters: shorten them.")
    return kind, words


def window_at(connection: Connection, subscription: Subscription, at: datetime, *, now: datetime) -> Period:
    """Return the window that holds a moment, also one that was settled and that no agreement has any more."""
    register = ContractRegister(connection=connection, subscriptions=[subscription])
    begun = [one.window for one in windows_until(register, now, subscription)]
    settled = [window_of(row) for row in newest_rounds(connection, subscription).values()]
    found = next((one for one in (*begun, *settled) if one.contains(at)), None)
    if found is None:
        msg = f"{' '.join(subscription)} has no window that has begun and holds {at:%Y-%m-%d %H:%M} UTC."
        raise UnableToFindWindow(msg)
    return found


def on_record(work: UnitOfWork, connection: Connection, dispute: Dispute) -> Basis | None:
    """Name what is on record about a window, kind by kind; None where no agreement has it or it cannot be read."""
    from include.sla_logic.domain.sla.briefs import brief_of  # numpy, which no other use case needs

    now = work.database.now(connection)
    batch = Batch(connection, [], now=now, gateways=work.gateways, looks=True)
    windows = DueWindows(batch, (dispute.customer, dispute.service), now)
    for ended in windows.begun:
        if ended.window == dispute.window:
            try:
                read = windows.read(ended)
            except ForeseenError:
                return None
            return Basis(kinds=read.kinds, brief=brief_of(read.facts, dispute.window))
    return None

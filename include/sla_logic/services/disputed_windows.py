"""The window that a customer contests: found by a moment, what is on record about it, and who may decide."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.domain.disputes import CONTESTABLE, LONGEST, Dispute, DisputeState, corrections
from include.sla_logic.domain.errors import ForeseenError, InvalidInputError
from include.sla_logic.domain.judged_facts import Basis, FactKind
from include.sla_logic.domain.people import may_be_one_person
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.contracts import ContractRegister, Subscription
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.settlement import newest_rounds
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.due_windows import DueWindows
from include.sla_logic.services.ended_windows import windows_until


class UnableToFindWindow(InvalidInputError):
    """The customer has no window of the service at that moment."""


class UnableToRecordDispute(ForeseenError):
    """The dispute names nothing that can be contested, or has no words."""


class UnableToDecideDispute(ForeseenError):
    """The dispute is decided, is this person's own, or rests on facts that nobody has corrected."""


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
        msg = "%(what)s cannot be contested: say %(known)s."
        raise UnableToRecordDispute(Sentence(msg, what=repr(asked.contested[:40]), known=", ".join(CONTESTABLE)))
    if not words:
        raise UnableToRecordDispute(Sentence("Write down what the customer says: the letters quote it."))
    if len(words) > LONGEST:
        msg = "The customer's words have more than %(most)s characters: shorten them."
        raise UnableToRecordDispute(Sentence(msg, most=LONGEST))
    return kind, words


def window_at(connection: Connection, subscription: Subscription, at: datetime, *, now: datetime) -> Period:
    """Return the window that holds a moment, also one that was settled and that no agreement has any more."""
    register = ContractRegister(connection=connection, subscriptions=[subscription])
    begun = [one.window for one in windows_until(register, now, subscription)]
    settled = [window_of(row) for row in newest_rounds(connection, subscription).values()]
    found = next((one for one in (*begun, *settled) if one.contains(at)), None)
    if found is None:
        msg = "%(service)s has no window that has begun and holds %(at)s."
        raise UnableToFindWindow(Sentence(msg, service=" ".join(subscription), at=at))
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


def check_decision(dispute: Dispute, *, by: str, reason: str) -> None:
    """Raise `UnableToDecideDispute` where it is decided, or not this person's to decide."""
    if not dispute.is_open:
        values = {"dispute": dispute.reference, "state": dispute.state, "who": dispute.decided_by}
        raise UnableToDecideDispute(Sentence("%(dispute)s is %(state)s already, by %(who)s.", **values))
    if not reason.strip():
        msg = "Say why %(dispute)s is decided so: the customer reads it."
        raise UnableToDecideDispute(Sentence(msg, dispute=dispute.reference))
    policy = policies_in_force().credits
    if may_be_one_person(by, dispute.recorded_by, logins=policy.accounts):
        msg = "%(who)s has recorded %(dispute)s: another person must decide it."
        raise UnableToDecideDispute(Sentence(msg, who=by, dispute=dispute.reference))
    if doubt := policy.doubt(by, dispute.recorded_by):
        raise UnableToDecideDispute(doubt)


def corrected(dispute: Dispute, before: Basis | None, now: Basis | None, state: DisputeState) -> tuple[FactKind, ...]:
    """Name the records that were corrected since; raise where a dispute is accepted and none was."""
    changed = () if now is None or before is None else corrections(now.unlike(before))
    if state is DisputeState.ACCEPTED and before is not None and not changed:
        msg = Sentence(
            "Nothing on record about %(window)s has changed since %(dispute)s was recorded: import or correct the "
            "facts first, then accept it; or decline it.",
            window=dispute.window,
            dispute=dispute.reference,
        )
        raise UnableToDecideDispute(msg)
    return changed

"""Disputes: what a customer contests freezes its window, until another person has decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from include.sla_logic.domain.closed_incident import ClosedIncident
from include.sla_logic.domain.credit import BillingAdjustment
from include.sla_logic.domain.disputes import DISPUTED, Dispute, DisputeState
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.persistence.accounts import lock_service
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.disputes import (
    add_dispute,
    decide_dispute,
    disputes_of,
    find_dispute,
    freezing,
    page_of_disputes,
    release_credit,
)
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.invariants.messages import DISPUTE_DECIDED
from include.sla_logic.persistence.paging import Page
from include.sla_logic.persistence.queue_positions import note_decided_credit
from include.sla_logic.persistence.settlement import replace_credits, round_number, undecided_credits
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.process import following_up
from include.sla_logic.services.credits import Credits
from include.sla_logic.services.disputed_windows import (
    Contested,
    UnableToDecideDispute,
    UnableToRecordDispute,
    check_decision,
    checked,
    corrected,
    on_record,
    window_at,
)
from include.sla_logic.services.settled_windows import is_out_of_date
from include.sla_logic.services.statements import Statements

__all__ = ["Dispute", "Disputes", "UnableToDecideDispute", "UnableToRecordDispute"]

RECORDED = "dispute recorded"


@dataclass(frozen=True)
class Disputes:
    """While a dispute is open, nothing is booked, settled or told as final for any window that shares its time."""

    work: UnitOfWork

    def listed(self, *, state: str | None = "open", page: int = 1, size: int = 50) -> Page[Dispute]:
        """Return disputes, those to be decided if no other state is asked for; None asks for all."""
        with self.work.reading() as connection:
            return page_of_disputes(connection, state=state, number=page, size=size)

    def of(self, reference: str) -> Dispute:
        """Return one dispute; raise `UnableToFindDispute`."""
        with self.work.reading() as connection:
            return find_dispute(connection, reference)[0]

    def record(self, reference: str, *, contested: str, words: str, by: str) -> Dispute:
        """Record what the customer of an incident contests of its window; the same again is recorded once."""
        with self.work.writing() as connection:
            number = self.work.lock(connection, reference)
            file = self.work.open_file(connection, number, task=RECORDED)
            if file.ticket.parent is not None:
                msg = "%(ticket)s belongs to %(parent)s: record it there."
                raise UnableToRecordDispute(Sentence(msg, ticket=file.ticket.id, parent=file.ticket.parent))
            report = file.find(ProblemReport)
            if report is None:
                msg = "The run of %(ticket)s has not found the contract yet: record the dispute in a minute."
                raise UnableToRecordDispute(Sentence(msg, ticket=file.ticket.id))
            asked = Contested(report.customer, report.service, report.observed_from, contested, words, by)
            dispute, new = self._record(connection, asked, ticket=file.ticket.id)
            if new:
                said = f"The customer contests {_named(dispute)} ({dispute.reference}), recorded by {by}."
                file.record(said, lane=Lane.CUSTOMER_SERVICE)
                flush(connection, [file])
            return dispute

    def record_window(
        self, customer: str, service: str, *, at: datetime, contested: str, words: str, by: str
    ) -> Dispute:
        """Record what a customer contests of the window that holds a moment; the same again is recorded once."""
        with self.work.writing() as connection:
            return self._record(connection, Contested(customer, service, at, contested, words, by))[0]

    def accept(self, reference: str, *, by: str, reason: str) -> Dispute:
        """Agree with the customer, once the facts are corrected; the money is judged again and the customer is told."""
        return self._decide(reference, DisputeState.ACCEPTED, by=by, reason=reason)

    def decline(self, reference: str, *, by: str, reason: str) -> Dispute:
        """Let the records stand; the money is judged again, and the customer is told the reason."""
        return self._decide(reference, DisputeState.DECLINED, by=by, reason=reason)

    def _record(self, connection: Connection, asked: Contested, ticket: str | None = None) -> tuple[Dispute, bool]:
        kind, words = checked(asked)
        lock_service(connection, asked.service)
        now, subscription = self.work.database.now(connection), (asked.customer, asked.service)
        window = window_at(connection, subscription, asked.at, now=now)
        same = (window, ticket, kind, words, asked.by)
        for one in disputes_of(connection, [subscription])[subscription]:
            if one.is_open and (one.window, one.ticket, one.contested, one.words, one.recorded_by) == same:
                return one, False
        dispute = Dispute(
            reference="",
            customer=asked.customer,
            service=asked.service,
            window=window,
            ticket=ticket,
            contested=kind,
            words=words,
            recorded_by=asked.by,
            recorded_at=now,
        )
        kept = add_dispute(connection, dispute, on_record(self.work, connection, dispute))
        subject = ticket or f"{asked.customer} {asked.service}"
        note_act(connection, Act(now, asked.by, RECORDED, subject, f"{kept.reference}: {_named(kept)}"))
        return kept, True

    def _decide(self, reference: str, state: DisputeState, *, by: str, reason: str) -> Dispute:
        with self.work.writing() as connection:
            known, _ = find_dispute(connection, reference)
            numbers = _incidents(connection, known)
            lock_tickets(connection, sorted(numbers))
            lock_service(connection, known.service)
            dispute, basis = find_dispute(connection, reference)
            if not _incidents(connection, dispute) <= numbers:
                msg = "An incident was credited meanwhile: decide %(dispute)s again."
                raise UnableToDecideDispute(Sentence(msg, dispute=dispute.reference))
            check_decision(dispute, by=by, reason=reason)
            decided = dispute.model_copy(
                update={
                    "state": state,
                    "decided_by": by,
                    "decided_at": self.work.database.now(connection),
                    "reason": reason.strip(),
                    "changed": corrected(dispute, basis, on_record(self.work, connection, dispute), state),
                }
            )
            decide_dispute(connection, decided)
            self._follow(connection, decided)
            return decided

    def _follow(self, connection: Connection, decided: Dispute) -> None:
        """Judge again what was held meanwhile, and tell the customer."""
        subscription, now = (decided.customer, decided.service), self.work.database.now(connection)
        held = _held(connection, decided)
        free = [row for row in held if freezing(connection, subscription, window_of(row)) is None]
        replaced = [row.id for row in free if ticket_number(row.ticket) is not None]
        replace_credits(connection, replaced, state="superseded", why=f"by {decided.reference}", now=now)
        for number in sorted(_numbers(decided.ticket, *(row.ticket for row in held))):
            self._tell(connection, self.work.open_file(connection, number, task=DISPUTE_DECIDED), decided)
        for row in free:
            if row.claimed_at is not None and round_number(row.ticket) is not None:
                self._claim(connection, row, decided)
        detail = f"{decided.reference} {decided.state}: {decided.reason}"
        subject = decided.ticket or " ".join(subscription)
        note_act(connection, Act(now, decided.decided_by or "", DISPUTE_DECIDED, subject, detail))
        Statements(connection, subscription, now, sender=self.work.sender).tell(about=decided.window)

    def _claim(self, connection: Connection, row: Row[Any], decided: Dispute) -> None:
        """Book what was claimed meanwhile of a settled window; on other facts the next run of settlement does."""
        release_credit(connection, row.id)
        if not is_out_of_date(connection, row.ticket):
            why = f"{decided.reference} is decided"
            Credits(self.work).claim_within(
                connection, row.id, by=row.claimed_by, claimed_at=row.claimed_at, reason=why
            )

    def _tell(self, connection: Connection, file: SqlCaseFile, decided: Dispute) -> None:
        """Judge the money of an incident again and write to the customer; a run that is under way does both itself."""
        file.record(f"{decided.reference} is {decided.state}, says {decided.decided_by}.", lane=Lane.CUSTOMER_SERVICE)
        if file.find(ClosedIncident) is None:
            if file.find(BillingAdjustment) is not None:
                msg = "The run of %(ticket)s is about to write to the customer: decide when it has ended."
                raise UnableToDecideDispute(Sentence(msg, ticket=file.ticket.id))
            flush(connection, [file])
            return
        if following_up.is_over(file):
            following_up.judge_again(file)
        else:
            following_up.write_again(file, by=decided.decided_by or "")
        flush(connection, [file])
        note_decided_credit(connection, file.incident.number, ticket=file.ticket.id)


def _undecided(connection: Connection, dispute: Dispute) -> Sequence[Row[Any]]:
    return undecided_credits(connection, [(dispute.customer, dispute.service)], dispute.window)


def _held(connection: Connection, decided: Dispute) -> list[Row[Any]]:
    """Return the credits that are held by the dispute; with corrected facts, all that incidents have undecided."""
    corrected = decided.state is DisputeState.ACCEPTED
    return [
        row
        for row in _undecided(connection, decided)
        if DISPUTED in (row.held_because or "").split("; ") or (corrected and ticket_number(row.ticket) is not None)
    ]


def _incidents(connection: Connection, dispute: Dispute) -> set[int]:
    """Return the numbers of the incidents whose credits may be decided with it."""
    return _numbers(dispute.ticket, *(row.ticket for row in _undecided(connection, dispute)))


def _numbers(*tickets: str | None) -> set[int]:
    return {number for one in tickets if (number := ticket_number(one or "")) is not None}


def _named(dispute: Dispute) -> str:
    return f"the {dispute.contested} of {dispute.window}"

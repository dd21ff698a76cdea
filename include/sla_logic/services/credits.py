"""Credits that wait for a person: decided by an operator, with reason, audit and a letter to the customer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from include.sla_logic.domain.credit import BillingAdjustment, Rebate
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.persistence.accounts import totals
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.counted_credits import credited_with
from include.sla_logic.persistence.disputes import freezing
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.incident_records import find_number
from include.sla_logic.persistence.queue_positions import note_decided_credit
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.settlement import round_number
from include.sla_logic.persistence.ticket_locks import lock_tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.process.customer_letters import send_report
from include.sla_logic.process.following_up import follow_up
from include.sla_logic.services.claims import judge_claim
from include.sla_logic.services.credit_decisions import (
    Person,
    approve_credit,
    claim_credit,
    decline_credit,
    enter_amount,
    note_paid_out,
    settle_with,
)
from include.sla_logic.services.held_facts import ChangedFacts, changed_facts, rest_on
from include.sla_logic.services.settled_credits import RoundFile, open_round
from include.sla_logic.services.settled_windows import is_out_of_date
from include.sla_logic.services.statements import Statements
from include.sla_logic.services.typed_amounts import UnableToDecideCredit, read_amount
from include.sla_logic.services.waiting_credits import (
    WaitingCredit,
    claimed_with,
    decided_with,
    held_credits_of,
    others_of_the_window,
    waiting_credits,
)


@dataclass(frozen=True)
class Credits:
    """Decisions about credits that are not booked automatically; each is told to the customer."""

    work: UnitOfWork

    def waiting(self) -> Sequence[WaitingCredit]:
        """Return the credits that wait, oldest first."""
        with self.work.reading() as connection:
            return waiting_credits(connection)

    def approve(self, reference: str, *, by: str, reason: str, roles: Collection[str] = ()) -> Money:
        """Book a held credit and return its amount; raise `UnableToDecideCredit`, also where its facts have changed."""
        with self.work.writing() as connection:
            waiting = self._find(connection, reference)
            if round_number(waiting.ticket) is not None and is_out_of_date(connection, waiting.ticket):
                msg = "Facts have changed since %(credit)s was held: run `sla settlement run`, which judges it again."
                raise UnableToDecideCredit(Sentence(msg, credit=reference))
            file = self._file_of(connection, reference, task="credit approved")
            if (changed := self._changed(file, waiting)) is not None:
                raise UnableToDecideCredit(changed.refusal(reference))
            amount = approve_credit(
                connection,
                reference,
                rebate=file.read(Rebate),
                person=Person(by, reason, roles),
                policy=file.policies.credits,
                now=file.now,
                outgoing=file.outgoing,
            )
            self._tell(connection, file, "approved")
            self._note(connection, file, f"The credit {reference} of {amount} was approved", by=by, reason=reason)
            self._settle(connection, decided_with(connection, reference), reference, "approved", by=by)
            self._state(connection, waiting)
            return amount

    def enter(self, reference: str, *, amount: str, by: str, reason: str) -> Money:
        """Name the amount of a held credit, which another person then approves; raise `UnableToDecideCredit`."""
        with self.work.writing() as connection:
            waiting = self._find(connection, reference)
            file = self._file_of(connection, reference, task="amount entered")
            changed = self._changed(file, waiting)
            rebate = file.read(Rebate)
            named = read_amount(amount, rebate.total.currency)
            person = Person(by, reason)
            enter_amount(connection, reference, rebate=rebate, amount=named, person=person, now=file.now)
            if changed is not None:  # the amount is what this person says to the facts of now
                rest_on(connection, reference, changed.facts)
            self._note(connection, file, f"{named} were entered for the credit {reference}", by=by, reason=reason)
            return named

    def claim(
        self, reference: str, *, by: str, claimed_at: datetime | date | None = None, reason: str | None = None
    ) -> Money:
        """Book a credit that the customer claimed then, that day, or now, less what was claimed too late.

        Raise `UnableToDecideCredit` where all of it is too late, or the claim lies before the fault or in the future.
        While the window is disputed the claim is kept and nothing is booked.
        """
        with self.work.writing() as connection:
            return self.claim_within(connection, reference, by=by, claimed_at=claimed_at, reason=reason)

    def claim_within(
        self, connection: Connection, reference: str, *, by: str, claimed_at: datetime | date | None, reason: str | None
    ) -> Money:
        """Do the same in a transaction that is open."""
        waiting = self._find(connection, reference)
        file = self._file_of(connection, reference, task="credit claimed")
        claim = judge_claim(file, waiting.window, claimed_at or file.now)
        amount = claim_credit(
            connection, reference, rebate=file.read(Rebate), by=by, claim=claim, now=file.now, outgoing=file.outgoing
        )
        said = f"the customer claimed it {claim.shown}"
        reason = said if reason is None else f"{said}: {reason}"
        done = f"The credit {reference} of {amount} was booked" if amount else f"The credit {reference} was held"
        frozen = freezing(connection, (waiting.customer, waiting.service), waiting.window) is not None
        if not frozen:  # else the decision judges the window again and tells
            self._tell(connection, file, "claimed")
        self._note(connection, file, done, by=by, reason=reason)
        if not claim.lost and not frozen:  # else a claim of an earlier day may bring more for another incident
            self._settle(connection, claimed_with(connection, reference), reference, "claimed", by=by)
        self._state(connection, waiting)
        return amount

    def decline(self, reference: str, *, by: str, reason: str) -> None:
        """Decline a held credit for good; raise `UnableToDecideCredit`."""
        with self.work.writing() as connection:
            waiting = self._find(connection, reference)
            file = self._file_of(connection, reference, task="credit declined")
            decline_credit(connection, reference, by=by, reason=reason, now=file.now)
            self._tell(connection, file, "declined")
            self._note(connection, file, f"The credit {reference} was declined", by=by, reason=reason)
            self._settle(connection, decided_with(connection, reference), reference, "declined", by=by)
            self._state(connection, waiting)

    def paid_out(self, reference: str, *, by: str, reason: str) -> Money:
        """Note that a credit without an open invoice was paid out in another way; return its amount."""
        with self.work.writing() as connection:
            file = self._file_of(connection, reference, task="credit paid out")
            amount = note_paid_out(connection, reference, by=by, now=file.now)
            self._note(connection, file, f"The credit {reference} of {amount} was paid out", by=by, reason=reason)
            return amount

    def _file_of(self, connection: Connection, reference: str, *, task: str) -> SqlCaseFile | RoundFile:
        """Lock the incident of a waiting credit, with those that are decided with it, and open its case file."""
        ticket = self._find(connection, reference).ticket
        with_it = [other for _, other in others_of_the_window(connection, reference)]
        incidents = [one for one in (ticket, *with_it) if round_number(one) is None]
        numbers = {one: find_number(connection, one) for one in incidents}
        lock_tickets(connection, sorted(numbers.values()))  # in their order, as everything that holds several does
        return self._open(connection, ticket, task=task)

    def _open(self, connection: Connection, ticket: str, *, task: str) -> SqlCaseFile | RoundFile:
        """Open what brought a credit: an incident that is locked, or a round of settlement."""
        if round_number(ticket) is not None:
            return open_round(connection, ticket, now=self.work.database.now(connection), task=task)
        return self.work.open_file(connection, find_number(connection, ticket), task=task)

    def _changed(self, file: SqlCaseFile | RoundFile, waiting: WaitingCredit) -> ChangedFacts | None:
        """Tell what has changed since an incident left a credit held; a round of settlement is asked elsewhere."""
        return changed_facts(file, waiting.facts) if isinstance(file, SqlCaseFile) else None

    def _find(self, connection: Connection, reference: str) -> WaitingCredit:
        found = [credit for credit in waiting_credits(connection) if credit.reference == reference]
        if not found:
            msg = "There is no credit %(credit)s that waits for a decision."
            raise UnableToDecideCredit(Sentence(msg, credit=reference))
        return found[0]

    def _settle(
        self, connection: Connection, others: Sequence[tuple[str, str]], reference: str, decided: str, *, by: str
    ) -> None:
        """Decide with it what other incidents have for the same window."""
        for other, ticket in others:
            file = self._open(connection, ticket, task=f"credit {decided}")
            settle_with(connection, other, reference, by=by, now=file.now)
            self._tell(connection, file, decided)
            self._note(connection, file, f"The credit {other} was settled", by=by, reason=f"decided with {reference}")

    def _tell(self, connection: Connection, file: SqlCaseFile | RoundFile, decided: str) -> None:
        """Write what is booked now, and the letter that follows the one in which the credit was not decided."""
        if isinstance(file, RoundFile):
            return
        before, report = file.find(BillingAdjustment), file.find(CustomerReport)
        if before is None:
            return
        booked, invoice = credited_with(connection, before.references, before.booked.currency)
        held = held_credits_of(connection, file.ticket.id)
        after = None if invoice is None else from_minor_units(totals(connection, [invoice])[invoice], booked.currency)
        adjustment = before.model_copy(
            update={
                "booked": booked,
                "invoice": invoice,
                "invoice_before": None if after is None else after + booked,
                "invoice_after": after,
                "held": bool(held),
                "waiting": held[0].amount if held else None,
                "decided": decided,
                "reason": f"The credit was {decided}.",
            }
        )
        file.write(adjustment)
        if report is not None and report.credit is not None:
            send_report(file, report.model_copy(update={"follow_up": follow_up(file)}))

    def _state(self, connection: Connection, decided: WaitingCredit) -> None:
        """Write the letter about a settled window of which the last credit is decided."""
        name, now = (decided.customer, decided.service), self.work.database.now(connection)
        Statements(connection, name, now, sender=self.work.sender).tell(about=decided.window)

    def _note(self, connection: Connection, file: SqlCaseFile | RoundFile, done: str, *, by: str, reason: str) -> None:
        if isinstance(file, RoundFile):
            file.note(done, by=by, reason=reason)
            return
        file.record(f"{done} by {by}: {reason}", lane=Lane.BILLING)
        flush(connection, [file])
        note_decided_credit(connection, file.incident.number, ticket=file.ticket.id)
        note_act(connection, Act(file.now, by, file.task, file.ticket.id, f"{done}: {reason}"))

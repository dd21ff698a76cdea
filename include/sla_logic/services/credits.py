"""Credits that wait for a person: approved or declined by an operator, with reason and audit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.rebate import Rebate
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.flush import flush
from include.sla_logic.persistence.queue_positions import note_decided_credit
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.credit_decisions import (
    UnableToDecideCredit,
    WaitingCredit,
    approve_credit,
    claim_credit,
    decline_credit,
    waiting_credits,
)


@dataclass(frozen=True)
class Credits:
    """Decisions about credits that are not booked automatically."""

    work: UnitOfWork

    def waiting(self) -> Sequence[WaitingCredit]:
        """Return the undecided credits, oldest first."""
        with self.work.reading() as connection:
            return waiting_credits(connection)

    def approve(self, reference: str, *, by: str, reason: str) -> Money:
        """Book a held credit and return its amount; raise `UnableToDecideCredit`."""
        with self.work.writing() as connection:
            file = self._file_of(connection, reference, task="credit approved")
            rebate, outgoing = file.read(Rebate), file.outgoing
            amount = approve_credit(
                connection, reference, rebate=rebate, by=by, reason=reason, now=file.now, outgoing=outgoing
            )
            self._note(connection, file, f"The credit {reference} of {amount} was approved", by=by, reason=reason)
            return amount

    def claim(self, reference: str, *, by: str, claimed_at: datetime | None = None) -> Money:
        """Book a credit that the customer claimed then, or now; raise `UnableToDecideCredit` where it is too late."""
        with self.work.writing() as connection:
            file = self._file_of(connection, reference, task="credit claimed")
            filed, rebate, outgoing = claimed_at or file.now, file.read(Rebate), file.outgoing
            amount = claim_credit(
                connection, reference, rebate=rebate, by=by, claimed_at=filed, now=file.now, outgoing=outgoing
            )
            reason = f"the customer claimed it at {filed:%Y-%m-%d %H:%M} UTC"
            self._note(connection, file, f"The credit {reference} of {amount} was booked", by=by, reason=reason)
            return amount

    def decline(self, reference: str, *, by: str, reason: str) -> None:
        """Decline a held credit for good; raise `UnableToDecideCredit`."""
        with self.work.writing() as connection:
            file = self._file_of(connection, reference, task="credit declined")
            decline_credit(connection, reference, by=by, reason=reason, now=file.now)
            self._note(connection, file, f"The credit {reference} was declined", by=by, reason=reason)

    def _file_of(self, connection: Connection, reference: str, *, task: str) -> SqlCaseFile:
        """Lock the incident of a waiting credit, and open its case file."""
        found = [credit for credit in waiting_credits(connection) if credit.reference == reference]
        if not found:
            msg = f"There is no credit {reference} that waits for a decision."
            raise UnableToDecideCredit(msg)
        return self.work.open_file(connection, self.work.lock(connection, found[0].ticket), task=task)

    def _note(self, connection: Connection, file: SqlCaseFile, done: str, *, by: str, reason: str) -> None:
        file.record(f"{done} by {by}: {reason}", lane=Lane.BILLING)
        flush(connection, [file])
        note_decided_credit(connection, file.incident.number, ticket=file.ticket.id)
        note_act(connection, Act(file.now, by, file.task, file.ticket.id, f"{done}: {reason}"))

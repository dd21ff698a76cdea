"""Refused notifications: look at them, and accept them after all."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.incident_records import find_number
from include.sla_logic.persistence.quarantine import (
    Quarantined,
    dismiss_imports,
    find_quarantined,
    list_quarantined,
    release_quarantined,
)
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.acceptance import UnableToAcceptNotification, accept_notification


class UnableToRetryNotification(ForeseenError):
    """The quarantined notification cannot be tried again as it is."""


@dataclass(frozen=True)
class Quarantine:
    """Keep everything that came in: it is accepted, or it is here with its reason."""

    work: UnitOfWork

    def note_entered(self, run_id: str, *, by: str, detail: str) -> None:
        """Record who entered a problem report by hand; its incident shows it."""
        with self.work.writing() as connection:
            note_act(connection, Act(self.work.database.now(connection), by, "problem report entered", run_id, detail))

    def entries(
        self, *, state: str | None = "waiting", imports: bool | None = None, limit: int = 100
    ) -> Sequence[Quarantined]:
        """Return entries, newest first; `state` is waiting, accepted or None for both, `imports` tells them apart."""
        with self.work.reading() as connection:
            return list_quarantined(connection, state=state, imports=imports, limit=limit)

    def dismiss_imports(self, *, by: str, reason: str = "") -> int:
        """Forget all rejected rows of imports and return how many: the files that they came from still have them."""
        with self.work.writing() as connection:
            count = dismiss_imports(connection)
            detail = f"{count} rows" + (f": {reason}" if reason else "")
            now = self.work.database.now(connection)
            note_act(connection, Act(now, by, "import rejections dismissed", "imports", detail))
        return count

    def entry(self, number: int) -> Quarantined:
        """Return one entry; raise `UnableToFindQuarantined`."""
        with self.work.reading() as connection:
            return find_quarantined(connection, number)

    def retry(self, number: int, *, by: str, reason: str = "", conf: object = None) -> TroubleTicket:
        """Accept a quarantined notification, as it was or with a corrected `conf`, for the run that brought it.

        A further refusal is in the audit, under the run. Raise `UnableToRetryNotification`, or
        `UnableToAcceptNotification` where it is refused again.
        """
        with self.work.writing() as connection:
            entry = find_quarantined(connection, number)
            _refuse_accepted(entry)
            body = _readable(entry) if conf is None else conf
            now = self.work.database.now(connection)
            answer = accept_notification(connection, body, run_id=entry.run_id, origin=entry.origin, now=now)
            if isinstance(answer, TroubleTicket):
                release_quarantined(connection, number, ticket=find_number(connection, answer.id))
                note_act(connection, Act(now, by, "notification accepted", answer.id, _detail(number, reason)))
            else:
                note_act(connection, Act(now, by, "notification refused again", entry.run_id, _detail(number, reason)))
        if isinstance(answer, UnableToAcceptNotification):
            raise answer
        return answer


def _detail(number: int, reason: str) -> str:
    return f"from quarantine {number}" + (f": {reason}" if reason else "")


def _refuse_accepted(entry: Quarantined) -> None:
    if entry.state != "waiting":
        msg = "Quarantine entry %(number)s was accepted already, as %(ticket)s."
        raise UnableToRetryNotification(Sentence(msg, number=entry.id, ticket=entry.ticket))


def _readable(entry: Quarantined) -> object:
    if entry.of_import:
        msg = Sentence(
            "Quarantine entry %(number)s is a row of an import: correct the file and import it again, then dismiss the "
            "rejected rows.",
            number=entry.id,
        )
        raise UnableToRetryNotification(msg)
    if not entry.complete:
        text = "Quarantine entry %(number)s was too long to be kept whole; send a corrected one."
        raise UnableToRetryNotification(Sentence(text, number=entry.id))
    try:
        return json.loads(entry.body)
    except (ValueError, RecursionError) as error:
        text = "Quarantine entry %(number)s is not readable JSON; send a corrected one."
        raise UnableToRetryNotification(Sentence(text, number=entry.id)) from error

"""After a backup was restored: give no number twice, and name what the restored database does not know."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.installation import AirflowMark
from include.sla_logic.domain.outgoing_keys import name_in
from include.sla_logic.letters.operator_mail import lost_tickets_mail
from include.sla_logic.persistence.accounts import account_names
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.installation import go_on_above, highest_numbers, installation_id
from include.sla_logic.persistence.outbox import keys_of_kind
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.installation import Installation, Notebook, bind
from include.sla_logic.services.lost_tickets import Records, lost_tickets
from include.sla_logic.services.outbox import Outbox

__all__ = ["MARGIN", "Restored", "RestoredDatabase", "UnableToGoOnAbove"]

MARGIN = 1_000  # numbers given out after Airflow last heard of the highest, at most a minute earlier


class UnableToGoOnAbove(ForeseenError):
    """Somebody who knows which numbers were given out cannot be asked; `--above` says it instead."""


@dataclass(frozen=True)
class Restored:
    """The next ticket, the highest number that each source knows, and what the database does not know any more."""

    next_ticket: str
    highest: dict[str, int]
    lost: tuple[str, ...]


@dataclass(frozen=True)
class RestoredDatabase:
    """Resumes work on a database that a backup was restored into."""

    work: UnitOfWork

    def resume(
        self, notebook: Notebook, records: Records, *, by: str, reason: str, above: int | None = None
    ) -> Restored:
        """Go on above every number that Airflow, the billing system and `above` know, with a new pair of ids.

        Raises `UnableToGoOnAbove` where one of them cannot be asked and `above` is not given.
        """
        mark = AirflowMark.read(notebook.read())
        if mark is None and above is None:
            msg = "This Airflow has not worked the operations database and does not know which numbers were given out."
            raise UnableToGoOnAbove(f"{msg} {_SAY_IT}")
        highest, problem, lost = self._known(mark, self._keys_at_billing(mark, above), records)
        last = max(max(highest.values()) + MARGIN, above or 0)
        with self.work.writing() as connection:
            go_on_above(connection, ticket=last, problem=problem + MARGIN)
            fresh = bind(connection, self.work).model_copy(update={"billing": mark.billing if mark else None})
            now = self.work.database.now(connection)
            what = f"{reason} (the next ticket is {ticket_id(last + 1)})"
            note_act(connection, Act(now, by, "database restored", fresh.installation, what))
            if lost and self.work.settings.operators:
                Outbox(self.work).mail_once(connection, partial(lost_tickets_mail, lost), now)
            notebook.write(fresh.model_dump_json())  # where that is refused, nothing has changed
        Installation(self.work).confirm(fresh)
        return Restored(ticket_id(last + 1), highest, lost)

    def _known(
        self, mark: AirflowMark | None, keys: Sequence[str], records: Records
    ) -> tuple[dict[str, int], int, tuple[str, ...]]:
        """Return the highest ticket that each source knows, the highest problem, and what is lost here."""
        runs = list(records.runs())
        with self.work.reading() as connection:
            lost = lost_tickets(connection, runs, records, now=self.work.database.now(connection))
            ours, sent = {installation_id(connection)}, keys_of_kind(connection, "billing")
            ticket, problem = highest_numbers(connection)
        if mark:
            ours.add(mark.installation)
        highest = {
            "database": ticket,
            "Airflow": max([mark.ticket if mark else 0, *lost.numbers]),
            "billing": max([0, *(number for key in keys for number in _tickets_in(name_in(key)))]),
        }
        postings = [key for key in keys if key.partition(":")[0] in ours and key not in sent]
        sentences = (*lost.sentences, *(f"Billing & Collections has {key}, unknown here." for key in postings))
        return highest, max(problem, mark.problem if mark else 0), sentences

    def _keys_at_billing(self, mark: AirflowMark | None, above: int | None) -> Sequence[str]:
        """Return the keys of everything that the billing system has posted; the simulated ledger is restored too."""
        from include.sla_logic.gateways.billing.client import UnableToReadPostings
        from include.sla_logic.gateways.billing.profiles import list_postings

        system = self.work.settings.billing
        if system is None:
            if mark and mark.billing and above is None:
                msg = f"Airflow posted to the billing system {mark.billing}: name it in TELECO_BILLING_URL. Or:"
                raise UnableToGoOnAbove(f"{msg} {_SAY_IT}")
            return ()
        try:
            with self.work.reading() as connection:
                accounts = account_names(connection)
            return [one.key for one in list_postings(system, accounts) if one.key]
        except UnableToReadPostings as error:
            if above is None:
                raise UnableToGoOnAbove(f"{error} {_SAY_IT}") from error
            return ()


_SAY_IT = "Give --above TT-…, a ticket that is surely higher than every one that was given out."


def _tickets_in(text: str) -> list[int]:
    """Return the numbers of all tickets that a text names."""
    return [int(digits) for digits in re.findall(r"\bTT-([0-9]{1,18})\b", text)]

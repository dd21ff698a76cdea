"""The long lists of people's work, a page at a time: what waits for a decision, what was done, shared causes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from include.sla_logic.domain.disputes import Dispute
from include.sla_logic.domain.problem_view import ProblemView
from include.sla_logic.persistence.audit import Act, page_of_acts
from include.sla_logic.persistence.disputes import page_of_disputes
from include.sla_logic.persistence.outbox import Outgoing, page_of_messages
from include.sla_logic.persistence.paging import COUNTED, LAST_PAGE, Page
from include.sla_logic.persistence.quarantine import Quarantined, page_of_quarantine
from include.sla_logic.persistence.queries.attention import HeldRestoration, held_restorations
from include.sla_logic.persistence.queries.service_problems import page_of_problems
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.waiting_credits import WaitingCredit, page_of_credits

__all__ = ["LAST_PAGE", "Page", "WaitingLists", "Worklists"]

UNDELIVERED = ("dead", "claimed", "waiting")


@dataclass(frozen=True)
class WaitingLists:
    """One page of each list that a person works off, read at the same moment."""

    restorations: Page[HeldRestoration]
    credits: Page[WaitingCredit]
    disputes: Page[Dispute]
    quarantine: Page[Quarantined]
    imports: Page[Quarantined]
    outbox: Page[Outgoing]
    audit: Page[Act]


@dataclass(frozen=True)
class Worklists:
    """Pages are counted from 1; a page past the end is empty."""

    work: UnitOfWork

    def restorations(self, *, page: int, size: int) -> Page[HeldRestoration]:
        """Return the restoration requests that wait for a release, the nearest deadline first."""
        with self.work.reading() as connection:
            now = self.work.database.now(connection)
            return held_restorations(connection, now=now, number=page, size=size)

    def credits(self, *, page: int, size: int) -> Page[WaitingCredit]:
        """Return the credits that wait for a person, the oldest first."""
        with self.work.reading() as connection:
            return page_of_credits(connection, number=page, size=size)

    def quarantine(self, *, page: int, size: int, imports: bool = False) -> Page[Quarantined]:
        """Return the notifications that were refused, or the rejected rows of imports, the newest first."""
        with self.work.reading() as connection:
            return page_of_quarantine(connection, imports=imports, number=page, size=size)

    def messages(self, *, states: Sequence[str], page: int, size: int) -> Page[Outgoing]:
        """Return the messages of the outbox in these states without their payload, the newest first."""
        with self.work.reading() as connection:
            return page_of_messages(connection, states=states, number=page, size=size)

    def problems(self, *, open_only: bool, page: int, size: int) -> Page[ProblemView]:
        """Return service problems with the incidents that share each of them, the newest first."""
        with self.work.reading() as connection:
            return page_of_problems(connection, open_only=open_only, number=page, size=size)

    def audit(self, *, page: int, size: int) -> Page[Act]:
        """Return what people did beside the process, the newest first."""
        with self.work.reading() as connection:
            return page_of_acts(connection, number=page, size=size)

    def waiting(self, pages: Mapping[str, int], *, size: int) -> WaitingLists:
        """Return one page of each list that waits for a person; `pages` names the page of each.

        Lists that can be long are counted no further than COUNTED.
        """

        def cut(name: str) -> dict[str, int]:
            return {"number": pages[name], "size": size}

        def bounded(name: str) -> dict[str, int]:
            return cut(name) | {"most": COUNTED}

        with self.work.reading() as connection:
            now = self.work.database.now(connection)
            return WaitingLists(
                restorations=held_restorations(connection, now=now, **bounded("restorations")),
                credits=page_of_credits(connection, **bounded("credits")),
                disputes=page_of_disputes(connection, state="open", **cut("disputes")),
                quarantine=page_of_quarantine(connection, imports=False, **cut("quarantine")),
                imports=page_of_quarantine(connection, imports=True, **cut("imports")),
                outbox=page_of_messages(connection, states=UNDELIVERED, suspended=False, **bounded("outbox")),
                audit=page_of_acts(connection, **bounded("audit")),
            )

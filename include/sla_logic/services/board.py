"""The board: incidents in queue order, with what waits for a person above them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from include.sla_logic.persistence.paging import COUNTED, Page
from include.sla_logic.persistence.queries.attention import (
    AttentionCounts,
    HeldRestoration,
    count_attention,
    nearest_held_restorations,
)
from include.sla_logic.persistence.queries.board import BoardLine, read_board
from include.sla_logic.persistence.queries.board_filter import SHOWN, SORTS, UNASSIGNED, BoardFilter
from include.sla_logic.persistence.team import people
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["COUNTED", "SHOWN", "SORTS", "UNASSIGNED", "Board", "BoardFilter", "BoardLine", "BoardOverview"]


@dataclass(frozen=True)
class BoardOverview:
    """One page of the board and what stands above it, read at the same moment.

    `people` are those who have used the desk, each with the address that their login told.
    """

    page: Page[BoardLine]
    counts: AttentionCounts
    held: Sequence[HeldRestoration]
    people: Mapping[str, str | None]


@dataclass(frozen=True)
class Board:
    """Reads the queue, never changes it."""

    work: UnitOfWork

    def incidents(self, wanted: BoardFilter, *, page: int = 1, size: int = 50) -> Page[BoardLine]:
        """Return one page of the incidents that match, the most urgent first."""
        with self.work.reading() as connection:
            return read_board(connection, wanted, now=self.work.database.now(connection), page=page, size=size)

    def overview(self, wanted: BoardFilter, *, page: int = 1, size: int = 50) -> BoardOverview:
        """Return the same page with the counts and held requests that the head of the board shows.

        Neither counts further than COUNTED: it would have to read all that it counts.
        """
        with self.work.reading() as connection:
            now = self.work.database.now(connection)
            return BoardOverview(
                page=read_board(connection, wanted, now=now, page=page, size=size, counted=COUNTED),
                counts=count_attention(connection, now=now),
                held=nearest_held_restorations(connection, now=now),
                people=people(connection),
            )

"""The extra problem fix process for premium customers: which incidents have asked for it and still wait for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from include.sla_logic.persistence.linked_incidents import Linked, linked_before, linked_by
from include.sla_logic.persistence.unit_of_work import UnitOfWork

PATIENCE = timedelta(minutes=10)  # its runs start before all steps of other incidents


@dataclass(frozen=True)
class ExtraProblemFix:
    """What the incidents' own process has committed, whatever became of the runs that it announces."""

    work: UnitOfWork

    def asked_for_by(self, run_id: str) -> Sequence[Linked]:
        """Return the incidents of a cohort, set aside or not, that were linked and not taken over yet."""
        with self.work.reading() as connection:
            return linked_by(connection, run_id)

    def without_child(self, *, limit: int = 1_000) -> Sequence[Linked]:
        """Return the incidents that were linked longer than `PATIENCE` ago and have no child ticket, newest first."""
        with self.work.reading() as connection:
            return linked_before(connection, self.work.database.now(connection) - PATIENCE, limit=limit)

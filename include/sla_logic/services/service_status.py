"""One service as its subscribers have it: what each window promised, used up and paid."""

from dataclasses import dataclass

from include.sla_logic.persistence.queries.services import ServiceView, UnableToFindService, view_service
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["ServiceStatus", "ServiceView", "UnableToFindService"]


@dataclass(frozen=True)
class ServiceStatus:
    """Judges from the database, and writes nothing."""

    work: UnitOfWork

    def of(self, service: str) -> ServiceView:
        """Judge the current and past windows as known now; raise `UnableToFindService`."""
        with self.work.reading() as connection:
            return view_service(connection, service, now=self.work.database.now(connection))

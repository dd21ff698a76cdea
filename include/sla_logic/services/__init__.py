"""Use cases: the only way from Airflow, the command line and the desk to the operations database."""

from include.sla_logic.persistence.database import Clock
from include.sla_logic.persistence.restorations import UnableToReleaseRestoration
from include.sla_logic.services.acceptance import UnableToAcceptNotification
from include.sla_logic.services.backlog import Backlog
from include.sla_logic.services.cohort_conf import UnableToAcceptCohort
from include.sla_logic.services.cohorts import Cohorts
from include.sla_logic.services.credits import Credits
from include.sla_logic.services.holds import Holds
from include.sla_logic.services.incidents import Incidents
from include.sla_logic.services.lookups import Lookups
from include.sla_logic.services.monitoring import Monitoring
from include.sla_logic.services.outbox import Outbox
from include.sla_logic.services.quarantine import Quarantine
from include.sla_logic.services.restorations import Restorations
from include.sla_logic.services.sla_status import SlaStatus
from include.sla_logic.services.unit_of_work import UnitOfWork
from include.sla_logic.settings import Settings

__all__ = ["Settings", "UnableToAcceptCohort", "UnableToAcceptNotification", "UnableToReleaseRestoration", "UseCases"]


class UseCases:
    """All use cases over one operations database, composed; what one call writes is one transaction.

    Cheap to make: the first call that needs a connection opens one.
    """

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.work = UnitOfWork(settings, clock=clock)
        self.incidents = Incidents(self.work)
        self.cohorts = Cohorts(self.work)
        self.restorations = Restorations(self.work)
        self.holds = Holds(self.work)
        self.credits = Credits(self.work)
        self.backlog = Backlog(self.work)
        self.outbox = Outbox(self.work)
        self.quarantine = Quarantine(self.work)
        self.sla_status = SlaStatus(self.work)
        self.monitoring = Monitoring(self.work)
        self.lookups = Lookups(self.work)

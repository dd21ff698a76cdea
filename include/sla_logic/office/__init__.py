"""The front door: everything that Airflow, the command line and the desk may ask of TELECO."""

from include.sla_logic.adapters.acceptance import UnableToAcceptNotification
from include.sla_logic.adapters.restorations import UnableToReleaseRestoration
from include.sla_logic.adapters.settings import Settings
from include.sla_logic.office.archive import Archive
from include.sla_logic.office.backlog_room import BacklogRoom
from include.sla_logic.office.case_work import CaseWork
from include.sla_logic.office.cohort_conf import UnableToAcceptCohort
from include.sla_logic.office.cohort_work import CohortWork
from include.sla_logic.office.control_room import ControlRoom
from include.sla_logic.office.credit_room import CreditRoom
from include.sla_logic.office.dispatch import Dispatch
from include.sla_logic.office.holding_room import HoldingRoom
from include.sla_logic.office.judging_room import JudgingRoom
from include.sla_logic.office.quarantine_room import QuarantineRoom

__all__ = ["Office", "Settings", "UnableToAcceptCohort", "UnableToAcceptNotification", "UnableToReleaseRestoration"]


class Office(
    CaseWork,
    CohortWork,
    BacklogRoom,
    ControlRoom,
    HoldingRoom,
    CreditRoom,
    Dispatch,
    JudgingRoom,
    QuarantineRoom,
    Archive,
):
    """TELECO over one operations database. What one call writes becomes true together, or not at all.

    Cheap to make: a connection is opened by the first call that needs one.
    """

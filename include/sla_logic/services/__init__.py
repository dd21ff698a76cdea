"""Use cases: the only way from Airflow, the command line and the desk to the operations database."""

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

from include.sla_logic.persistence.database import Clock, UnableToUseDatabase
from include.sla_logic.persistence.restorations import UnableToReleaseRestoration
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.acceptance import UnableToAcceptNotification
from include.sla_logic.services.backlog import Backlog
from include.sla_logic.services.cohort_conf import UnableToAcceptCohort
from include.sla_logic.services.cohorts import Cohorts
from include.sla_logic.services.credits import Credits
from include.sla_logic.services.gateways import gateways_of
from include.sla_logic.services.holds import Holds
from include.sla_logic.services.incidents import Incidents
from include.sla_logic.services.installation import Installation
from include.sla_logic.services.lookups import Lookups
from include.sla_logic.services.monitoring import Monitoring
from include.sla_logic.services.outbox import Outbox
from include.sla_logic.services.quarantine import Quarantine
from include.sla_logic.services.restorations import Restorations
from include.sla_logic.services.settled_money import SettledMoney
from include.sla_logic.services.sla_status import SlaStatus
from include.sla_logic.settings import NetworkChoice, Settings

if TYPE_CHECKING:
    from include.sla_logic.services.alarm_views import AlarmViews
    from include.sla_logic.services.alarms import Alarms
    from include.sla_logic.services.board import Board
    from include.sla_logic.services.conformance import ConformanceChecks
    from include.sla_logic.services.extra_problem_fix import ExtraProblemFix
    from include.sla_logic.services.feeds import Feeds
    from include.sla_logic.services.follow_ups import FollowUps
    from include.sla_logic.services.imports import Imports
    from include.sla_logic.services.incident_views import IncidentViews
    from include.sla_logic.services.intake import Intake
    from include.sla_logic.services.letters import Letters
    from include.sla_logic.services.monthly_reports import MonthlyReports
    from include.sla_logic.services.open_apis import OpenApis
    from include.sla_logic.services.proactive_incidents import ProactiveIncidents
    from include.sla_logic.services.process_log import ProcessLog
    from include.sla_logic.services.process_view import ProcessView
    from include.sla_logic.services.replay import Replay
    from include.sla_logic.services.reports import Reports
    from include.sla_logic.services.restored_database import RestoredDatabase
    from include.sla_logic.services.service_status import ServiceStatus
    from include.sla_logic.services.setup import Setup
    from include.sla_logic.services.simulation import Simulations
    from include.sla_logic.services.subscriptions import Subscriptions
    from include.sla_logic.services.team import Team
    from include.sla_logic.services.uploads import Uploads
    from include.sla_logic.services.worklists import Worklists

__all__ = [
    "Settings",
    "UnableToAcceptCohort",
    "UnableToAcceptNotification",
    "UnableToReleaseRestoration",
    "UnableToUseDatabase",
    "UseCases",
]


class UseCases(SettledMoney):
    """All use cases over one operations database; what one call writes is one transaction.

    The first call that needs a connection opens one; `network` is asked when a step first needs it.
    """

    def __init__(
        self, settings: Settings, *, clock: Clock | None = None, network: Callable[[], NetworkChoice] | None = None
    ) -> None:
        self.work = UnitOfWork(settings, gateways_of(network or (lambda: settings.network)), clock=clock)
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
        self.installation = Installation(self.work)

    # What only people read is imported when it is first asked for: every task's process would pay for it.
    @cached_property
    def alarms(self) -> "Alarms":
        from include.sla_logic.services.alarms import Alarms

        return Alarms(self.work)

    @cached_property
    def alarm_views(self) -> "AlarmViews":
        from include.sla_logic.services.alarm_views import AlarmViews

        return AlarmViews(self.work)

    @cached_property
    def board(self) -> "Board":
        from include.sla_logic.services.board import Board

        return Board(self.work)

    @cached_property
    def conformance(self) -> "ConformanceChecks":
        from include.sla_logic.services.conformance import ConformanceChecks

        return ConformanceChecks(self.work)

    @cached_property
    def extra_problem_fix(self) -> "ExtraProblemFix":
        from include.sla_logic.services.extra_problem_fix import ExtraProblemFix

        return ExtraProblemFix(self.work)

    @cached_property
    def feeds(self) -> "Feeds":
        from include.sla_logic.services.feeds import Feeds

        return Feeds(self.work)

    @cached_property
    def follow_ups(self) -> "FollowUps":
        from include.sla_logic.services.follow_ups import FollowUps

        return FollowUps(self.work)

    @cached_property
    def imports(self) -> "Imports":
        from include.sla_logic.services.imports import Imports

        return Imports(self.work)

    @cached_property
    def incident_views(self) -> "IncidentViews":
        from include.sla_logic.services.incident_views import IncidentViews

        return IncidentViews(self.work)

    @cached_property
    def intake(self) -> "Intake":
        from include.sla_logic.services.intake import Intake

        return Intake(self.work)

    @cached_property
    def letters(self) -> "Letters":
        from include.sla_logic.services.letters import Letters

        return Letters(self.work)

    @cached_property
    def monthly_reports(self) -> "MonthlyReports":
        from include.sla_logic.services.monthly_reports import MonthlyReports

        return MonthlyReports(self.work)

    @cached_property
    def open_apis(self) -> "OpenApis":
        from include.sla_logic.services.open_apis import OpenApis

        return OpenApis(self.work)

    @cached_property
    def process_log(self) -> "ProcessLog":
        from include.sla_logic.services.process_log import ProcessLog

        return ProcessLog(self.work)

    @cached_property
    def process_view(self) -> "ProcessView":
        from include.sla_logic.services.process_view import ProcessView

        return ProcessView(self.work)

    @cached_property
    def replay(self) -> "Replay":
        from include.sla_logic.services.replay import Replay

        return Replay(self.work)

    @cached_property
    def proactive_incidents(self) -> "ProactiveIncidents":
        from include.sla_logic.services.proactive_incidents import ProactiveIncidents

        return ProactiveIncidents(self.work)

    @cached_property
    def reports(self) -> "Reports":
        from include.sla_logic.services.reports import Reports

        return Reports(self.work)

    @cached_property
    def restored_database(self) -> "RestoredDatabase":
        from include.sla_logic.services.restored_database import RestoredDatabase

        return RestoredDatabase(self.work)

    @cached_property
    def service_status(self) -> "ServiceStatus":
        from include.sla_logic.services.service_status import ServiceStatus

        return ServiceStatus(self.work)

    @cached_property
    def setup(self) -> "Setup":
        from include.sla_logic.services.setup import Setup

        return Setup(self.work)

    @cached_property
    def simulations(self) -> "Simulations":
        from include.sla_logic.services.simulation import Simulations

        return Simulations(self.work)

    @cached_property
    def subscriptions(self) -> "Subscriptions":
        from include.sla_logic.services.subscriptions import Subscriptions

        return Subscriptions(self.work)

    @cached_property
    def team(self) -> "Team":
        from include.sla_logic.services.team import Team

        return Team(self.work)

    @cached_property
    def uploads(self) -> "Uploads":
        from include.sla_logic.services.uploads import Uploads

        return Uploads(self.work, self.imports)

    @cached_property
    def worklists(self) -> "Worklists":
        from include.sla_logic.services.worklists import Worklists

        return Worklists(self.work)

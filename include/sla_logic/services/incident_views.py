"""Everything that the page of one incident shows, read at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.persistence.cohort_members import Member
from include.sla_logic.persistence.contracts import UnableToFindRecord
from include.sla_logic.persistence.incident_records import UnableToFindIncident, find_number
from include.sla_logic.persistence.queries.at_a_glance import AtAGlance, at_a_glance
from include.sla_logic.persistence.queries.incident import Case, KeptDocument, TakenStep, run_of_parent, view_case
from include.sla_logic.persistence.queries.letters import MailHead, mail_heads
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.service_assessment import course_of_service
from include.sla_logic.services.waiting_credits import held_credits_of

__all__ = ["Case", "IncidentView", "IncidentViews", "KeptDocument", "Member", "TakenStep", "UnableToFindIncident"]


@dataclass(frozen=True)
class IncidentView:
    """One incident at this moment; `parent_run` is the run of the incident that a child ticket belongs to.

    `held_credits` are those that a second person can decide. `series` is what the customer was shown, or, as long as
    the incident goes on, what is measured now. `mails` says to whom each mail goes, by the number of its message.
    """

    now: datetime
    case: Case
    parent_run: str | None
    held_credits: frozenset[str]
    series: tuple[PerformanceSeries, ...]
    glance: AtAGlance
    mails: Mapping[int, MailHead]


@dataclass(frozen=True)
class IncidentViews:
    """Reads, never writes."""

    work: UnitOfWork

    def of(self, reference: str) -> IncidentView:
        """Return one incident, by ticket id, external reference or run id; raise `UnableToFindIncident`."""
        with self.work.reading() as connection:
            now = self.work.database.now(connection)
            number = find_number(connection, reference)
            case = view_case(connection, number, now=now)
            return IncidentView(
                now=now,
                case=case,
                parent_run=run_of_parent(connection, case.ticket),
                held_credits=_held_credits(connection, case),
                series=_series(connection, now, case),
                glance=at_a_glance(connection, number, now=now),
                mails=mail_heads(connection, number),
            )


def _held_credits(connection: Connection, case: Case) -> frozenset[str]:
    if case.adjustment is None or not case.adjustment.held:
        return frozenset()
    return frozenset(credit.reference for credit in held_credits_of(connection, case.ticket.id))


def _series(connection: Connection, now: datetime, case: Case) -> tuple[PerformanceSeries, ...]:
    if told := case.document(CustomerReport):
        return told.series
    report = case.document(ProblemReport)
    if report is None:
        return ()
    try:
        return course_of_service(connection, report.customer, report.service, at=report.observed_from, now=now)
    except UnableToFindRecord:
        return ()

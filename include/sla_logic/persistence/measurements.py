"""What was measured of a service, read from the operations database as it was known at one moment."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.contract.measures import FromUnavailableState
from include.sla_logic.domain.measurements import (
    Attribution,
    Charges,
    ClaimFiled,
    Hold,
    MaintenanceWindow,
    Outage,
    SampleSeries,
    ServiceFacts,
)
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.contracts import find_contract
from include.sla_logic.persistence.reported_incidents import Reported, reported_incidents
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.persistence.series import read_series


class MeasurementRegister:
    """Outages, samples and planned work of the services."""

    def __init__(self, *, connection: Connection, ticket: str | None = None, now: datetime | None = None) -> None:
        """Look through this transaction."""
        self._connection = connection
        self._ticket = ticket
        self._now = now

    def facts(self, agreement: Agreement, window: Period, *, as_of: datetime) -> ServiceFacts:
        contract = self._contract(agreement)
        seen = _as_far_back_as_rights_reach(contract, window)
        incidents = self._incidents(agreement, as_of)
        return ServiceFacts(
            service=agreement.service,
            as_of=as_of,
            outages=tuple(self._outages(agreement.service, seen, as_of, incidents)),
            maintenance=tuple(self._maintenance(agreement.service, seen, as_of)),
            holds=(*self._holds(agreement.service, seen, as_of), *_on_hold(incidents, seen)),
            unobserved=tuple(self._unobserved(agreement.service, window, as_of)),
            series=tuple(self._series(agreement.service, contract, (window, seen), as_of)),
            charges=Charges(recurring=agreement.monthly_charge),
            claim=None if contract.claim.automatic else self._claim(agreement, window, as_of),
            not_kept=("delays", "event_credits", "usage"),
        )

    def _claim(self, agreement: Agreement, window: Period, as_of: datetime) -> ClaimFiled | None:
        """Return when the customer first claimed a credit of this window."""
        table = applied_billing_credits.c
        filed = self._connection.scalar(
            select(func.min(table.claimed_at)).where(
                table.agreement == agreement.id, table.window_start == window.start, table.claimed_at <= as_of
            )
        )
        return None if filed is None else ClaimFiled(filed_at=filed)

    def _contract(self, agreement: Agreement) -> Contract:
        return find_contract(self._connection, agreement.contract, agreement.contract_version)

    def _incidents(self, agreement: Agreement, as_of: datetime) -> Sequence[Reported]:
        return reported_incidents(self._connection, agreement, as_of=as_of)

    def _outages(
        self, service: str, window: Period, as_of: datetime, incidents: Iterable[Reported]
    ) -> Iterable[Outage]:
        for row in self._outage_rows(service, window, as_of):
            yield _outage(row, as_of, incidents)

    def _outage_rows(self, service: str, window: Period, as_of: datetime) -> Sequence[Row[Any]]:
        table = t.outages.c
        return self._connection.execute(
            select(t.outages)
            .where(
                table.service == service,
                table.started_at < window.end,
                table.started_at <= as_of,
                # An end before the start is a record to refuse, not one to lose.
                or_(table.ended_at.is_(None), table.ended_at > window.start, table.ended_at < table.started_at),
            )
            .order_by(table.started_at, table.reference)
        ).all()

    def _maintenance(self, service: str, window: Period, as_of: datetime) -> Iterable[MaintenanceWindow]:
        for row in self._maintenance_rows(service, window, as_of):
            yield MaintenanceWindow(
                reference=row.reference, start=row.starts_at, end=row.ends_at, announced_at=row.announced_at
            )

    def _maintenance_rows(self, service: str, window: Period, as_of: datetime) -> Sequence[Row[Any]]:
        table = t.maintenance_windows.c
        return self._connection.execute(
            select(t.maintenance_windows)
            .where(
                table.service == service,
                table.starts_at < window.end,
                or_(table.ends_at > window.start, table.ends_at < table.starts_at),
                or_(table.announced_at <= as_of, and_(table.announced_at.is_(None), table.starts_at <= as_of)),
            )
            .order_by(table.starts_at, table.reference)
        ).all()

    def _holds(self, service: str, window: Period, as_of: datetime) -> Iterable[Hold]:
        for row in self._hold_rows(service, window, as_of):
            yield Hold(start=row.starts_at, end=_until(row.ends_at, as_of), reason=row.reason, owner=row.owner)

    def _hold_rows(self, service: str, window: Period, as_of: datetime) -> Sequence[Row[Any]]:
        table = t.holds.c
        return self._connection.execute(
            select(t.holds)
            .where(
                table.service == service,
                table.starts_at < window.end,
                table.starts_at <= as_of,
                or_(table.ends_at.is_(None), table.ends_at > window.start),
            )
            .order_by(table.starts_at)
        ).all()

    def _unobserved(self, service: str, window: Period, as_of: datetime) -> Iterable[Period]:
        for row in self._unobserved_rows(service, window, as_of):
            yield Period(start=row.started_at, end=min(row.ended_at, as_of))

    def _unobserved_rows(self, service: str, window: Period, as_of: datetime) -> Sequence[Row[Any]]:
        table = t.unobserved.c
        return self._connection.execute(
            select(t.unobserved)
            .where(
                table.service == service,
                table.started_at < window.end,
                table.started_at <= as_of,
                table.ended_at > window.start,
            )
            .order_by(table.started_at)
        ).all()

    def _series(
        self, service: str, contract: Contract, windows: tuple[Period, Period], as_of: datetime
    ) -> Iterable[SampleSeries]:
        """Read each series for the window; one whose states count as outages as far back as rights reach."""
        window, seen = windows
        measured_by = [objective.measured_by for objective in contract.objectives]
        for metric in self._metric_rows(service):
            states = [m for m in measured_by if isinstance(m, FromUnavailableState) and m.series == metric.metric]
            series = read_series(self._connection, metric, seen if states else window, as_of, states=states)
            if series is not None:
                yield series

    def _metric_rows(self, service: str) -> Sequence[Row[Any]]:
        return self._connection.execute(
            select(t.measured_metrics)
            .where(t.measured_metrics.c.service == service)
            .order_by(t.measured_metrics.c.metric)
        ).all()


def _as_far_back_as_rights_reach(contract: Contract, window: Period) -> Period:
    """Return the stretch whose outages matter: a right to leave counts those before the window as well."""
    if contract.chronic is None:
        return window
    stretch = calendar_window(
        contract.chronic.total_over, contract.zone, window.start, billing_day=contract.billing_day
    )
    start = min(window.start - timedelta(days=contract.chronic.within_days), stretch.start)
    return Period(start=start, end=window.end)


def _outage(row: Row[Any], as_of: datetime, incidents: Iterable[Reported]) -> Outage:
    end = _until(row.ended_at, as_of)
    reporting = min(
        (i for i in incidents if i.touches(row.started_at, end)),
        key=lambda i: (i.reported_at, i.opened_at),
        default=None,
    )
    return Outage(
        reference=row.reference,
        start=row.started_at,
        end=end,
        start_bounds=None if row.started_after is None else (row.started_after, row.started_at),
        end_bounds=None if row.ended_after is None or row.ended_after > as_of else (row.ended_after, end),
        cause=row.cause,
        attribution=Attribution(row.attribution),
        detected_at=_known(row.detected_at, as_of),
        reported_at=row.reported_at or (reporting.reported_at if reporting else None),
        ticket_opened_at=row.ticket_opened_at or (reporting.opened_at if reporting else None),
        ticket_closed_at=row.ticket_closed_at or (reporting.closed_at if reporting else None),
    )


def _until(end: datetime | None, as_of: datetime) -> datetime | None:
    """Forget an end that nobody could know yet."""
    return None if end is None or end > as_of else end


def _known(moment: datetime | None, as_of: datetime) -> datetime | None:
    return None if moment is None or moment > as_of else moment


def _on_hold(incidents: Iterable[Reported], window: Period) -> Iterable[Hold]:
    """Return the time in which a ticket was on hold, whoever owed the next step."""
    for incident in incidents:
        for hold in incident.holds:
            if hold.start < window.end and (hold.end is None or hold.end > window.start):
                yield hold

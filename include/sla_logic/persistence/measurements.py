"""What was measured of a service, read from the operations database as it was known at one moment."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from sqlalchemy import Connection

from include.sla_logic.domain.contract.measures import FromUnavailableState
from include.sla_logic.domain.contract.reach import edges_reach, looks_at_earlier_windows, records_reach, rights_reach
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
from include.sla_logic.domain.sla.agreed import judged_time
from include.sla_logic.domain.sla.edges import needed_period
from include.sla_logic.persistence.contracts import ContractRegister, Subscription
from include.sla_logic.persistence.filed_claims import filed_claims
from include.sla_logic.persistence.measured_rows import Rows, by_service, ends, facts_questions, known_at, within
from include.sla_logic.persistence.reported_incidents import Reported, Reports
from include.sla_logic.persistence.series import SampleReader, Wanted


@dataclass
class FreshMeasurements:
    """What was measured in this transaction and is not written yet: samples, and outages that have ended."""

    samples: dict[tuple[str, str], dict[int, int | None]] = field(default_factory=lambda: defaultdict(dict))
    ended: dict[tuple[str, str], datetime] = field(default_factory=dict)


class MeasurementRegister:
    """Outages, samples and planned work; one look-up of each for all services that are judged by one window."""

    def __init__(
        self,
        *,
        connection: Connection,
        contracts: ContractRegister | None = None,
        subscriptions: Iterable[Subscription] = (),
        fresh: FreshMeasurements | None = None,
        until: datetime | None = None,
    ) -> None:
        """Look through this transaction; what is asked about another service is looked up for it alone.

        `until` is a moment after every `as_of` that is asked for: what they share is looked up once.
        """
        self._connection = connection
        self._contracts = contracts or ContractRegister(connection=connection)
        self._subscriptions = tuple(subscriptions)
        self._fresh = fresh or FreshMeasurements()
        self._until = until
        self._found: dict[object, dict[str, dict[str, Rows]]] = {}
        self._reports: dict[str, Reports] = {}
        self._filed: dict[Period, dict[Subscription, list[ClaimFiled]]] = {}

    @cached_property
    def _samples(self) -> SampleReader:
        return SampleReader(self._connection, self._fresh.samples)

    def facts(self, agreement: Agreement, window: Period, *, as_of: datetime) -> ServiceFacts:
        contract = self._contracts.contract(agreement)
        seen, records = rights_reach(contract, window), records_reach(contract, window)
        known = self._known(agreement, window, asked := edges_reach(contract, window), as_of)
        reports = self._reports[agreement.service]
        incidents = reports.known(agreement.customer, agreement.service, as_of=as_of)
        outages = self._outages(known, as_of, incidents)
        if asked != records:
            records = needed_period(contract, window, outages, as_of)
            known = within(records, known)
            outages = self._outages(known, as_of, incidents)
        return ServiceFacts(
            service=agreement.service,
            as_of=as_of,
            outages=outages,
            maintenance=tuple(_maintenance(row) for row in _sorted(known["maintenance"], "starts_at")),
            holds=(*(_hold(row, as_of) for row in _sorted(known["holds"], "starts_at")), *_on_hold(incidents, records)),
            unobserved=tuple(
                Period(start=row.started_at, end=min(row.ended_at, as_of))
                for row in _sorted(known["unobserved"], "started_at")
            ),
            series=tuple(self._series(agreement, known["metrics"], (window, seen), as_of)),
            charges=Charges(recurring=agreement.monthly_charge),
            agreements=self._contracts.agreed_times(agreement),
            tickets=tuple(incident.as_fact for incident in incidents),
            claims=() if contract.claim.automatic else self._claims(agreement, window, as_of),
            credited=reports.credited(agreement.customer, agreement.service, as_of=as_of),
            not_kept=("delays", "event_credits", "usage", *_not_kept(known["outages"])),
        )

    def _known(self, agreement: Agreement, window: Period, seen: Period, as_of: datetime) -> dict[str, Rows]:
        """Return the rows about one service out of those about all services here, asked in one statement."""
        service, until = agreement.service, self._until or as_of
        key = (window, seen, until)
        found = self._found.setdefault(key, {})
        if service not in found:
            asked = {(agreement.customer, service), *self._subscriptions}
            services = sorted({name for _, name in asked} - set(found))
            values = {"services": services, "as_of": until, **ends("window", window), **ends("seen", seen)}
            if service not in self._reports:
                values["customers"] = sorted({customer for customer, _ in asked})
            answers = facts_questions(with_reports="customers" in values).ask(self._connection, **values)
            if service not in self._reports:
                reports = Reports.of(*(answers.pop(name) for name in ("reports", "moves", "credits")))
                self._reports |= dict.fromkeys(services, reports)
            found |= by_service(services, answers)
        return found[service] if until == as_of else known_at(as_of, found[service])

    def _claims(self, agreement: Agreement, window: Period, as_of: datetime) -> tuple[ClaimFiled, ...]:
        """Return when the customer claimed credits of the part of this window that is judged."""
        window = judged_time(self._contracts.agreed_times(agreement), window)
        mine = agreement.customer, agreement.service
        if window not in self._filed or mine not in self._filed[window]:
            asked = {mine, *self._subscriptions}
            self._filed.setdefault(window, {}).update(filed_claims(self._connection, asked, window))
        return tuple(claim for claim in self._filed[window][mine] if claim.filed_at <= as_of)

    def _outages(self, known: Mapping[str, Rows], as_of: datetime, incidents: Sequence[Reported]) -> tuple[Outage, ...]:
        rows = _sorted(known["outages"], "started_at")
        return tuple(self._outage(row, as_of, incidents, known["alarms"]) for row in rows)

    def _outage(self, row: Any, as_of: datetime, incidents: Sequence[Reported], alarms: Rows) -> Outage:
        end = _until(self._fresh.ended.get((row.service, row.reference), row.ended_at), as_of)
        detected_at = _until(row.detected_at or _detected(row.started_at, end, alarms), as_of)
        return _outage(row, end, detected_at, as_of, incidents)

    def _series(
        self, agreement: Agreement, metrics: Rows, windows: tuple[Period, Period], as_of: datetime
    ) -> Iterable[SampleSeries]:
        """Read each series for the window; one whose states count as outages as far back as rights reach."""
        window, seen = windows
        contract = self._contracts.contract(agreement)
        measured_by = [objective.measured_by for objective in contract.objectives]
        wanted = []
        for metric in _sorted(metrics, "metric"):
            states = [m for m in measured_by if isinstance(m, FromUnavailableState) and m.series == metric.metric]
            far = states or looks_at_earlier_windows(contract)
            wanted.append(Wanted(metric, seen if far else window, as_of, tuple(states)))
        if wanted:
            yield from self._samples.read(wanted, services=[agreement.service, *self._contracts.alike(agreement)])


def _sorted(rows: Rows, column: str) -> list[Any]:
    """Sort by this column, then by the reference where there is one."""
    return sorted(rows, key=lambda row: (getattr(row, column), getattr(row, "reference", "")))


def _maintenance(row: Any) -> MaintenanceWindow:
    said = row.announced_at
    return MaintenanceWindow(reference=row.reference, start=row.starts_at, end=row.ends_at, announced_at=said)


def _hold(row: Any, as_of: datetime) -> Hold:
    return Hold(start=row.starts_at, end=_until(row.ends_at, as_of), reason=row.reason, owner=row.owner)


def _outage(
    row: Any, end: datetime | None, detected_at: datetime | None, as_of: datetime, incidents: Sequence[Reported]
) -> Outage:
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
        affected_percent=None if row.affected_percent is None else Decimal(row.affected_percent),
        degraded=bool(row.degraded),
        detected_at=detected_at,
        reported_at=row.reported_at or (reporting.reported_at if reporting else None),
        ticket_opened_at=row.ticket_opened_at or (reporting.opened_at if reporting else None),
        ticket_closed_at=row.ticket_closed_at or (reporting.closed_at if reporting else None),
    )


def _detected(start: datetime, end: datetime | None, alarms: Rows) -> datetime | None:
    """Return when the first alarm of the service showed an outage, which is never before the outage began."""
    showing = [
        max(alarm.raised_at, start)
        for alarm in alarms
        if (end is None or alarm.raised_at < end)
        and (alarm.ended_at is None or alarm.ended_at > start or alarm.raised_at >= start)
    ]
    return min(showing, default=None)


def _not_kept(outages: Rows) -> tuple[Literal["affected_percent", "degraded"], ...]:
    """Outages of earlier releases do not say how much of the service they hit."""
    return ("affected_percent", "degraded") if any(row.degraded is None for row in outages) else ()


def _until(end: datetime | None, as_of: datetime) -> datetime | None:
    """Drop a moment that was not known yet."""
    return None if end is None or end > as_of else end


def _on_hold(incidents: Iterable[Reported], window: Period) -> Iterable[Hold]:
    """Return the time in which a ticket was on hold, for any owner."""
    for incident in incidents:
        for hold in incident.holds:
            if hold.start < window.end and (hold.end is None or hold.end > window.start):
                yield hold

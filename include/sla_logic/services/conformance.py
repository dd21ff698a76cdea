"""What incidents did, compared with the process by the walk of invariant I11."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.invariants.ways import walk_ways
from include.sla_logic.persistence.process_log import reported_between
from include.sla_logic.persistence.unit_of_work import UnitOfWork

_DIGITS = Decimal("0.0001")


class Deviating(NamedTuple):
    """One deviation: of which incident, of which step (None: of the incident as a whole), and what is wrong."""

    ticket: str
    step: str | None
    says: str


@dataclass(frozen=True)
class Conformance:
    """What was walked and what of it fits; an event is a step of the process that an incident has taken."""

    incidents: int
    incidents_that_fit: int
    events: int
    events_that_fit: int
    deviations: tuple[Deviating, ...]

    @property
    def share_of_incidents(self) -> Decimal | None:
        """Return the share of incidents without a deviation to four places, 1 only where all fit; None without any."""
        return _share(self.incidents_that_fit, self.incidents)

    @property
    def share_of_events(self) -> Decimal | None:
        """Return the share of events that fit, as above."""
        return _share(self.events_that_fit, self.events)


@dataclass(frozen=True)
class ConformanceChecks:
    """Reads, never writes."""

    work: UnitOfWork

    def of(self, since: datetime | None = None, until: datetime | None = None) -> Conformance:
        """Walk the incidents that were reported in `[since, until)`; raise `UnableToReadPeriod` where that is empty."""
        incidents = fitting = events = faulty = 0
        deviations: list[Deviating] = []
        with self.work.reading() as connection:
            for walked in walk_ways(connection, *reported_between(since, until)):
                incidents, events = incidents + 1, events + walked.steps
                fitting += not walked.deviations
                faulty += len({deviation.step for deviation in walked.deviations} - {None})
                deviations += [Deviating(ticket_id(walked.ticket), *deviation) for deviation in walked.deviations]
        return Conformance(incidents, fitting, events, events - faulty, tuple(deviations))


def _share(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / whole).quantize(_DIGITS, ROUND_DOWN) if whole else None

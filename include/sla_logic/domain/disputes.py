"""Disputes: a customer contests what is on record about a window, and a second person decides."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.judged_facts import FactKind
from include.sla_logic.domain.period import Period

DISPUTED = "disputed"  # why a window waits, or a credit is held
LONGEST = 4_000  # characters of the customer's words
CONTESTABLE = (
    FactKind.OUTAGES,
    FactKind.ATTRIBUTIONS,
    FactKind.SAMPLES,
    FactKind.MAINTENANCE,
    FactKind.HOLDS,
    FactKind.UNOBSERVED,
)


class DisputeState(StrEnum):
    """Where a dispute stands; while it is open, its window is frozen."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class StatedDispute(Value):
    """A dispute as the customer reads it; `changed` names the records that were corrected since it was recorded."""

    reference: str
    contested: FactKind
    words: str
    recorded_at: AwareDatetime
    state: DisputeState = DisputeState.OPEN
    decided_at: AwareDatetime | None = None
    reason: str | None = None
    changed: tuple[FactKind, ...] = ()

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has decided it yet."""
        return self.state is DisputeState.OPEN


class Dispute(StatedDispute):
    """A dispute as it is kept: of whose window, at which incident it was recorded, by whom, and who decided."""

    customer: str
    service: str
    window: Period
    ticket: str | None
    recorded_by: str
    decided_by: str | None = None

    @property
    def stated(self) -> StatedDispute:
        """What a letter says of it: no name of a person."""
        return StatedDispute.model_validate(self.model_dump(include=set(StatedDispute.model_fields)))


def frozen_by(disputes: Iterable[Dispute], window: Period) -> Dispute | None:
    """Return the dispute by which nothing of a window may be booked: an open one about a part of its time."""
    return next((one for one in disputes if one.is_open and one.window.overlaps(window)), None)


def corrections(changed: Iterable[FactKind]) -> tuple[FactKind, ...]:
    """Keep the kinds of record that a dispute can be about: a claim or another credit is no correction."""
    return tuple(one for one in changed if one in CONTESTABLE)

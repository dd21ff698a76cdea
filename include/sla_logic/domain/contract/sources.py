"""Which records a contract is judged on: a window is settled only once these are complete."""

from typing import NamedTuple

from include.sla_logic.domain.contract import measures as m
from include.sla_logic.domain.contract.contract import Contract, Objective

KINDS = ("outages", "samples")  # of which somebody can say that the records are complete


class Source(NamedTuple):
    """A kind of records, and for samples their series."""

    kind: str
    series: str | None = None

    def __str__(self) -> str:
        """Name it in a sentence."""
        return self.kind if self.series is None else f"samples of {self.series}"


def sources_of(contract: Contract) -> list[Source]:
    """Return what feeds the service; tickets are our own, and what is kept nowhere feeds nothing."""
    found = {source for objective in contract.objectives if (source := _source(objective)) is not None}
    if contract.chronic is not None:
        found.add(Source("outages"))
    return sorted(found, key=lambda source: (source.kind, source.series or ""))


def _source(objective: Objective) -> Source | None:
    measured = objective.measured_by
    if isinstance(measured, m.FromOutages) or isinstance(objective.lengths, m.FromRestoreTimes):
        return Source("outages")
    if isinstance(measured, m.FromUnavailableState):
        return Source("samples", measured.series)
    if isinstance(measured, m.STATISTICS) and objective.lengths is None:
        return Source("samples", measured.series or objective.metric)
    return None

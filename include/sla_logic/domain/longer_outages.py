"""Outages made longer by a factor: in columns, and in the facts of one service. None begins at another moment."""

from dataclasses import replace
from datetime import datetime
from fractions import Fraction

import numpy as np

from include.sla_logic.domain.measurements import Outage, ServiceFacts
from include.sla_logic.domain.period import from_seconds, to_seconds
from include.sla_logic.domain.sla.columns import Stretches, place_of, seconds_on_line
from include.sla_logic.domain.sla.quiet_windows import FactColumns


def longer_columns(facts: FactColumns, growth: Fraction, at: datetime) -> FactColumns:
    """Return the columns with longer outages, in whole seconds rounded down; none is stretched beyond `at`."""
    start, end = (seconds_on_line(side) for side in (facts.outages.start, facts.outages.end))
    grown = start + (end - start) * growth.numerator // growth.denominator
    last = np.maximum(np.minimum(grown, to_seconds(at)), np.minimum(start, end))
    return replace(facts, outages=Stretches.at(place_of(facts.outages.start), start, last))


def longer(facts: ServiceFacts, growth: Fraction, at: datetime) -> ServiceFacts:
    """Return the facts with longer outages, by the same rules; an open outage stays open."""
    return facts.model_copy(update={"outages": tuple(_longer(one, growth, at) for one in facts.outages)})


def _longer(outage: Outage, growth: Fraction, at: datetime) -> Outage:
    def moved(moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        start = to_seconds(outage.start)
        grown = start + (to_seconds(moment) - start) * growth.numerator // growth.denominator
        return min(from_seconds(grown), at)

    bounds = None if outage.end_bounds is None else (moved(outage.end_bounds[0]), moved(outage.end_bounds[1]))
    return outage.model_copy(update={"end": moved(outage.end), "end_bounds": bounds})

"""Pictures of an objective's course, as the letter to the customer draws it, and of a simulation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.domain.simulation import Simulation

if TYPE_CHECKING:
    from babel import Locale


def has_course(series: PerformanceSeries) -> bool:
    """Tell whether there is anything to draw: a measured point, or time that may be used up."""
    measured = any(point.mean is not None for point in series.points)
    return series.shown.seconds > 0 and (measured or series.allowed_seconds is not None)


def draw_course(
    series: PerformanceSeries,
    measured: str,
    promised: str,
    others: tuple[str, str, str],
    *,
    width: int,
    locale: Locale | None = None,
) -> str:
    """Return the picture as SVG; `width` is in pixels.

    Its words are given: measured, promised, and outage, planned work, corrected.
    """
    from include.sla_logic.letters.charts.performance import Words, as_svg
    from include.sla_logic.letters.formats import Formats

    words = Words(measured, promised, *others, series.unit)
    if locale is not None:
        signs = Formats(locale, "UTC")
        numbers, times = signs.number_locale(), signs.time_locale()
        words = replace(words, date=signs.axis_date, number_locale=numbers, time_locale=times)
    return as_svg(series, words, width=width)


def draw_simulation(found: Simulation, *, width: float) -> list[tuple[str, str]]:
    """Return what each picture shows, and it as SVG on a field `width` pixels wide; none where nothing is owed."""
    from include.sla_logic.letters.charts.simulation import as_differences, as_months

    months = [(month, sums.old_owed, sums.new_owed) for month, sums in sorted(found.months.items())]
    owes = any(old or new for _month, old, new in months)
    drawn = [("Owed by month under both contracts", as_months(months, found.currency, width=width))] if owes else []
    if differences := [one.difference for one in found.changed if one.difference]:
        drawn.append(
            ("Windows by what the new contract costs more", as_differences(differences, found.currency, width=width))
        )
    return drawn


def draw_curve(term: str, steps: Sequence[tuple[str, Simulation | None]]) -> str:
    """Return the cost at each value of a term as SVG, at least one of which could be simulated."""
    from include.sla_logic.letters.charts.simulation import as_curve

    known = next(found for _value, found in steps if found is not None)
    owed = [(value, None if found is None else found.total.new_owed) for value, found in steps]
    return as_curve(term, owed, known.total.old_owed, known.currency)

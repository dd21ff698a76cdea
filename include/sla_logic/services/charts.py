"""The picture of one objective's course, as the letter to the customer draws it."""

from include.sla_logic.domain.performance import PerformanceSeries


def has_course(series: PerformanceSeries) -> bool:
    """Tell whether there is anything to draw: a measured point, or time that may be used up."""
    measured = any(point.mean is not None for point in series.points)
    return series.shown.seconds > 0 and (measured or series.allowed_seconds is not None)


def draw_course(series: PerformanceSeries, *, measured: str, promised: str) -> str:
    """Return the picture as SVG, with these words for what was measured and promised."""
    from include.sla_logic.letters.charts.curve import counts_hours
    from include.sla_logic.letters.charts.performance import Words, as_svg

    unit = series.unit if series.points else ("h" if counts_hours(series) else "min")
    return as_svg(series, Words(measured, promised, "outage", "planned work", "corrected", unit))

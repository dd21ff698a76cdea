"""The house's own metrics, sent wherever Airflow's go: StatsD or OpenTelemetry, as its section [metrics] says.

All are gauges read from the operations database (docs/reliability.md): a step that is tried twice counts once.
"""

import math
from collections.abc import Iterable

from airflow.sdk.observability.stats import gauge

from include.sla_logic.adapters.figures import Figure

PREFIX = "teleco"


def send_figures(figures: Iterable[Figure]) -> None:
    """Send each figure under `teleco.…` with its tags."""
    for figure in figures:
        if math.isfinite(figure.value):
            gauge(f"{PREFIX}.{figure.name}", figure.value, tags=figure.tags)

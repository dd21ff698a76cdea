"""The house's own metrics, sent wherever Airflow's go: StatsD or OpenTelemetry, as its section [metrics] says.

All are gauges read from the operations database (docs/reliability.md): a step that is tried twice counts once.
"""

import math
from collections.abc import Iterable

from airflow.sdk.observability.stats import gauge

from include.sla_logic.persistence.queries.metrics import Figure

PREFIX = "teleco"


def send_figures(figures: Iterable[Figure]) -> None:
    """Send each figure under `teleco.…` with its tags, whose values are in its name as well.

    Plain StatsD drops tags: figures that differ in nothing else would overwrite each other.
    """
    for figure in figures:
        if math.isfinite(figure.value):
            gauge(".".join([PREFIX, figure.name, *figure.tags.values()]), figure.value, tags=figure.tags)

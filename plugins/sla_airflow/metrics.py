"""Send our own metrics where Airflow sends its own: to StatsD or OpenTelemetry, as its section [metrics] says.

All are gauges read from the operations database (docs/reliability.md): a step that is tried twice counts once.
"""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from airflow.sdk.observability.stats import gauge

if TYPE_CHECKING:
    from include.sla_logic.services.monitoring import Figure

PREFIX = "teleco"


def send_figures(figures: "Iterable[Figure]") -> None:
    """Send each figure under `teleco.…` with its tags, whose values are in the name too.

    Plain StatsD drops tags: figures that differ only in tags would overwrite each other.
    """
    for figure in figures:
        if math.isfinite(figure.value):
            gauge(".".join([PREFIX, figure.name, *figure.tags.values()]), figure.value, tags=figure.tags)

"""The units in which customers report each quantity."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from include.sla_logic.domain.sentence import Sentence

PERCENT = ("percent", "%", "pct")
_TIME = ("ms", "s", "us", "µs", "μs", "msec", "sec", "millisecond", "milliseconds", "second", "seconds")
_RATE = ("Mbit/s", "kbit/s", "Gbit/s", "bit/s", "Mbps", "kbps", "Gbps", "bps")
UNITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"availability": PERCENT, "packet_loss": PERCENT, "latency": _TIME, "jitter": _TIME, "throughput": _RATE}
)
_SUGGESTED = {PERCENT: "percent", _TIME: "ms or s", _RATE: "Mbit/s, kbit/s or Gbit/s"}
_ALL = 100


def why_not(metric: str, value: Decimal, unit: str) -> str | None:
    """Say why a quantity cannot be in this unit, and what to send; None where it can. `other` has any unit."""
    known = UNITS.get(metric)
    if known is None:
        return None
    if unit.strip().casefold() not in {one.casefold() for one in known}:
        msg = "%(metric)s is never in %(unit)s; send its value in %(known)s, or the metric other"
        return Sentence(msg, metric=metric, unit=unit, known=_SUGGESTED[known])
    if known is PERCENT and value > _ALL:
        msg = "%(value)s percent is more than all of it; send a value from 0 to 100"
        return Sentence(msg, value=f"{value.normalize():f}")
    return None

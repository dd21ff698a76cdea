"""The units in which customers report each quantity."""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

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
        return f"{metric} is never in {unit}; send its value in {_SUGGESTED[known]}, or the metric other"
    if known is PERCENT and value > _ALL:
        return f"{value.normalize():f} percent is more than all of it; send a value from 0 to 100"
    return None

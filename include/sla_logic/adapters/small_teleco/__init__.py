"""The small TELECO: a whole house of our own with one incident for each way through the process."""

from include.sla_logic.adapters.small_teleco.expectations import Expectation
from include.sla_logic.adapters.small_teleco.generation import DEFAULT_SEED, SmallTeleco, small_teleco
from include.sla_logic.adapters.small_teleco.loading import (
    UnableToLoadSmallTeleco,
    load_small_teleco,
    loaded_anchor,
    write_notifications,
)

__all__ = [
    "DEFAULT_SEED",
    "Expectation",
    "SmallTeleco",
    "UnableToLoadSmallTeleco",
    "load_small_teleco",
    "loaded_anchor",
    "small_teleco",
    "write_notifications",
]

"""A small TELECO, generated from a seed, with one incident for each way through the process."""

from include.sla_logic.sample_data.expectations import Expectation
from include.sla_logic.sample_data.generation import DEFAULT_SEED, Sample, make_sample
from include.sla_logic.sample_data.loading import (
    UnableToLoadSample,
    load_sample,
    loaded_anchor,
    write_notifications,
)

__all__ = [
    "DEFAULT_SEED",
    "Expectation",
    "Sample",
    "UnableToLoadSample",
    "load_sample",
    "loaded_anchor",
    "make_sample",
    "write_notifications",
]

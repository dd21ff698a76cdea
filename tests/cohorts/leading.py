"""Leading a cohort along the edges of the process, as the benchmarks do."""

from benchmarks.leading import DOORS, ORDER, lead
from benchmarks.ways import JOINS

__all__ = ["DOORS", "JOINS", "ORDER", "lead"]

"""Leading a cohort along the edges of the process, as the benchmarks do."""

from benchmarks.leading import DOORS, JOINS, ORDER, lead

__all__ = ["DOORS", "JOINS", "ORDER", "lead"]

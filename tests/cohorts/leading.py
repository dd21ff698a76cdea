"""Leading a cohort along the edges of the process, as the benchmarks do."""

from benchmarks.leading import JOIN_CONDITIONS, ORDER, lead

__all__ = ["JOIN_CONDITIONS", "ORDER", "lead"]

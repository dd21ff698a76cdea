"""Run one measurement: `python -m benchmarks NAME [options]`; without a name, say which there are."""

import runpy
import sys
from pathlib import Path

NAMES = ("cohorts", "desk", "floor", "growth", "judgement", "waits")

if __name__ == "__main__":
    known = [name for name in NAMES if (Path(__file__).parent / f"{name}.py").exists()]
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        sys.exit(f"Which measurement? One of: {', '.join(known)}.")
    name = sys.argv.pop(1)
    runpy.run_module(f"benchmarks.{name}", run_name="__main__", alter_sys=True)

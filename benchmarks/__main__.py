"""Measure: `python -m benchmarks [NAME [options]]`; without a name everything, one after the other, with a summary."""

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import psutil

from benchmarks.aims import AIM

NAMES = (
    "floor",
    "forks",
    "settings",
    "use_cases",
    "letters",
    "cohorts",
    "backlog",
    "growth",
    "letter_archive",
    "judgement",
    "desk",
    "lists",
    "waiting",
    "imports",
    "settlement",
    "simulate",
    "scale",
)
ROOT = Path(__file__).resolve().parent.parent


def machine() -> str:
    """Describe the machine: compare ratios of two machines, not figures."""
    gib = psutil.virtual_memory().total / 2**30
    commit = subprocess.run(
        ["/usr/bin/env", "git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return (
        f"{os.cpu_count()} cores, {gib:.0f} GiB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, Airflow {version('apache-airflow')}, "
        f"load {os.getloadavg()[0]:.1f} at the start, commit {commit or 'unknown'}"
    )


def run(name: str, options: list[str]) -> tuple[int, list[str]]:
    """Run one measurement in a process of its own; return its exit code and its aims."""
    print(f"== {name}", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{name}", *options]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "plugins"), os.environ.get("PYTHONPATH", "")])
    aims = []
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if line.startswith(AIM):
                aims.append(f"{name}: {line.removeprefix(AIM).strip()}")
    return process.returncode, aims


def main(arguments: list[str]) -> int:
    """Measure what is named, or everything; say at the end which aims are met. A missed aim is no failure."""
    if arguments and arguments[0] not in NAMES:
        print(f"Which measurement? One of: {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    print(machine(), flush=True)
    wanted, options = (arguments[:1], arguments[1:]) if arguments else (list(NAMES), [])
    results = {name: run(name, options) for name in wanted}
    print("== aims against figures")
    for _, aims in results.values():
        for line in aims:
            print(line)
    failed = [name for name, (code, _) in results.items() if code]
    if failed:
        print(f"not measured to the end: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

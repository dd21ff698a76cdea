"""The trials of `scale` in a file of JSON, each in the place of its forerunner."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.trials import Trial

ORDER = ("quiet", "local", "celery")


def read(file: Path) -> dict[str, Any]:
    """Return what the file holds; nothing measured where there is no file."""
    return dict(json.loads(file.read_text("utf-8"))) if file.exists() else {"machine": "", "cores": 2, "trials": []}


def read_trials(content: dict[str, Any]) -> list[Trial]:
    """Return the trials."""
    return [Trial(**row) for row in content["trials"]]


def write(file: Path, content: dict[str, Any]) -> None:
    """Write one trial, one answer a line."""
    told = [f'"{name}": {json.dumps(value)}' for name, value in content.items() if not isinstance(value, list)]
    for name, rows in content.items():
        if isinstance(rows, list):
            told.append(f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]")
    file.write_text("{" + ",\n".join(told) + "}\n", "utf-8")


def add(file: Path, trial: Trial, machine: str, cores: int) -> None:
    """Keep a trial; it takes the place of one that tried the same."""
    content = read(file)
    last = {one.key: one for one in [*read_trials(content), trial]}
    ordered = sorted(last.values(), key=lambda t: (ORDER.index(t.executor), t.kind, t.cohort, t.incidents, t.places))
    content |= {"machine": machine, "cores": cores, "trials": [one.written() for one in ordered]}
    write(file, content)


def forget(file: Path, executors: Sequence[str]) -> None:
    """Keep no trial of these executors."""
    content = read(file)
    write(file, content | {"trials": [row for row in content["trials"] if row["executor"] not in executors]})

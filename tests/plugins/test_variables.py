"""Every Airflow variable that the code reads stands in docs/operations.md, with what holds without it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
# NAME, NAME_WITHOUT = "sla_…", number; and those that are read from the environment alone.
NUMBER = re.compile(r'\w+, \w+_WITHOUT = "(sla_\w+)", ([\d_]+)')
SCHEDULE = re.compile(r'schedule=cron\("(\w+)", "([^"]+)"\)')
READS = re.compile(r"whole_number\(\w+\.(\w+), \w+\.(\w+)(?:, least=0)?\)")


def sources() -> str:
    return "\n".join(file.read_text() for folder in ("dags", "plugins") for file in (ROOT / folder).rglob("*.py"))


def read_by_the_code() -> list[tuple[str, str]]:
    numbers = [(name, f"{int(value):,}") for name, value in NUMBER.findall(sources())]
    return numbers + [(f"AIRFLOW_VAR_{dag.upper()}_SCHEDULE", cron) for dag, cron in SCHEDULE.findall(sources())]


def test_every_reading_names_its_variable_as_the_table_expects() -> None:
    assert len(READS.findall(sources())) == len(NUMBER.findall(sources())) > 3
    assert sources().count("Variable.get(") == 1
    assert len(SCHEDULE.findall(sources())) == sources().count("schedule=cron(") == 2
    assert sources().count("AIRFLOW_VAR_") == sources().count("`AIRFLOW_VAR_") + sources().count('f"AIRFLOW_VAR_')


@pytest.mark.parametrize(("name", "without"), read_by_the_code())
def test_the_variable_stands_in_the_table_with_what_holds_without_it(name: str, without: str) -> None:
    rows = [
        line for line in (ROOT / "docs" / "operations.md").read_text().splitlines() if line.startswith(f"| `{name}`")
    ]
    assert len(rows) == 1
    assert rows[0].split("|")[-2].strip().strip("`") == without

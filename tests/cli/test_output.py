"""What `sla` prints fits the terminal, is JSON where JSON was asked for, and ends quietly where nobody reads on."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from include.sla_logic.cli.output import show_json, show_table
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period

ROOT = Path(__file__).resolve().parents[2]
START, END = datetime(2026, 10, 5, 8, tzinfo=UTC), datetime(2026, 10, 5, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    period: Period
    amount: Money
    share: Decimal
    day: date
    place: Path


def test_json_holds_fields_and_never_how_python_writes_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    show_json(
        [
            Line(
                Period(start=START, end=END),
                Money(amount=Decimal("1.50"), currency="EUR"),
                Decimal("0.10"),
                START.date(),
                Path("a/b"),
            )
        ]
    )
    [line] = json.loads(capsys.readouterr().out)
    assert line["amount"] == {"amount": "1.50", "currency": "EUR"}
    assert datetime.fromisoformat(line["period"]["start"]) == START
    assert (line["share"], line["day"], line["place"]) == ("0.10", "2026-10-05", "a/b")


def test_json_of_what_has_no_written_form_is_an_error() -> None:
    with pytest.raises(ValueError, match="object"):
        show_json(object())


def test_a_list_fits_eighty_columns_and_says_what_it_leaves_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = [f"column-{number}-of-8" for number in range(8)]
    monkeypatch.setenv("COLUMNS", "80")
    show_table(columns, [[f"cell-number-{number}" for number in range(8)]], empty="", less=columns[4:])
    said = capsys.readouterr().out.splitlines()
    assert max(map(len, said[:-1])) <= 80
    assert "cell-number-3" in said[3]
    assert said[-1] == f"Not shown for want of room: {', '.join(columns[4:])} (--json has all)."
    monkeypatch.setenv("COLUMNS", "200")
    show_table(columns, [[f"cell-number-{number}" for number in range(8)]], empty="", less=columns[4:])
    assert "cell-number-7" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("contract", "schema"), ("import", "mappings")])
def test_a_reader_that_has_enough_ends_the_command_quietly(words: tuple[str, ...]) -> None:
    reads, writes = os.pipe()
    os.close(reads)
    command = [sys.executable, "-c", "from include.sla_logic.cli import app; app()", *words]
    done = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    os.close(writes)
    assert done.stderr == ""

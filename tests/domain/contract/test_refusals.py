"""What is said of a contract that cannot be read: each sentence of `refusals.yaml`, whole, with its line."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sla_logic.domain.contract import check_contract

HEAD = """\
id: K
version: "1"
title: T
zone: UTC
currency: EUR
charge_base: recurring
"""
CREDIT = "{kind: credit, when: target_missed, rate: 5%}"
OBJECTIVE = "objectives:\n  - id: a\n    metric: availability\n    target: 99\n    rule: RULE\n"
SOUND = HEAD + OBJECTIVE.replace("RULE", CREDIT)
TABLE: dict[str, list[dict[str, Any]]] = yaml.safe_load(Path(__file__).with_name("refusals.yaml").read_text("utf-8"))


def placed(where: str, written: str) -> tuple[str, int]:
    """Return the contract in which this stands, and its line."""
    lines = SOUND.splitlines()
    match where:
        case "head":
            name = written.partition(":")[0]
            number = next(n for n, line in enumerate(lines) if line.startswith(f"{name}:"))
            return "\n".join([*lines[:number], written, *lines[number + 1 :]]), number + 1
        case "objectives":
            return f"{HEAD}objectives: {written.replace('RULE', CREDIT)}\n", 7
        case "rule":
            return HEAD + OBJECTIVE.replace("RULE", written), 11
        case _:
            return f"{SOUND}{written}\n", 12


def refusals(text: str) -> list[tuple[int, str]]:
    return [(one.line, one.text) for one in check_contract(text, name="k")[1] if one.level == "refuses"]


def test_the_contract_in_which_something_is_wrong_below_is_sound() -> None:
    assert refusals(SOUND) == []


@pytest.mark.parametrize(
    ("where", "written", "said"),
    [(where, row["write"], row["said"]) for where, rows in TABLE.items() for row in rows],
    ids=[row["write"][:60] for rows in TABLE.values() for row in rows],
)
def test_what_is_wrong_is_said_whole_and_with_what_to_write(where: str, written: str, said: list[str]) -> None:
    text, line = placed(where, written)
    assert refusals(text) == [(line, sentence) for sentence in said]


@pytest.mark.parametrize(("wrong", "said"), [(1, 1), (49, 49), (50, 50), (51, 50), (60, 50)])
def test_no_more_is_said_than_anybody_would_read(wrong: int, said: int) -> None:
    found = refusals(f"{SOUND}assumptions:\n" + "- 5\n" * wrong)
    sentence = "assumptions.{}: 5 is no text to YAML, but a number: write '5' with its quotes"
    assert found == [(13 + place, sentence.format(place)) for place in range(said)]

"""What the check says of a contract, whole: each finding of `findings.yaml` with its sentence, line and value."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from include.sla_logic.domain.contract import check_contract
from tests.domain.sla.make import text_of

FOUND: list[dict[str, Any]] = yaml.load(
    Path(__file__).with_name("findings.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader
)


@pytest.mark.parametrize("row", FOUND, ids=range(len(FOUND)))
def test_everything_that_is_found_is_said_whole_and_in_the_order_of_the_lines(row: dict[str, Any]) -> None:
    text = text_of(row["objective"], **row.get("terms", {}))
    lines = ["", *text.splitlines()]
    found = [
        {one.level: one.text, "at": lines[one.line].strip()} | ({"shows": one.witness} if one.witness else {})
        for one in check_contract(text, name="k")[1]
    ]
    assert found == row["found"]

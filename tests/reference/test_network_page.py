"""The examples of docs/network.md are what the product reads and sends."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from include.sla_logic.domain.network import Action, Layer, ResourceState, Severity
from include.sla_logic.gateways.network_answers import UNITS, read_measurements, read_result, read_state
from include.sla_logic.gateways.network_questions import MeasurementOf, Order, StateOf

PAGE = (Path(__file__).parents[2] / "docs" / "network.md").read_text("utf-8")
STATE, MEASURED, ORDER, RESULT = (json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL))
NOW = datetime(2026, 11, 23, 23, 8, tzinfo=UTC)


def test_the_examples_are_read() -> None:
    state = read_state(StateOf("S-1001"), STATE)
    assert [resource.id for resource in state.resources] == ["R-1001-port", "R-1001-link"]
    assert [alarm.code for alarm in state.alarms] == ["LINK_DOWN"]
    measured = read_measurements(MeasurementOf("S-1001"), MEASURED, now=NOW)
    assert [float(probe.value or 0) for probe in measured] == [100, 12.4]
    order = Order(ORDER["key"], Action(ORDER["action"]), ORDER["resource"])
    assert read_result(order, RESULT).ran


def test_the_page_names_every_value_that_is_read() -> None:
    words = {*Action, *Layer, *ResourceState, *Severity, *UNITS, *UNITS.values()}
    assert {word for word in words if f"`{word}`" not in PAGE} == set()

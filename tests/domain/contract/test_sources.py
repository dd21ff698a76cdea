"""Which facts a contract needs: the outages of the service, or a series of samples by its name."""

from typing import Any

import pytest

from include.sla_logic.domain.contract.sources import Source, sources_of
from tests.domain.sla.make import contract, objective

MISSED = {"kind": "share_when_missed", "credit": "5%"}
OUTAGES, LATENCY = Source("outages"), Source("samples", "latency")


def of(metric: str, target: str, measure: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"id": "o", "metric": metric, "target": target, "rule": MISSED} | ({"measure": measure} if measure else {})


@pytest.mark.parametrize(
    ("about", "needed"),
    [
        (objective(), [OUTAGES]),
        (of("time_to_restore", "4 h"), [OUTAGES]),
        (of("time_to_restore", "4 h", {"kind": "mean"}), [OUTAGES]),
        (of("time_to_respond", "4 h"), []),
        (of("time_to_respond", "4 h", {"kind": "mean"}), []),
        (of("latency", "50"), [LATENCY]),
        (of("latency", "50", {"kind": "mean"}), [LATENCY]),
        (of("latency", "50", {"kind": "mean", "series": "ping"}), [Source("samples", "ping")]),
        (objective(measure={"kind": "unavailable_state", "series": "loss", "bad": {"more_than": 5}}),
         [Source("samples", "loss")]),
    ],
)  # fmt: skip
def test_an_objective_needs_outages_or_its_series_or_only_tickets(about: dict[str, Any], needed: list[Source]) -> None:
    assert sources_of(contract(about)) == needed


def test_each_of_several_is_named_once_and_a_chronic_right_needs_outages() -> None:
    other = of("latency", "90") | {"id": "p"}
    chronic = {"count": 3, "outage": {"at_least": "1 h"}, "within_days": 30}
    assert sources_of(contract(of("latency", "50"), other)) == [LATENCY]
    assert sources_of(contract(of("latency", "50"), other, chronic=chronic)) == [OUTAGES, LATENCY]

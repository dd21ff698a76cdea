"""The real components under a few faults at once; `make faults` plays all of them, as often as one likes."""

import os
from collections.abc import Iterator
from random import Random

import pytest

from tests.faults.breaking import api_server_away, tasks
from tests.faults.house import House, house

# With the tests that need a server, so that one worker does these one after the other: never two Airflows at once.
pytestmark = [
    pytest.mark.skipif("SLA_FAULTS" not in os.environ, reason="takes minutes: make faults, or SLA_FAULTS=1"),
    pytest.mark.faults,
    pytest.mark.timeout(1500),
    pytest.mark.xdist_group("servers"),
]
SEED = 20261124


@pytest.fixture(params=["postgres", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("faults"), operations=request.param) as opened:
        opened.chance = Random(f"{SEED} {request.param}")  # noqa: S311 - faults, not secrets
        print(f"seed {SEED}")  # noqa: T201 - to play it again
        yield opened


def test_nothing_is_lost_and_nothing_doubled_when_parts_are_killed_and_servers_fail(opened: House) -> None:
    keys = ("premium", "minor_correction", "held_and_released", "no_problem_found")
    opened.billing.be("forgetful")
    opened.mailbox.be("forgetful")
    for key in keys:
        opened.start(key, f"SEL-{key.upper().replace('_', '-')}")
    opened.kill("scheduler")
    opened.until(lambda: bool(opened.workers()), 300, "no task runs")
    tasks(opened, opened.chance, "SEL")
    opened.kill("triggerer")
    api_server_away(10)(opened, opened.chance, "SEL")
    opened.server.break_down()
    opened.server.start_again()
    opened.until_felt("billing", 600)
    opened.billing.be(None)
    opened.until_felt("mail", 600)
    opened.mailbox.be(None)
    opened.settle(900)
    verdict = opened.judge()
    assert verdict.is_good, verdict
    assert verdict.incidents >= len(keys)
    assert verdict.repeated_postings > 0
    assert verdict.repeated_letters > 0

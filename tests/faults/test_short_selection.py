"""The real components under a few faults at once; `make faults` plays all of them, as often as one likes."""

import os
from collections.abc import Iterator
from random import Random

import pytest

from tests.faults.house import House, house
from tests.faults.scenarios import WAYS, api_server_away, tasks

pytestmark = [
    pytest.mark.skipif("SLA_FAULTS" not in os.environ, reason="takes minutes: make faults, or SLA_FAULTS=1"),
    pytest.mark.faults,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("faults"),
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("faults"), operations="postgres") as opened:
        yield opened


def test_nothing_is_lost_and_nothing_doubled_when_parts_are_killed_and_servers_fail(opened: House) -> None:
    seed = 20261124
    print(f"seed {seed}")  # noqa: T201 - to play it again
    chance = Random(seed)  # noqa: S311 - faults, not secrets
    opened.billing.be("forgetful")
    opened.mailbox.be("forgetful")
    for key in WAYS:
        opened.start(key, f"SEL-{key.upper().replace('_', '-')}")
    opened.kill("scheduler")
    opened.until(lambda: bool(opened.workers()), 120, "no task runs")
    tasks(opened, chance, "SEL")
    opened.kill("triggerer")
    api_server_away(opened, chance, "SEL")
    opened.server.break_down()
    opened.server.start_again()
    opened.until_felt("billing")
    opened.billing.be(None)
    opened.until_felt("mail")
    opened.mailbox.be(None)
    opened.settle()
    verdict = opened.judge()
    assert verdict.is_good, verdict
    assert verdict.incidents == len(WAYS)
    assert verdict.repeated_postings > 0
    assert verdict.repeated_letters > 0

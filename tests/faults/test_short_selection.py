"""The real components under several faults at once; `make faults` plays all of them alone, as often as one likes."""

from collections.abc import Iterator
from random import Random

import pytest

from tests.faults import breaking
from tests.faults.installation import Installation, open_installation

pytestmark = [pytest.mark.faults, pytest.mark.more]
SEED = 20261124
PLAYED = {  # by operations database: the incidents under way, and what breaks meanwhile
    "postgres": (
        ("premium", "minor_correction", "held_and_released"),
        (
            breaking.component("scheduler"),
            breaking.tasks(4),
            breaking.component("triggerer"),
            breaking.api_server_away(10),
            breaking.database_away(1, 5),
        ),
    ),
    "sqlite": (
        ("minor_correction", "held_and_released"),
        (breaking.tasks(3), breaking.component("triggerer")),
    ),
}


@pytest.fixture(params=PLAYED)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with open_installation(tmp_path_factory.mktemp("faults"), operations=request.param) as opened:
        opened.kind = request.param
        print(f"seed {SEED}")  # noqa: T201 - to play it again
        yield opened


def test_nothing_is_lost_and_nothing_doubled_when_parts_are_killed_and_servers_fail(opened: Installation) -> None:
    keys, faults = PLAYED[opened.kind]
    chance = Random(f"{SEED} {opened.kind}")  # noqa: S311 - faults, not secrets
    opened.billing.be("forgetful")
    opened.mailbox.be("forgetful")
    for key in keys:
        opened.start(key, f"SEL-{key.upper().replace('_', '-')}")
    opened.until(lambda: bool(opened.workers()), "no task runs")
    for fault in faults:
        fault(opened, chance, "SEL")
    opened.until_felt("billing")
    opened.billing.be(None)
    opened.until_felt("mail")
    opened.mailbox.be(None)
    opened.settle()
    verdict = opened.judge()
    assert verdict.is_good, verdict
    assert verdict.incidents >= len(keys)
    assert verdict.repeated_postings > 0
    assert verdict.repeated_letters > 0

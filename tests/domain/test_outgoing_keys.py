"""What leaves has a key that no other installation makes, and that an earlier release's keys are told from."""

import pytest

from include.sla_logic.domain.outgoing_keys import name_in, outgoing_key

NAMES = [
    "billing:TT-000001:latency:20261101",
    "TT-000001:undertake_restoration:port-1:restart_port",
    "SP-000001:port-1:restart_port",
    "billing:TT-000001:billing:20261101",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_is_found_in_keys_of_today_and_of_earlier_releases(name):
    assert name_in(outgoing_key("0a1b2c3d", name)) == name
    assert name_in(name) == name


def test_two_installations_make_two_keys():
    assert len({outgoing_key(one, NAMES[0]) for one in ("0a1b2c3d", "f00dcafe")}) == 2

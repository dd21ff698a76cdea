"""Who may be the same person: a name, or the account of the machine at which a command was typed."""

import pytest

from include.sla_logic.domain.people import may_be_one_person, signed


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ann", " ANN", True),
        ("ann", "ben", False),
        ("ann", None, False),
        (signed("ann", "root"), signed("ben", "root"), True),
        (signed("ann", "root"), signed("ann", "deploy"), True),
        (signed("ann", "root"), signed("ben", "deploy"), False),
        (signed("ann", "root"), "ROOT", True),
        (signed(signed("ann", "x"), "root"), signed("ben", "root"), True),
        ("Ann (NOC)", "Ben (NOC)", False),
    ],
)
def test_two_who_share_a_name_or_an_account_may_be_one_person(one, other, same):
    assert may_be_one_person(one, other) is same


def test_who_gives_the_name_of_their_account_is_kept_by_that_name():
    assert signed(" Ann", "ann") == " Ann"
    assert signed("ann", "root") == "ann, signed in as root"

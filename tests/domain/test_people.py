"""Who may be the same person: a name, or the account of the machine at which a command was typed."""

import pytest

from include.sla_logic.domain.people import may_be_one_person, signed, unknown_account


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
        (signed("ben", "asmith"), "ann", True),
        ("ANN", signed("ben", "ASmith"), True),
        (signed("ben", "asmith"), "cid", False),
    ],
)
def test_two_who_share_a_name_or_an_account_may_be_one_person(one, other, same):
    assert may_be_one_person(one, other, logins={"asmith": "Ann"}) is same


@pytest.mark.parametrize(
    ("one", "other", "unknown"),
    [
        ("ann", "ben", None),
        (signed("ann", "root"), signed("ben", "deploy"), None),
        (signed("ben", "bmay"), "ann", "bmay"),
        ("ann", signed("ben", "bmay"), "bmay"),
        (signed("ben", "ASMITH"), "cid", None),
    ],
)
def test_nobody_knows_the_login_of_an_account_that_is_not_listed(one, other, unknown):
    assert unknown_account(one, other, logins={"asmith": "ann"}) == unknown

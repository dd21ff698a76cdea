"""Who may approve what is the same in every interface: a page of the desk, its API, the command line."""

import os
import pwd
from unittest.mock import patch

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from include.sla_logic.domain.credit_policy import CreditPolicy
from include.sla_logic.persistence import case_file
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.web import Caller
from tests.assessment.test_old_incidents import sound
from tests.assessment.test_sla_status import sla
from tests.reference.walk import walk
from tests.services.sample import conf
from tests.web.one_person import desk_as

HERE = {"Sec-Fetch-Site": "same-origin"}
INTERFACES = ("page", "api", "command")


@pytest.fixture
def held(sample, monkeypatch):
    """Return the reference of a credit that waits without an amount: nothing was measured."""
    limits = {"op": {"EUR": "20"}, "admin": "unlimited", "default": {"EUR": "15"}}
    logins = {name: name for name in ("ann", "ben", "cid")}
    written = {"version": "t-1", "limits": limits, "old_after_days": 180, "accounts": logins | {"asmith": "ann"}}
    table = CreditPolicy.model_validate(written)
    tables = case_file.policies_in_force().model_copy(update={"credits": table})
    monkeypatch.setattr(case_file, "policies_in_force", lambda: tables)
    walk(sample.use_cases, sample.clock, conf(), "run-1")
    [waiting] = sample.use_cases.credits.waiting()
    assert waiting.amount is None
    return waiting.reference


def act(sample, interface, name, reference, *, by, roles=(), amount=None, account=None):
    """Do it there as that person, who has an account of their own; return what was refused, or None."""
    if interface == "command":
        words = ("credit", name, reference, "--by", by, "--reason", "tried")
        with patch("include.sla_logic.cli.person.account", lambda: account or by):
            done = sla(*words, *(() if amount is None else ("--amount", amount)))
        return None if done.exit_code == 0 else done.stderr

    person = Caller(by, may_write=True, roles=roles)
    desk = TestClient(desk_as(person, lambda: sample.use_cases), follow_redirects=False)
    order = {"reason": "tried"} | ({} if amount is None else {"amount": amount})
    path = f"/acts/credit/{reference}/{name}"
    sent = {"json": order} if interface == "api" else {"data": order}
    answer = desk.post(f"/api/v1{path}" if interface == "api" else path, headers=HERE, **sent)
    assert answer.status_code in ({200, 303, 409, 422}), answer.text
    return None if answer.status_code in {200, 303} else " ".join(answer.text.split())


def kept(sample):
    with sample.use_cases.work.reading() as connection:
        columns = [a.applied_billing_credits.c[name] for name in ("state", "amount", "entered_by", "decided_by")]
        [row] = connection.execute(select(*columns))
        return tuple(row)


@pytest.mark.parametrize("approved_in", INTERFACES)
@pytest.mark.parametrize("entered_in", INTERFACES)
def test_nobody_approves_an_amount_that_they_entered(sample, held, entered_in, approved_in):
    assert act(sample, entered_in, "enter", held, by="ann", amount="12.50") is None
    for name in ("ann", " Ann", "ANN "):
        refusal = act(sample, approved_in, "approve", held, by=name)
        assert "entered or claimed this amount: another person must approve it" in refusal
    assert kept(sample) == ("held", 1_250, kept_as("ann", entered_in), None)
    assert act(sample, approved_in, "approve", held, by="ben") is None
    assert kept(sample) == ("booked", 1_250, kept_as("ann", entered_in), kept_as("ben", approved_in))
    assert sound(sample)


def kept_as(name, interface):
    return f"{name}, signed in as {name}" if interface == "command" else name


@pytest.mark.parametrize("interface", ["page", "api"])
def test_at_the_command_line_somebody_is_who_their_account_is_at_the_desk(sample, held, interface):
    assert act(sample, interface, "enter", held, by="ann", amount="12.50") is None
    refusal = act(sample, "command", "approve", held, by="ben", account="asmith")
    assert "entered or claimed this amount: another person must approve it" in refusal
    assert act(sample, "command", "approve", held, by="anything", account="ben") is None


@pytest.mark.parametrize("entered_in", INTERFACES)
@pytest.mark.parametrize("approved_in", INTERFACES)
def test_an_account_that_nobody_has_at_the_desk_is_not_known_to_be_another_person(
    sample, held, entered_in, approved_in
):
    accounts = {"account": "deploy"} if entered_in == "command" else {}
    assert act(sample, entered_in, "enter", held, by="ann", amount="12.50", **accounts) is None
    accounts = {"account": "root"} if approved_in == "command" else {}
    refusal = act(sample, approved_in, "approve", held, by="ben", **accounts)
    if (entered_in == "command") is (approved_in == "command"):
        assert refusal is None
    else:
        account = "root" if approved_in == "command" else "deploy"
        assert f"which login at the desk the account {account} has" in " ".join(refusal.split())
        assert kept(sample)[0] == "held"


def test_another_name_at_the_same_account_is_no_other_person(sample, held, monkeypatch):
    monkeypatch.setenv("USER", "ben")
    monkeypatch.setenv("LOGNAME", "ben")
    assert act(sample, "command", "enter", held, by="ann", amount="12.50", account="root") is None
    assert kept(sample)[2] == "ann, signed in as root"
    refused = "entered or claimed this amount: another person must approve it"
    for by, account in (("ben", "root"), ("root", "ben"), ("x, signed in as y", "ROOT"), ("", "root")):
        assert refused in act(sample, "command", "approve", held, by=by, account=account)
    for interface in ("page", "api"):
        assert refused in act(sample, interface, "approve", held, by="Root")
        assert refused in act(sample, interface, "approve", held, by="ann")
    assert kept(sample)[0] == "held"
    assert act(sample, "command", "approve", held, by="ben", account="deploy") is None
    assert kept(sample) == ("booked", 1_250, "ann, signed in as root", "ben, signed in as deploy")
    assert sound(sample)


def test_without_a_name_it_is_the_account_and_not_what_the_environment_says(sample, held, monkeypatch):
    for name in ("USER", "LOGNAME"):
        monkeypatch.setenv(name, "somebody")
    done = sla("credit", "decline", held, "--reason", "tried")
    assert done.exit_code == 0, done.stderr
    assert kept(sample)[3] == kept_as(pwd.getpwuid(os.getuid()).pw_name, "command")


@pytest.mark.parametrize("interface", INTERFACES)
def test_nobody_approves_an_amount_that_they_claimed(sample, held, interface):
    """Somebody else enters the amount again: who claimed the credit has had a hand in it all the same."""
    with sample.use_cases.work.database.write() as connection:
        connection.execute(update(a.applied_billing_credits).values(claimed_by="ann"))
    assert act(sample, interface, "enter", held, by="cid", amount="12.50") is None
    assert "entered or claimed" in act(sample, interface, "approve", held, by="ann")
    assert "entered or claimed" in act(sample, interface, "approve", held, by="cid")
    assert kept(sample)[0] == "held"
    assert act(sample, interface, "approve", held, by="ben") is None


@pytest.mark.parametrize(
    ("interface", "roles", "most"),
    [
        ("page", ("op",), 20),
        ("api", ("op",), 20),
        ("page", ("op", "admin"), None),
        ("api", ("admin",), None),
        ("page", (), 15),
        ("api", ("clerk",), 15),
        ("command", (), 15),
    ],
)
def test_a_role_approves_up_to_its_limit(sample, held, interface, roles, most):
    over = "20000.00" if most is None else f"{most}.01"
    assert act(sample, interface, "enter", held, by="ann", amount=over) is None
    if most is not None:
        refusal = act(sample, interface, "approve", held, by="ben", roles=roles)
        assert f"ben may approve up to {most}.00 EUR" in refusal.replace("&#39;", "'")
        assert kept(sample)[0] == "held"
        assert act(sample, interface, "enter", held, by="ann", amount=f"{most}.00") is None
    assert act(sample, interface, "approve", held, by="ben", roles=roles) is None
    assert kept(sample)[0] == "booked"

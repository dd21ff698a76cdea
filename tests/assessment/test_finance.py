"""Credits at the end of a month: how firm each is, why, how it is paid, and to which period it belongs."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.finance import OTHER, held_codes
from include.sla_logic.domain.netting import EarlierCredit, net_off
from include.sla_logic.domain.period import Period
from include.sla_logic.persistence.queries.reports import UnableToReadMonth
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import LONG, OCTOBER, SHORT, agreed, claimed, close, correct
from tests.domain.sla.make import euros
from tests.state_machine.test_agreements_that_change import empty_database
from tests.web.desk_sample import client_of


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request, tmp_path) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return Provider(tmp_path, empty_database(), url=url)


@pytest.fixture
def provider(tmp_path) -> Provider:
    return Provider(tmp_path, empty_database())


def standing(provider: Provider, month: str) -> list[tuple[str, str, str, Decimal | None]]:
    report = provider.use_cases.reports.finance(month)
    return [(one.standing.value, one.payment.value, " ".join(one.reasons), one.amount) for one in report.entries]


def test_a_credit_is_provisional_until_its_window_is_settled_and_belongs_to_its_period(either):
    provider = agreed(either)
    provider.clock.now = SHORT[1]
    provider.fail(SHORT)
    provider.lead(SHORT[0])
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    booked = [("provisional", "to_be_paid_out", "automatic window_not_settled", Decimal("10.00"))]
    assert standing(provider, "2026-10") == booked
    close(provider)
    assert standing(provider, "2026-10") == booked  # at the end of October it was provisional
    assert standing(provider, "2026-11") == [("final", "to_be_paid_out", "automatic", Decimal("10.00"))]
    [entry] = provider.use_cases.reports.finance("2026-11").entries
    assert (entry.window.start, entry.contract, entry.customer) == (OCTOBER, "K-1", "K-1")
    provider.use_cases.credits.paid_out(entry.reference, by="ann", reason="bank transfer")
    assert standing(provider, "2026-11") == [("final", "paid_out", "automatic", Decimal("10.00"))]
    provider.clock.now = datetime(2026, 12, 10, tzinfo=UTC)
    assert standing(provider, "2026-12") == []


def test_what_is_held_waived_or_charged_says_why(provider):
    agreed(provider).fail(LONG)
    close(provider)
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))
    close(provider)
    final, held = standing(provider, "2027-01")
    assert final == ("final", "to_be_paid_out", "automatic", Decimal("25.00"))
    assert held == ("held", "none", "in_providers_favour", Decimal("-15.00"))
    [waits] = [one for one in provider.use_cases.credits.waiting() if one.state == "held"]
    provider.use_cases.credits.approve(waits.reference, by="cleo", reason="seen")
    assert standing(provider, "2027-01")[1] == ("final", "to_be_charged", "charged", Decimal("-15.00"))
    [line] = [one for one in provider.use_cases.reports.finance("2027-01").lines if one.payment == "to_be_charged"]
    assert (line.credits, str(line.money), line.cause) == (1, "-15.00 EUR", "unknown")


def test_what_was_decided_later_stood_undecided_at_the_end_of_the_month(tmp_path):
    provider = claimed(tmp_path)
    provider.fail(SHORT)
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    waits = [("unclaimed", "none", "waits_for_claim", Decimal("10.00"))]
    provider.clock.now = datetime(2027, 1, 1, 12, tzinfo=UTC)
    close(provider)
    assert standing(provider, "2026-11") == waits
    assert standing(provider, "2026-12") == waits
    assert standing(provider, "2027-01") == [("lapsed", "none", "not_claimed_in_time", Decimal("10.00"))]


def test_the_sums_are_those_of_the_credits_on_page_csv_json_and_command_line(provider, monkeypatch):
    agreed(provider).fail(SHORT, (LONG[0] + timedelta(days=31), LONG[1] + timedelta(days=31)))
    close(provider)
    report = provider.use_cases.reports.finance("2027-01")
    assert sum(line.amount for line in report.lines) == sum(one.amount or 0 for one in report.entries) == 35
    monkeypatch.setenv("TELECO_DB_URL", provider.use_cases.work.settings.database_url)
    month = ("--month", "2026-11")  # the command line has the machine's clock: nothing was recorded then
    assert "No credit stood open" in CliRunner().invoke(app, ["report", "finance", *month]).output
    assert json.loads(CliRunner().invoke(app, ["report", "finance", *month, "--json"]).output)["lines"] == []
    rows = list(csv.DictReader(io.StringIO(CliRunner().invoke(app, ["report", "finance", *month, "--csv"]).output)))
    assert rows == []
    with client_of(SimpleNamespace(use_cases=provider.use_cases, started=[]), "reader") as desk:
        page, table, whole = (desk.get(f"/reports/finance{kind}?month=2027-01") for kind in ("", ".csv", ".json"))
    amounts = sorted(Decimal(row["amount"]) for row in csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff"))))
    assert amounts == [10, 25]
    assert sum(Decimal(line["amount"]) for line in whole.json()["lines"]) == 35
    assert all(f"{amount} EUR" in page.text for amount in ("10.00", "25.00"))


def test_a_month_that_has_not_begun_is_refused(provider):
    with pytest.raises(UnableToReadMonth, match="2027-02 lies in the future"):
        provider.use_cases.reports.finance("2027-02")


def test_every_reason_for_which_a_credit_is_held_has_a_code():
    window = EarlierCredit(
        window=Period(start=OCTOBER, end=OCTOBER + timedelta(days=31)), amount=euros("25"), reference="SR-1"
    )
    less = net_off(euros("10"), window.window, [window])
    assert held_codes(less.held_because or "") == ("in_providers_favour",)
    half = window.window.model_copy(update={"start": OCTOBER + timedelta(days=9)})
    assert held_codes(net_off(euros("30"), half, [window]).held_because or "") == ("overlaps",)
    said = {
        "the credit of 900.00 EUR is above the approval limit of 100.00 EUR": "above_limit",
        "avail-1: Only 12 % of the window was measured, the contract asks for 50 %.": "not_judged",
        "cleo declined 15.00 EUR for 2026-10-01 00:00:00 to 2026-11-01 00:00:00 UTC (SR-2:20261001T0000), and facts "
        "have changed since": "declined_before",
        "the window ended on 2020-01-01, more than 90 days ago": "old",
        "O-1 lasts longer than a window, from 2020-01-01 to 2025-01-01": "longer_than_a_window",
        "TT-000001 is still under way": "still_open",
        "availability rests on something still open": "still_open",
        "because": OTHER,
    }
    assert {sentence: held_codes(sentence) for sentence in said} == {one: (code,) for one, code in said.items()}

"""Settlement as people follow it: by period and source, run by run, and the brake with what it was put on for."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.services.settlement import UnableToSettle
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import LONG, OCTOBER, SHORT, agreed, close, complete, correct, provider
from tests.state_machine.test_agreements_that_change import empty_database
from tests.web.desk_sample import HERE, client_of

__all__ = ["provider"]  # a fixture

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request, tmp_path) -> Provider:
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return Provider(tmp_path, empty_database(), url=url)


def counted(provider: Provider) -> dict[str, tuple[int, ...]]:
    found = provider.use_cases.settlement_views.periods().periods
    return {one.month: (one.done, one.waiting, one.to_decide, one.failed) for one in found}


def desk(provider: Provider, who: str = "operator"):
    return client_of(SimpleNamespace(use_cases=provider.use_cases, started=[]), who)


def two_lines_that_fail_alike(provider: Provider) -> Provider:
    agreed(provider).fail(LONG)
    provider.agree("A-2,K-2,S-2,K-1,1,2026-09-01,,300,EUR,B-2,")
    provider.bring("outages", f"service,started_at,ended_at\nS-2,{LONG[0].isoformat()},{LONG[1].isoformat()}\n")
    return provider


def test_each_period_says_what_is_done_and_for_which_source_the_others_wait(either):
    provider = either
    provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,100,EUR,B-1,", "A-2,K-2,S-2,K-1,1,2026-10-01,,300,EUR,B-2,")
    provider.fail(LONG)
    complete(provider, NOVEMBER)
    close(provider)
    assert counted(provider) == {
        "2026-12": (0, 2, 0, 0),
        "2026-11": (0, 2, 0, 0),
        "2026-10": (2, 0, 0, 0),
        "2026-09": (1, 0, 0, 0),
    }
    november, october = provider.use_cases.settlement_views.periods().periods[1:3]
    [why] = november.reasons
    assert (why.state, why.windows) == ("waiting", 2)
    assert why.reason == "outages are not known to be complete until 2026-12-01 00:00 UTC"
    [sums] = october.sums
    assert [str(one) for one in (sums.owed, sums.final, sums.provisional)] == ["25.00 EUR", "25.00 EUR", "0.00 EUR"]
    listed = provider.use_cases.settlement_views.windows(month="2026-11", state="waiting")
    assert [(one.customer, one.state) for one in listed.rows] == [("K-1", "waiting"), ("K-2", "waiting")]


def test_what_is_booked_before_a_window_is_done_is_provisional_and_what_is_held_stands_apart(either):
    provider = agreed(either)
    provider.fail(SHORT)
    assert provider.lead(SHORT[0]) == Decimal("10.00")
    provider.bring("outages", f"service,started_at\nS-1,{(OCTOBER + timedelta(days=20)).isoformat()}\n")
    close(provider, at=datetime(2026, 11, 10, tzinfo=UTC))
    [sums] = provider.use_cases.settlement_views.periods().periods[0].sums
    assert counted(provider)["2026-10"] == (0, 1, 0, 0)
    assert (str(sums.final), str(sums.provisional), str(sums.held)) == ("0.00 EUR", "10.00 EUR", "0.00 EUR")
    close(provider, at=datetime(2026, 11, 18, tzinfo=UTC))
    [sums] = provider.use_cases.settlement_views.periods().periods[0].sums
    assert counted(provider)["2026-10"] == (0, 0, 1, 0)
    assert (str(sums.final), str(sums.provisional), str(sums.held)) == ("0.00 EUR", "10.00 EUR", "15.00 EUR")


def test_a_difference_in_the_providers_favour_is_to_decide_and_held_as_negative(provider):
    agreed(provider).fail(LONG)
    close(provider)
    correct(provider, LONG[0], LONG[0] + timedelta(hours=1))
    close(provider)
    october = next(one for one in provider.use_cases.settlement_views.periods().periods if one.month == "2026-10")
    assert (october.done, october.to_decide, str(october.sums[0].held)) == (0, 1, "-15.00 EUR")


@pytest.mark.parametrize(
    ("version", "ends"),
    [
        ("1", [NOVEMBER]),
        ("2", [datetime(2026, 10, 9, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)]),
        ("3", [datetime(2026, 11, 1, 7, tzinfo=UTC)]),
    ],
)
def test_a_window_belongs_to_the_month_in_which_it_ends_by_the_clocks_of_its_contract(provider, version, ends):
    """October ends at 7:00 UTC of the next day in Los Angeles; the billing month to the 10th ends in October too."""
    provider.agree(f"A-1,K-1,S-1,K-1,{version},2026-09-10,2026-10-31,100,EUR,B-1,")
    complete(provider)
    close(provider, at=datetime(2026, 12, 1, tzinfo=UTC))
    found = provider.use_cases.settlement_views.windows(month="2026-10").rows
    assert [one.window.end for one in found] == ends
    assert counted(provider)["2026-10"][0] == len(ends)


def test_periods_before_the_last_twelve_months_are_on_the_next_page(provider):
    provider.agree("A-1,K-1,S-1,K-1,1,2025-11-01,,100,EUR,B-1,")
    complete(provider)
    close(provider)
    views = provider.use_cases.settlement_views
    first, second = views.periods(number=1), views.periods(number=2)
    assert [one.month for one in first.periods][::10] == ["2026-12", "2026-02"]
    assert (first.older, [one.month for one in second.periods]) == (True, ["2026-01", "2025-12", "2025-11"])
    assert not second.older


def test_a_run_shows_how_far_it_has_come(provider):
    agreed(provider).fail(LONG)
    settlement, views = provider.use_cases.settlement, provider.use_cases.settlement_views
    run = settlement.open(by="ann", shards=3)
    assert (views.runs().rows[0].looked, views.runs().rows[0].settled) == (0, 0)
    settlement.look(run.number, 1)
    assert views.runs().rows[0].looked == 1
    settlement.look(run.number, 0)
    settlement.look(run.number, 2)
    settlement.check(run.number, limit=100)
    settlement.settle(run.number, 0)
    [view] = views.runs().rows
    assert (view.looked, view.settled, view.run.state) == (3, 1, "settling")
    settlement.settle(run.number, 1)
    settlement.settle(run.number, 2)
    assert list(map(str, views.runs().rows[0].booked)) == ["25.00 EUR"]


def test_the_second_person_sees_the_largest_amounts_and_what_they_have_in_common(provider):
    two_lines_that_fail_alike(provider)
    run = provider.use_cases.settlement.run(by="ann", limit=50, shards=2)
    found = provider.use_cases.settlement_views.run(run.number)
    assert [(one.service, str(one.amount)) for one in found.preview.largest] == [
        ("S-2", "75.00 EUR"),
        ("S-1", "25.00 EUR"),
    ]
    [cause] = found.causes
    assert (cause.time.start, cause.time.end, cause.windows) == (*LONG, 2)
    assert list(map(str, cause.amounts)) == ["100.00 EUR"]
    assert "O-1003T000000" in cause.references
    with desk(provider) as client:
        page = client.get(f"/settlement/runs/{run.number}").text
        told = client.get(f"/api/v1/settlement/runs/{run.number}").json()
    assert "more than the limit of 50" in page
    assert "2 windows" in page
    assert "O-1003T000000" in page
    assert page.index("75.00 EUR") < page.index("25.00 EUR")
    assert [one["rests_on"]["start"][:10] for one in told["preview"]["largest"]] == ["2026-10-03"] * 2
    assert told["causes"][0]["amounts"] == [{"amount": "100.00", "currency": "EUR"}]


def test_another_person_than_the_one_who_opened_a_held_run_releases_it_at_the_desk(provider):
    agreed(provider).fail(LONG)
    own = provider.use_cases.settlement.run(by="otto operates", limit=1, shards=1)
    with desk(provider) as client:
        assert "/acts/run/" not in client.get(f"/settlement/runs/{own.number}").text
        answer = client.post(f"/acts/run/{own.number}/release", data={"reason": "mine"}, headers=HERE)
        assert (answer.status_code, "another person must release it" in answer.text) == (409, True)
        run = provider.use_cases.settlement.run(by="ann", limit=1, shards=1)
        assert f"/settlement/runs/{run.number}" in client.get("/waiting").text
        assert f"/acts/run/{run.number}/release" in client.get(f"/settlement/runs/{run.number}").text
        answer = client.post(f"/acts/run/{run.number}/release", data={"reason": "the fibre cut"}, headers=HERE)
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            f"/settlement/runs/{run.number}?done=run_released",
        )
        assert "the fibre cut" in client.get(answer.headers["location"]).text
    with desk(provider, "reader") as client:
        assert "/acts/run/" not in client.get(f"/settlement/runs/{run.number}").text
        assert client.post(f"/acts/run/{run.number}/release", data={"reason": "x"}, headers=HERE).status_code == 403
    assert provider.use_cases.settlement.run(by="ann").state == "ended"
    with pytest.raises(UnableToSettle, match="is ended, not held"):
        provider.use_cases.settlement.release(run.number, by="otto operates", reason="again")


def test_a_decision_about_a_credit_of_settlement_leads_to_no_incident(provider):
    agreed(provider).fail((OCTOBER + timedelta(days=20), OCTOBER + timedelta(days=55)))
    close(provider)
    held = provider.use_cases.credits.waiting()[0]
    with desk(provider) as client:
        answer = client.post(f"/acts/credit/{held.reference}/decline", data={"reason": "no"}, headers=HERE)
    assert answer.headers["location"] == "/waiting?done=credit_declined"


def test_the_desk_shows_periods_and_their_windows(provider):
    agreed(provider).fail(LONG)
    complete_until = "outages are not known to be complete until 2027-02-01 00:00 UTC"
    provider.clock.now = datetime(2027, 2, 20, tzinfo=UTC)
    close(provider)
    with desk(provider, "reader") as client:
        page = client.get("/settlement").text
        assert complete_until in page
        assert "/settlement/windows?month=2027-01&amp;state=waiting" in page
        assert "25.00 EUR" in page
        windows = client.get("/settlement/windows?month=2026-10").text
        assert (windows.count("<tr>"), "25.00 EUR" in windows) == (2, True)
        [window] = client.get("/api/v1/settlement/windows?month=2026-10").json()["items"]
        assert f"/incidents/{window['letter']}/letter" in windows
        assert client.get("/settlement/windows?month=2026-13").status_code == 422
        assert client.get("/settlement/runs/99").status_code == 404
        assert client.get("/api/v1/settlement/periods").json()["periods"][0]["reasons"][0]["reason"] == complete_until


def test_reports_show_what_is_provisional_and_what_is_final_apart(either):
    provider = agreed(either)
    provider.fail(SHORT)
    provider.clock.now = OCTOBER + timedelta(days=12)
    assert provider.lead(SHORT[0]) == Decimal("10.00")

    def credited() -> tuple[list[str], list[str]]:
        group = provider.use_cases.reports.month("2026-10").by_contract[0]
        return [str(one) for one in group.credits], [str(one) for one in group.provisional]

    assert credited() == ([], ["10.00 EUR"])
    provider.clock.now = datetime(2026, 11, 10, tzinfo=UTC)
    close(provider)
    assert credited() == (["10.00 EUR"], [])
    with desk(provider, "reader") as client:
        assert "10.00 EUR,," in client.get("/reports.csv?month=2026-10").text


def sla(provider: Provider, *words: str) -> str:
    url = provider.use_cases.work.settings.database_url
    done = CliRunner().invoke(app, words, env={"TELECO_DB_URL": url, "COLUMNS": "300"})
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_line_shows_periods_windows_and_runs(provider):
    two_lines_that_fail_alike(provider)
    provider.use_cases.settlement.run(by="ann", limit=50, shards=2)
    shown = sla(provider, "settlement", "runs", "1")
    assert "2 of the largest rest on 2026-10-03" in shown
    assert "K-2 S-2" in shown
    assert json.loads(sla(provider, "settlement", "runs", "1", "--json"))["view"]["run"]["state"] == "held"
    provider.use_cases.settlement.release(1, by="ben", reason="checked")
    provider.use_cases.settlement.run(by="ann")
    [run] = json.loads(sla(provider, "settlement", "runs", "--json"))
    assert (run["number"], run["state"], run["settled"], run["booked"]) == (
        1,
        "ended",
        2,
        [{"amount": "100.00", "currency": "EUR"}],
    )
    # The command goes by the clock of the machine, for which these months may lie in the future.
    found = json.loads(sla(provider, "settlement", "list", "--month", "2026-10", "--json"))["windows"]
    assert [(one["service"], one["booked"]["amount"]) for one in found] == [("S-1", "25.00"), ("S-2", "75.00")]
    assert "periods" in json.loads(sla(provider, "settlement", "periods", "--json"))

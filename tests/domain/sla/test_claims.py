"""Claims: each incident has its own last day, the last day counts, and what is late is judged as if it had not been."""

import json
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.contract import UnableToReadContract
from include.sla_logic.domain.measurements import ClaimFiled, Delay, MaintenanceWindow, SampleSeries
from include.sla_logic.domain.sla import Verdict
from tests.domain.sla.make import APRIL, at, contract, euros, facts, judge, objective, outage, text_of

EACH = {"within_days": 30, "counted_from": "outage_end"}
FIRST = outage("2025-04-02 08:00", "2025-04-02 18:00", "O1")  # 1.39 % of April: 25 %
SECOND = outage("2025-04-29 08:00", "2025-04-29 11:00", "O2")  # 0.42 %: 10 %
MEAN = objective({"kind": "share_when_missed", "credit": "40%"}, id="latency", metric="latency", target=50)


def filed(*moments):
    return {"claims": tuple(ClaimFiled(filed_at=at(moment)) for moment in moments)}


def claimed(*outages, claim=EACH, claims=(), as_of="2025-07-01", terms=None, **fields):
    return judge(terms or contract(claim=claim), facts(*outages, **filed(*claims), **fields), as_of=at(as_of))


def test_what_is_late_drops_out_and_the_tier_is_looked_up_without_it():
    both = claimed(FIRST, SECOND, claims=["2025-05-02 23:59:59"])
    assert (both.credit_due, both.claim.state) == (euros("25.00"), "in_time")
    one = claimed(FIRST, SECOND, claims=["2025-05-03 00:00"])
    assert (one.credit_due, one.claim.state, one.claim.late) == (euros("10.00"), "in_time", ("O1",))
    assert "Too late for O1 (until 2025-05-02)" in one.claim.reason
    assert one.objectives[0].counted_seconds == 13 * 3600  # what was measured stays measured
    none = claimed(FIRST, SECOND, claims=["2025-05-30 00:00"])
    assert (none.credit_due, none.claim.state, none.credit_percent) == (euros("0.00"), "late", 0)


def test_many_lost_incidents_are_counted_and_not_all_named_in_one_sentence():
    many = [outage(f"2025-04-{day:02} 08:00", f"2025-04-{day:02} 09:00", f"O{day}") for day in range(1, 11)]
    found = claimed(*many, SECOND.model_copy(update={"reference": "LAST"}), claims=["2025-05-20"])
    assert "O5 (until 2025-05-05); 5 more." in found.claim.reason
    assert len(found.claim.late) == 10


def test_what_nobody_claimed_is_lost_day_by_day_and_the_named_day_loses_nothing():
    before = claimed(FIRST, SECOND, as_of="2025-05-02 23:59:59")
    assert (before.claim.state, before.claim.last_day, before.credit_due) == ("open", date(2025, 5, 2), euros("25.00"))
    between = claimed(FIRST, SECOND, as_of="2025-05-03 00:00")
    assert (between.claim.state, between.claim.last_day) == ("open", date(2025, 5, 29))
    assert (between.credit_due, between.claim.late) == (euros("10.00"), ("O1",))
    assert claimed(FIRST, SECOND, as_of="2025-05-30").claim.state == "late"


@pytest.mark.parametrize(
    "other",
    [
        {"outages": [outage("2025-04-29 08:00", "2025-04-29 09:00", "C", attribution="customer")]},
        {
            "outages": [outage("2025-04-29 02:00", "2025-04-29 03:00", "M")],
            "maintenance": [
                MaintenanceWindow(reference="CHG", start=at("2025-04-29 02:00"), end=at("2025-04-29 06:00"))
            ],
        },
        {"outages": [outage("2025-04-29 08:00", "2025-04-29 08:00:30", "S")], "shortest": {"at_least": "1 min"}},
        {"outages": [outage("2025-05-02 08:00", "2025-05-02 09:00", "L")]},
        {"outages": [outage("2025-04-29 08:00", "2025-04-29 09:00", "N", ticket_opened_at=at("2025-04-29 12:00"))]},
    ],
    ids=["the customer's", "planned work", "too short", "of another window", "ticket too late"],
)
def test_only_an_outage_that_counts_moves_a_deadline(other):
    claim = EACH | ({"ticket_within": "2 h"} if other["outages"][0].reference == "N" else {})
    terms = contract(claim=claim, counting={"shortest": other["shortest"]} if "shortest" in other else {})
    work = other.get("maintenance", ())
    found = claimed(FIRST, *other["outages"], terms=terms, claims=["2025-05-15"], maintenance=work)
    assert (found.claim.state, found.claim.last_day, found.credit_due) == ("late", date(2025, 5, 2), euros("0.00"))


def test_records_of_one_outage_have_one_deadline_and_a_crossing_one_ends_when_it_ends():
    parts = outage("2025-04-02 08:00", "2025-04-03 00:00", "A"), outage("2025-04-03 00:00", "2025-04-05 18:00", "B")
    assert claimed(*parts, claims=["2025-05-05 12:00"]).claim.state == "in_time"
    crossing = outage("2025-04-30 20:00", "2025-05-20 18:00", "X")
    assert claimed(crossing, claims=["2025-06-19 23:59"]).claim.last_day == date(2025, 6, 19)


def test_the_days_of_an_open_outage_or_ticket_have_not_begun():
    running = claimed(outage("2025-04-02 08:00", None), as_of="2026-04-01")
    assert (running.claim.state, running.claim.last_day) == ("open", None)
    by_ticket = {"within_days": 10, "counted_from": "ticket_closed"}
    unclosed = FIRST.model_copy(update={"ticket_opened_at": at("2025-04-02 09:00")})
    assert claimed(unclosed, claim=by_ticket).claim.state == "open"
    assert claimed(FIRST, claim=by_ticket).claim.last_day == date(2025, 4, 12)


def test_a_claim_covers_what_had_begun_when_it_was_filed():
    early = claimed(FIRST, SECOND, claims=["2025-04-05"], as_of="2025-05-10")
    assert (early.claim.state, early.claim.last_day, early.credit_due) == ("open", date(2025, 5, 29), euros("25.00"))
    only_early = claimed(FIRST, SECOND, claims=["2025-04-05"], as_of="2025-06-10")
    assert (only_early.credit_due, only_early.claim.late) == (euros("25.00"), ("O2",))
    both = claimed(FIRST, SECOND, claims=["2025-04-05", "2025-05-29"], as_of="2025-06-10")
    assert (both.claim.state, both.claim.late) == ("in_time", ())


def test_sampled_downtime_repairs_and_delays_are_incidents_too():
    hour = SampleSeries.from_samples(
        [(at("2025-04-02") + timedelta(hours=n), 100 if n in (8, 9, 600, 601, 602) else 0) for n in range(700)],
        metric="packet_loss",
        unit="percent",
        step_seconds=3600,
    )
    state = {"kind": "unavailable_state", "series": "packet_loss", "bad": {"more_than": 50}}
    sampled = contract(objective(measure=state), claim=EACH)
    found = judge(sampled, facts(series=[hour], **filed("2025-05-10")), as_of=at("2025-06-01"))
    assert (found.credit_due, found.objectives[0].counted_seconds) == (euros("10.00"), 5 * 3600)
    slow = {"kind": "tiers", "tiers": [{"at_most": 14400, "credit": 0}, {"more_than": 14400, "credit": "10%"}]}
    repairs = contract(objective(slow, id="r", metric="time_to_restore"), claim=EACH)
    assert claimed(FIRST, SECOND, terms=repairs, claims=["2025-05-02"]).credit_due == euros("10.00")
    assert claimed(FIRST, SECOND, terms=repairs, claims=["2025-05-03"]).credit_due == euros("0.00")
    late = contract(objective({"kind": "sum_per_day", "sum": 2, "applies_to": "repair"}, metric="delay"), claim=EACH)
    days = [Delay(kind="repair", due=date(2025, 4, d), done=date(2025, 4, d + 3)) for d in (1, 20)]
    assert claimed(terms=late, delays=days, claims=["2025-05-04"]).credit_due == euros("12.00")
    assert claimed(terms=late, delays=days, claims=["2025-05-05"]).credit_due == euros("6.00")


def test_a_rule_that_pays_each_outage_pays_those_that_were_claimed_in_time():
    each = {"kind": "credit", "for_each": "event", "tiers": [{"more_than": "1 h", "rate": "5%"}]}
    terms = contract(objective(each), claim=EACH)
    assert claimed(FIRST, SECOND, terms=terms, claims=["2025-05-02"]).credit_due == euros("10.00")
    assert claimed(FIRST, SECOND, terms=terms, claims=["2025-05-03"]).credit_due == euros("5.00")
    assert claimed(FIRST, SECOND, terms=terms, claims=["2025-05-30"]).credit_due == euros("0.00")


def test_time_of_a_ticket_after_a_lost_outage_is_lost_with_it():
    """O1 lasted ten hours, its ticket two days: 6.67 % of April."""
    terms = contract(claim=EACH, counting={"clock_stop": "ticket_closed"})
    first = FIRST.model_copy(update={"ticket_closed_at": at("2025-04-04 08:00")})
    second = SECOND.model_copy(update={"ticket_closed_at": at("2025-04-29 11:00")})
    assert claimed(first, second, claims=["2025-05-02"], terms=terms).credit_due == euros("100.00")
    assert claimed(first, second, claims=["2025-05-03"], terms=terms).credit_due == euros("10.00")


def test_one_of_two_equal_repairs_is_lost_though_their_mean_stays():
    each = {"kind": "credit", "for_each": "event", "rate": "5%"}
    terms = contract(objective(each, metric="time_to_restore", id="repair"), claim=EACH)
    third = outage("2025-04-29 08:00", "2025-04-29 18:00", "O3")
    found = claimed(FIRST, third, claims=["2025-05-20"], terms=terms)
    assert (found.objectives[0].measured, found.credit_due) == (36_000, euros("5.00"))


def test_an_unreported_outage_before_the_window_is_not_paid_in_it():
    """Two records of one outage, of which only the one of April was reported."""
    each = {"kind": "credit", "for_each": "event", "block": "1 h", "rate": "1%"}
    terms = contract(objective(each), claim={"ticket": "required"})
    march = outage("2025-03-31 20:00", "2025-04-01 00:00", "O1")
    april = outage("2025-04-01 00:00", "2025-04-01 02:00", "O2", ticket_opened_at=at("2025-04-01 00:10"))
    assert claimed(march, april, terms=terms).credit_due == euros("2.00")


@pytest.mark.parametrize(
    ("delay", "last_day", "state"),
    [
        ({"due": "2025-04-08", "done": "2025-04-10"}, date(2025, 5, 10), "late"),
        ({"due": "2025-04-08"}, None, "open"),  # its days have not begun
        ({"due": "2025-05-08", "done": "2025-05-20"}, date(2025, 5, 30), "late"),  # of another window: none
        ({"due": "2025-04-08", "done": "2025-04-10", "kind": "visit"}, date(2025, 5, 30), "late"),  # not promised: none
    ],
)
def test_only_a_late_promise_that_counts_has_a_last_day(delay, last_day, state):
    rule = {"kind": "credit", "for_each": "day", "rate": "1 EUR", "promise": "line"}
    terms = contract(objective(rule, metric="delay", id="line"), claim=EACH)
    found = claimed(terms=terms, delays=[Delay.model_validate({"kind": "line", **delay})])
    assert (found.claim.last_day, found.claim.state) == (last_day, state)


def test_what_describes_the_whole_window_is_claimed_after_its_end():
    slow = SampleSeries.from_samples([(at("2025-04-10"), 90)], metric="latency", unit="ms", step_seconds=300)
    terms = contract(objective(), MEAN, claim=EACH, stacking="sum")
    found = claimed(FIRST, terms=terms, series=[slow], claims=["2025-05-30 23:00"])
    assert (found.credit_due, found.claim.state, found.claim.late) == (euros("40.00"), "in_time", ("O1",))
    assert claimed(FIRST, terms=terms, series=[slow], claims=["2025-05-31"]).claim.state == "late"
    kept = claimed(FIRST, terms=terms, claims=["2025-05-30 23:00"])
    assert kept.claim.state == "late"  # nothing is owed for latency, so nothing keeps the claim alive
    crossing = outage("2025-04-30 10:00", "2025-05-20 18:00", "X")
    mixed = claimed(crossing, terms=terms, series=[slow], claims=["2025-06-10"])
    assert (mixed.credit_due, mixed.claim.late) == (euros("25.00"), ("the window",))


def test_the_unit_may_be_working_days_or_months_with_their_ends():
    last = {
        "2025-01-31": "2025-02-28",
        "2024-01-31": "2024-02-29",
        "2025-03-30": "2025-04-30",
        "2025-11-30": "2025-12-30",
    }
    terms = contract(claim={"within_months": 1, "counted_from": "outage_end"}, window="year")
    for ended, day in last.items():
        window = APRIL.model_copy(update={"start": at(f"{ended[:4]}-01-01"), "end": at(f"{int(ended[:4]) + 1}-01-01")})
        down = outage(f"{ended} 01:00", f"{ended} 20:00")
        found = judge(terms, facts(down), window=window, as_of=at(f"{ended} 21:00"))
        assert f"{found.claim.last_day}" == day
    week = {"within_working_days": 3, "counted_from": "outage_end"}
    easter = contract(claim=week, calendar={"country": "AT"})
    thursday = outage("2025-04-17 08:00", "2025-04-17 10:00")  # Good Friday works in Austria, Easter Monday does not
    assert judge(easter, facts(thursday), as_of=at("2025-04-18")).claim.last_day == date(2025, 4, 23)


def test_two_units_at_once_are_refused_and_working_days_want_a_calendar():
    for other in ("within_months", "within_working_days", "billing_cycles"):
        with pytest.raises(UnableToReadContract, match="give one of"):
            contract(claim={"within_days": 30, other: 1})


def plain_last_day(ended, unit, number):
    """Return the last day by counting on the fingers: no library that the product uses."""
    if unit == "within_days":
        return ended + timedelta(days=number)
    if unit == "within_months":
        months = ended.month - 1 + number
        year, month = ended.year + months // 12, months % 12 + 1
        return date(year, month, min(ended.day, monthrange(year, month)[1]))
    day = ended
    while number:
        day += timedelta(days=1)
        number -= day.weekday() < 5
    return day


@given(
    st.sampled_from(["within_days", "within_working_days", "within_months"]),
    st.integers(0, 40),
    st.sampled_from(["UTC", "Europe/Vienna", "America/Denver", "Asia/Kathmandu"]),
    st.lists(st.tuples(st.integers(0, 29), st.integers(0, 22), st.integers(10, 7_000)), min_size=1, max_size=5),
    st.integers(0, 90 * 24 * 60),
)
def test_claims_agree_with_a_plain_count_of_days(unit, number, zone, given_outages, filed_after):
    """The credit is that of the outages which are in time, judged under a contract that pays without a claim."""
    window = APRIL.model_copy(
        update={
            "start": datetime(2025, 4, 1, tzinfo=ZoneInfo(zone)),
            "end": datetime(2025, 5, 1, tzinfo=ZoneInfo(zone)),
        }
    )
    apart = {day: (hour, length) for day, hour, length in given_outages}
    downs = []
    for number_, (day, (hour, length)) in enumerate(sorted(apart.items())):
        start = window.start.astimezone(UTC) + timedelta(days=day, hours=hour)
        downs.append(
            outage("2025-04-01", "2025-04-02", f"O{number_}").model_copy(
                update={"start": start, "end": start + timedelta(seconds=length)}
            )
        )
    moment = window.start.astimezone(UTC) + timedelta(minutes=filed_after)
    in_time = []
    for down in downs:
        last = plain_last_day(down.end.astimezone(ZoneInfo(zone)).date(), unit, number)
        covered = down.start <= moment
        if covered and moment.astimezone(ZoneInfo(zone)).date() <= last:
            in_time.append(down)
    known = facts(*downs, claims=(ClaimFiled(filed_at=moment),))
    terms = contract(claim={unit: number, "counted_from": "outage_end"}, zone=zone)
    late_moment = window.end.astimezone(UTC) + timedelta(days=3_000)
    found = judge(terms, known, window=window, as_of=late_moment)
    expected = judge(contract(claim={"automatic": True}, zone=zone), facts(*in_time), window=window, as_of=late_moment)
    assert found.credit_due == expected.credit_due
    assert {o.verdict for o in found.objectives} <= {Verdict.MET, Verdict.BREACHED}


@pytest.mark.parametrize(
    ("claim_at", "says"),
    [
        ("2025-04-02T07:59:59Z", "lies before the fault of 2025-04-02 08:00:00 UTC"),
        ("2025-05-02T00:00:01Z", "lies in the future"),
        ("2025-04-02T08:00:00Z", None),
    ],
)
def test_a_claim_before_the_fault_or_in_the_future_is_refused(tmp_path, claim_at, says):
    (tmp_path / "k.yaml").write_text(text_of(claim=EACH), encoding="utf-8")
    fields = {
        "service": "S",
        "as_of": "2025-05-02T00:00:00Z",
        "window": {"start": "2025-04-01T00:00:00Z", "end": "2025-05-01T00:00:00Z"},
        "charges": {"recurring": {"amount": 100, "currency": "EUR"}},
        "outages": [{"reference": "O", "start": "2025-04-02T08:00:00Z", "end": "2025-04-02T18:00:00Z"}],
        "claim": {"filed_at": claim_at},
    }
    (tmp_path / "f.yaml").write_text(json.dumps(fields), encoding="utf-8")
    done = CliRunner().invoke(app, ["assess", str(tmp_path / "k.yaml"), str(tmp_path / "f.yaml")])
    assert (done.exit_code, says is None or says in done.stderr) == (0 if says is None else 1, True)

"""Facts of a service as they were known at one moment, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, insert, update

from include.sla_logic.domain.period import Period
from include.sla_logic.domain.samples import NOT_MEASURED
from include.sla_logic.domain.sla import DataState, compare
from include.sla_logic.persistence.contracts import ContractRegister, load_contract
from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.system_t import ticket_status_history
from include.sla_logic.persistence.tickets import Opening, open_ticket

NOW = datetime(2026, 11, 23, 23, 5, 17, tzinfo=UTC)
WINDOW = Period(start=NOW - timedelta(days=10), end=NOW + timedelta(days=20))


def facts_of(connection, number, *, as_of=NOW, window=WINDOW):
    agreement = ContractRegister(connection=connection).agreement(f"C-{number}", f"S-{number}", at=NOW)
    return MeasurementRegister(connection=connection).facts(agreement, window, as_of=as_of)


def test_an_open_outage_and_an_earlier_one_are_both_there(connection):
    earlier, running = facts_of(connection, 1001).outages
    assert earlier.end == earlier.start + timedelta(minutes=20)
    assert (running.end, running.start) == (None, datetime(2026, 11, 23, 21, 5, tzinfo=UTC))


def test_what_ended_later_had_not_ended_yet(connection):
    start = facts_of(connection, 1004).outages[0].start
    [only] = facts_of(connection, 1004, as_of=start + timedelta(minutes=10)).outages
    assert only.end is None


def test_what_began_later_had_not_happened_yet(connection):
    assert facts_of(connection, 1004, as_of=NOW - timedelta(days=1)).outages == ()


def test_outages_outside_the_window_are_left_out(connection):
    before = Period(start=NOW - timedelta(days=60), end=NOW - timedelta(days=30))
    assert facts_of(connection, 1001, window=before).outages == ()


def test_an_outage_that_only_touches_the_window_is_left_out(connection):
    end = facts_of(connection, 1004).outages[0].end
    after = Period(start=end, end=end + timedelta(seconds=1))
    assert facts_of(connection, 1004, window=after).outages == ()


def test_a_record_that_ends_before_it_starts_is_kept_for_the_judgement_to_refuse(connection):
    connection.execute(
        update(t.outages).where(t.outages.c.reference == "OUT-1004-1").values(ended_at=NOW - timedelta(days=2))
    )
    assert any(outage.end < outage.start for outage in facts_of(connection, 1004).outages)


def test_the_register_says_of_what_it_keeps_no_record(connection):
    found = facts_of(connection, 1001)
    assert set(found.not_kept) == {"delays", "event_credits", "usage"}
    assert (found.delays, found.event_credits, found.charges.usage) == ((), (), None)


def test_outages_of_earlier_releases_do_not_say_how_much_they_hit(connection):
    connection.execute(update(t.outages).values(degraded=None))
    assert {"affected_percent", "degraded"} < set(facts_of(connection, 1001).not_kept)


def test_maintenance_is_known_from_its_announcement_on(connection):
    assert len(facts_of(connection, 1010).maintenance) == 1
    assert facts_of(connection, 1010, as_of=NOW - timedelta(days=7)).maintenance == ()
    assert len(facts_of(connection, 1010, as_of=NOW - timedelta(days=5)).maintenance) == 1


def test_maintenance_that_nobody_announced_is_known_from_its_start_on(connection):
    connection.execute(update(t.maintenance_windows).values(announced_at=None))
    assert facts_of(connection, 1010, as_of=NOW - timedelta(days=1)).maintenance == ()
    [work] = facts_of(connection, 1010).maintenance
    assert work.announced_at is None


def test_samples_come_as_series_on_their_grid(connection):
    loss, latency = sorted(facts_of(connection, 1002).series, key=lambda series: series.metric, reverse=True)
    assert (loss.metric, loss.unit, loss.step_seconds, loss.nothing_came_back) == (
        "packet_loss",
        "percent",
        300,
        Decimal(100),
    )
    assert loss.values[-1] == 4000
    assert loss.values[0] == 0
    assert latency.period.end <= NOW


def test_samples_of_later_are_not_known_yet(connection):
    [series, _] = facts_of(connection, 1002, as_of=NOW - timedelta(days=1)).series
    assert series.period.end <= NOW - timedelta(days=1) + timedelta(minutes=5)


def test_a_missing_sample_is_a_gap_and_an_unanswered_one_too(connection):
    before = facts_of(connection, 1003).series[0]
    at = int(before.start.timestamp()) + 300
    mine = (t.samples.c.service == "S-1003") & (t.samples.c.metric == before.metric)
    connection.execute(delete(t.samples).where(mine, t.samples.c.at == at))
    connection.execute(update(t.samples).where(mine, t.samples.c.at == at + 300).values(value=None))
    after = facts_of(connection, 1003).series[0]
    assert len(after.values) == len(before.values)
    assert list(after.values[1:3]) == [NOT_MEASURED, NOT_MEASURED]
    assert after.values[3] == before.values[3]


def test_a_service_without_samples_has_no_series(connection):
    assert facts_of(connection, 1001).series == ()


def test_the_charge_is_that_of_the_agreement(connection):
    assert str(facts_of(connection, 1001).charges.recurring) == "2400.00 EUR"


def test_holds_and_unobserved_time_are_part_of_the_facts(connection):
    start = NOW - timedelta(hours=5)
    connection.execute(
        insert(t.holds).values(service="S-1001", starts_at=start, ends_at=None, reason="no access", owner="customer")
    )
    connection.execute(
        insert(t.unobserved).values(service="S-1001", started_at=start, ended_at=NOW + timedelta(hours=1))
    )
    facts = facts_of(connection, 1001)
    assert [(hold.reason, hold.end) for hold in facts.holds] == [("no access", None)]
    assert facts.unobserved[0].end == NOW.replace(microsecond=0)


def test_a_ticket_tells_when_the_outage_was_reported(connection, teleco):
    notification = teleco.notifications["premium"]
    opened = NOW + timedelta(minutes=1)
    opening = Opening(key="k", notification=notification, run_id="r", origin="test", reason="accepted")
    open_ticket(connection, opening, now=opened)
    earlier, running = facts_of(connection, 1001, as_of=NOW + timedelta(minutes=2)).outages
    assert (running.reported_at, running.ticket_opened_at) == (notification.reported_at, opened)
    assert earlier.reported_at is None
    assert facts_of(connection, 1001).outages[1].ticket_opened_at is None  # a minute earlier nobody knew


LOSS = {"metric": "packet_loss", "unit": "percent", "step_seconds": 60, "decimals": 0, "nothing_came_back": "100"}
EDGE = datetime(2026, 11, 1, tzinfo=UTC)
JUDGED_BY_LOSS = """\
id: SAMPLED
version: "1"
title: Sampled
zone: UTC
currency: EUR
charge_base: recurring
objectives:
  - id: a
    metric: availability
    measure: {kind: unavailable_state, series: packet_loss, bad: {more_than: 50}, opens_after: 10, closes_after: 10}
    rule: {kind: tiers, tiers: [{credit: 0}]}
"""


def sampled(connection, values, *, until=EDGE, chronic=""):
    """Give S-1001 a contract that judges samples, and one sample per minute, the last of them before `until`."""
    text = JUDGED_BY_LOSS + chronic
    load_contract(connection, text, name="sampled", now=NOW)
    terms = {"contract": "SAMPLED", "contract_version": "1"}
    connection.execute(update(t.agreements).where(t.agreements.c.service == "S-1001").values(**terms))
    connection.execute(insert(t.measured_metrics).values(service="S-1001", baseline=None, **LOSS))
    begin = int(until.timestamp()) - 60 * len(values)
    rows = [{"at": begin + 60 * i, "value": value} for i, value in enumerate(values)]
    connection.execute(insert(t.samples).values(service="S-1001", metric="packet_loss"), rows)


def judged(connection, start, end, *, as_of=NOW):
    window = Period(start=start, end=end)
    agreement = ContractRegister(connection=connection).agreement("C-1001", "S-1001", at=NOW)
    register = MeasurementRegister(connection=connection)
    terms = ContractRegister(connection=connection).contract(agreement)
    return compare(terms, register.facts(agreement, window, as_of=as_of), window=window, as_of=as_of).objectives[0]


def test_a_target_that_fell_silent_in_the_window_is_down_and_one_silent_throughout_is_held(connection):
    sampled(connection, [0] * 30 + [100] * 60)
    found = judged(connection, EDGE - timedelta(minutes=61), EDGE)
    assert (found.data_state, found.counted_seconds) == (DataState.MEASURED, 3600)
    assert judged(connection, EDGE - timedelta(hours=1), EDGE).data_state is DataState.NEVER_ANSWERED


def test_a_target_that_never_answered_is_still_that_in_a_later_window(connection):
    sampled(connection, [100] * 90)
    assert judged(connection, EDGE - timedelta(hours=1), EDGE).data_state is DataState.NEVER_ANSWERED


@pytest.mark.parametrize("quiet", [20, 60, 500])
def test_the_samples_around_the_window_decide_whether_a_state_lies_at_its_edge(connection, quiet):
    sampled(connection, [0] * quiet + [100] * 10 + [0] * quiet, until=EDGE + timedelta(minutes=quiet + 5))
    day = timedelta(days=1)
    assert judged(connection, EDGE - day, EDGE).counted_seconds == 300
    assert judged(connection, EDGE, EDGE + day).counted_seconds == 300
    assert judged(connection, EDGE - day, EDGE + day).counted_seconds == 600


def test_a_state_that_began_long_before_the_window_is_found_and_its_later_end_too(connection):
    flapping = [100] * 9 + [0] * 9
    sampled(connection, [0] * 20 + [100] * 10 + [0] * 9 + flapping * 60 + [0] * 10, until=EDGE + timedelta(minutes=540))
    found = judged(connection, EDGE, EDGE + timedelta(hours=1))
    assert (found.counted_seconds, found.provisional) == (3600, False)


def test_sampled_outages_before_the_window_count_towards_a_right_to_leave(connection):
    chronic = "chronic: {count: 2, outage: {at_least: 10 min}, within_days: 30}\n"
    sampled(connection, [0] * 30 + [100] * 10 + [0] * 4000 + [100] * 10 + [0] * 30, chronic=chronic)
    agreement = ContractRegister(connection=connection).agreement("C-1001", "S-1001", at=NOW)
    terms = ContractRegister(connection=connection).contract(agreement)
    window = Period(start=EDGE - timedelta(hours=2), end=EDGE)
    facts = MeasurementRegister(connection=connection).facts(agreement, window, as_of=NOW)
    found = compare(terms, facts, window=window, as_of=NOW).chronic
    assert (found.state, found.references) == ("reached", ("samples of packet_loss", "samples of packet_loss"))


@pytest.mark.parametrize(
    ("status", "owner", "waits_for"),
    [
        ("pending", None, "customer"),
        ("pending", "provider", "provider"),
        ("held", None, "provider"),
        ("held", "third_party", "third_party"),
        ("inProgress", None, None),
    ],
)
def test_a_ticket_on_hold_says_who_owes_the_next_step(connection, teleco, status, owner, waits_for):
    opening = Opening(
        key="k", notification=teleco.notifications["premium"], run_id="r", origin="test", reason="accepted"
    )
    number = ticket_number(open_ticket(connection, opening, now=NOW)[0].id)
    later = {"at": NOW + timedelta(minutes=5), "sequence": 99, "reason": "x", "status": status, "owner": owner}
    connection.execute(insert(ticket_status_history).values(ticket=number, **later))
    held = [hold for hold in facts_of(connection, 1001, as_of=NOW + timedelta(hours=1)).holds if hold.end is None]
    assert [hold.owner for hold in held] == ([waits_for] if waits_for else [])

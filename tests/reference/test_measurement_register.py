"""Facts of a service as they were known at one moment, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, insert, update

from include.sla_logic.adapters.contracts import ContractRegister
from include.sla_logic.adapters.measurements import MeasurementRegister
from include.sla_logic.adapters.schema import reference as t
from include.sla_logic.adapters.tickets import Opening, open_ticket
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.samples import NOT_MEASURED

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


def test_a_ticket_tells_when_the_outage_was_reported(connection, house):
    notification = house.notifications["premium"]
    opened = NOW + timedelta(minutes=1)
    opening = Opening(key="k", notification=notification, run_id="r", origin="test", reason="accepted")
    open_ticket(connection, opening, now=opened)
    earlier, running = facts_of(connection, 1001, as_of=NOW + timedelta(minutes=2)).outages
    assert (running.reported_at, running.ticket_opened_at) == (notification.reported_at, opened)
    assert earlier.reported_at is None
    assert facts_of(connection, 1001).outages[1].ticket_opened_at is None  # a minute earlier nobody knew

"""Services judged from the database at any time: window, budget, rights, claims."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, update
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.money import Money
from include.sla_logic.persistence.contracts import UnableToFindRecord, load_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.services.credit_decisions import UnableToDecideCredit
from include.sla_logic.services.lookups import TicketFilter
from tests.assessment.conftest import CONTRACT, NOW
from tests.reference.walk import walk

MONTH = 30 * 86_400


def sla(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def euros(amount):
    return Money(amount=Decimal(amount), currency="EUR")


def led(sample, run_id="run-1"):
    """Lead an incident about the outage of November to its end."""
    conf = {
        "customer": "C-1",
        "service": "S-9",
        "symptom": "service_down",
        "description": "Nothing works.",
        "observed_from": "2026-11-15T08:00:00Z",
    }
    walk(sample.use_cases, sample.clock, conf, run_id, operator="release")


def test_a_service_is_judged_in_the_window_of_now_with_what_is_known_now(sample):
    judged = sample.use_cases.sla_status.assess("S-9")
    assert judged.as_of == NOW
    assert judged.window.start == datetime(2026, 10, 31, 23, tzinfo=UTC)
    assert judged.objectives[0].counted_seconds == 7200
    assert judged.provisional


def test_another_window_and_another_present_can_be_asked_for(sample):
    october = sample.use_cases.sla_status.assess("S-9", at=datetime(2026, 10, 10, tzinfo=UTC))
    assert october.objectives[0].counted_seconds == 3600
    assert not october.provisional
    before = sample.use_cases.sla_status.assess("S-9", as_of=datetime(2026, 11, 15, 9, tzinfo=UTC))
    assert before.objectives[0].counted_seconds == 3600
    assert "OUT-2 is still open" in " ".join(before.objectives[0].steps) or before.provisional


def test_a_service_of_several_customers_must_say_whose(sample):
    with pytest.raises(UnableToFindRecord, match="no agreement for the service S-0"):
        sample.use_cases.sla_status.assess("S-0")
    with sample.use_cases.work.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO customers (id, name, locale, protected) VALUES ('C-2', 'Ben', 'en', FALSE)"
        )
    sample.subscribe("AG-10", "C-2", "S-9")
    with pytest.raises(UnableToFindRecord, match="C-1, C-2: say whose"):
        sample.use_cases.sla_status.assess("S-9")
    assert sample.use_cases.sla_status.assess("S-9", customer="C-2").objectives[0].counted_seconds == 7200
    assert [entry.customer for entry in sample.use_cases.sla_status.budgets(limit=1, after="S-8")] == ["C-1", "C-2"]


def test_outages_before_the_window_count_for_the_right_to_leave(sample):
    chronic = sample.use_cases.sla_status.assess("S-9").chronic
    assert (chronic.state, chronic.references) == ("one_event_before", ("OUT-1", "OUT-2"))
    sample.outage("OUT-3", NOW - timedelta(hours=2), NOW - timedelta(hours=1))
    reached = sample.use_cases.sla_status.assess("S-9").chronic
    assert (reached.state, reached.references) == ("reached", ("OUT-1", "OUT-2", "OUT-3"))
    assert sample.use_cases.sla_status.assess("S-9").objectives[0].counted_seconds == 7200 + 3600


BY_EVENT = """
id: by-event
version: "1"
title: Line that is paid by the outage
zone: Europe/Berlin
currency: EUR
charge_base: recurring
claim: {automatic: true}
objectives:
  - id: availability
    metric: availability
    rule: {kind: credit, for_each: event, block: 1 d, counts: full, rate: 10 EUR}
"""


def test_an_outage_that_began_before_the_window_is_paid_whole_without_the_work_of_then(sample):
    began, work, ended = (datetime(2026, *day, tzinfo=UTC) for day in ((10, 20), (10, 25), (11, 3)))
    sample.outage("LONG", began, ended)
    row = {"id": "AG-11", "customer": "C-1", "service": "S-11", "contract": "by-event", "contract_version": "1"}
    row |= {"starts": date(2020, 1, 1), "monthly_charge": 30_000, "currency": "EUR", "account": "A-1"}
    planned = {"service": "S-11", "reference": "W", "starts_at": work, "ends_at": work + timedelta(days=2)}
    with sample.use_cases.work.database.write() as connection:
        load_contract(connection, BY_EVENT, name="by-event", now=NOW)
        connection.execute(insert(t.services), [{"id": "S-11", "name": "Other", "kind": "line"}])
        connection.execute(insert(t.agreements), [row])
        connection.execute(update(t.outages).where(t.outages.c.reference == "LONG").values(service="S-11"))
        connection.execute(insert(t.maintenance_windows), [planned | {"announced_at": began}])
    found = sample.use_cases.sla_status.assess("S-11")
    assert found.credit_due.amount == 10 * (14 - 2)
    assert found.objectives[0].counted_seconds == 3600 + 2 * 86_400  # November in Berlin begins at 23:00 UTC


def test_the_budget_says_what_is_used_and_left_and_what_the_next_tier_costs(sample):
    [budget] = sample.use_cases.sla_status.budgets(["S-9"])
    [objective] = budget.objectives
    assert objective.allowed_seconds == MONTH // 1000
    assert objective.used_seconds == 7200
    assert objective.left_seconds == MONTH // 1000 - 7200 < 0
    assert objective.next_tier.seconds_left == MONTH // 100 + 1 - 7200
    assert objective.next_tier.costs_more == euros("60.00")
    assert (budget.credit_due, budget.credited) == (euros("30.00"), euros("0.00"))
    assert budget.chronic.state == "one_event_before"


def test_budgets_come_in_pages_that_leave_nobody_out(sample):
    everybody = [entry.service for entry in sample.use_cases.sla_status.budgets()]
    assert everybody == ["S-1", "S-9"]
    first = sample.use_cases.sla_status.budgets(limit=1)
    assert [
        entry.service for entry in (*first, *sample.use_cases.sla_status.budgets(after=first[-1].service, limit=1))
    ] == everybody


def test_a_claimed_credit_is_booked_counts_in_the_budget_and_stays_in_time(sample):
    led(sample)
    [waiting] = sample.use_cases.credits.waiting()
    assert (waiting.state, waiting.amount) == ("unclaimed", euros("30.00"))
    assert waiting.claim_deadline == datetime(2026, 11, 25, 23, tzinfo=UTC)
    with pytest.raises(UnableToDecideCredit, match="in the future"):
        sample.use_cases.credits.claim(waiting.reference, by="ann", claimed_at=NOW + timedelta(days=30))
    assert sample.use_cases.credits.claim(waiting.reference, by="ann") == euros("30.00")
    assert sample.use_cases.sla_status.budgets(["S-9"])[0].credited == euros("30.00")
    sample.clock.now = datetime(2026, 12, 24, tzinfo=UTC)
    later = sample.use_cases.sla_status.assess("S-9", at=datetime(2026, 11, 20, tzinfo=UTC))
    assert (later.claim.state, later.credit_due) == ("in_time", euros("30.00"))


def test_the_last_moment_of_the_deadline_is_in_time_and_the_deadline_itself_is_late(sample):
    led(sample)
    [waiting] = sample.use_cases.credits.waiting()
    sample.clock.now = waiting.claim_deadline + timedelta(days=1)
    with pytest.raises(UnableToDecideCredit, match=r"after 2026-11-25 \(the last day"):
        sample.use_cases.credits.claim(waiting.reference, by="ann", claimed_at=waiting.claim_deadline)
    with pytest.raises(UnableToDecideCredit, match="lies before the fault of 2026-11-15 08:00:00 UTC"):
        sample.use_cases.credits.claim(waiting.reference, by="ann", claimed_at=datetime(2026, 11, 15, 7, tzinfo=UTC))
    filed = waiting.claim_deadline - timedelta(seconds=1)
    assert sample.use_cases.credits.claim(waiting.reference, by="ann", claimed_at=filed) == euros("30.00")


def test_what_was_not_claimed_in_time_is_late(sample):
    later = sample.use_cases.sla_status.assess(
        "S-9", at=datetime(2026, 11, 20, tzinfo=UTC), as_of=datetime(2026, 12, 24, tzinfo=UTC)
    )
    assert (later.claim.state, later.credit_due) == ("late", euros("0.00"))


def test_the_command_judges_a_service_as_text_json_and_picture(sample, tmp_path):
    words = ("assess", "--service", "S-9", "--at", "2026-11-01", "--as-of", "2026-11-20T12:00:00Z")
    text = sla(*words, "--picture", tmp_path / "window.svg")
    assert text.exit_code == 0, text.output
    assert "7200 s counted" in text.stdout
    assert (tmp_path / "window.svg").read_text("utf-8").lstrip().startswith("<svg")
    assert json.loads(sla(*words, "--json").stdout)["service"] == "S-9"
    wrong = sla("assess", "--service", "S-0")
    assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)
    assert "no agreement for the service S-0" in wrong.stderr


def test_the_command_shows_budgets_as_table_and_json(sample):
    table = sla("service", "budget", "--as-of", NOW.isoformat())
    assert table.exit_code == 0, table.output
    row = next(line for line in table.stdout.splitlines() if "S-9" in line)
    for part in (
        "availability",
        "99.9 percent",
        "2 h",
        "overspent by 1 h 16 min 48 s",
        "60.00 EUR",
        "one event before",
    ):
        assert part in row
    found = json.loads(sla("service", "budget", "S-9", "--json", "--as-of", NOW.isoformat()).stdout)
    assert [entry["objectives"][0]["used_seconds"] for entry in found] == [7200]
    page = sla("service", "budget", "--limit", "1", "--as-of", NOW.isoformat())
    assert "--after S-1" in page.stderr
    missing = sla("service", "budget", "S-9", "S-0", "--as-of", NOW.isoformat())
    assert (missing.exit_code, "S-0" in missing.stderr) == (1, True)


def test_credits_are_listed_claimed_and_declined_on_the_command_line(sample):
    assert "No credit waits" in sla("credit", "list").stdout
    led(sample)
    [waiting] = json.loads(sla("credit", "list", "--json").stdout)
    assert waiting["state"] == "unclaimed"
    refused = sla("credit", "decline", waiting["reference"], "--reason", "no", "--by", "ann")
    assert (refused.exit_code, "is unclaimed, not held" in refused.stderr) == (1, True)
    claimed = sla("credit", "claim", waiting["reference"], "--claimed-at", "2026-11-20T12:00:00Z", "--by", "ann")
    assert "30.00 EUR are booked" in claimed.stdout, claimed.stderr
    again = sla("credit", "approve", waiting["reference"], "--reason", "yes", "--by", "ann")
    assert (again.exit_code, "is booked, not held" in again.stderr) == (1, True)


def test_the_answers_to_tickets_are_measured_from_their_histories(sample):
    """The walk answers at once, so the ticket is dated back."""
    response = CONTRACT.replace("id: claimed-line", "id: answered-line").partition("objectives:")[0] + (
        "objectives:\n  - {id: answer, metric: time_to_respond, target: 30 min, "
        "rule: {kind: share_when_missed, credit: 5%}}\n"
    )
    with sample.use_cases.work.database.write() as connection:
        load_contract(connection, response, name="answered-line", now=NOW)
        connection.execute(update(t.agreements).values(contract="answered-line"))
    led(sample)
    [ticket] = sample.use_cases.lookups.tickets(TicketFilter(), limit=5)
    with sample.use_cases.work.database.write() as connection:
        connection.execute(update(tickets).values(created_at=NOW - timedelta(minutes=31)))
    sample.clock.pass_by(minutes=1)
    [answer] = sample.use_cases.sla_status.assess("S-9").objectives
    assert answer.events == (ticket.id,)
    assert (answer.measured, answer.breached) == (31 * 60, True)

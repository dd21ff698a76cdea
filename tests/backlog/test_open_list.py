"""The open list says who comes next, how many seconds are left, and what the next credit tier costs."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, update

from include.sla_logic.domain.standing import NEXT_TIER, PRIORITY_DUE
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.queries.board import read_board
from include.sla_logic.persistence.queries.board_filter import BoardFilter
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.process import customer_service as cs
from include.sla_logic.process.step import step
from tests.backlog.logs import event, open_tickets, take_in, write_csv
from tests.clock import NOON
from tests.services.sample import pretend_done

HOUR = 3600


TIERS = """
id: city-line
version: "1"
title: City Line
zone: UTC
currency: EUR
window: month
charge_base: recurring
claim: {automatic: true}
objectives:
  - id: availability
    metric: availability
    target: 99.5
    rule:
      kind: tiers
      tiers:
        - {at_least: 99.5, credit: 0%}
        - {at_least: 98.0, below: 99.5, credit: 10%}
        - {below: 98.0, credit: 30%}
"""


@pytest.fixture
def waiting(use_cases, tmp_path):
    """One ticket of priority P3, opened a day and four hours before noon of the second."""
    open_tickets(use_cases, tmp_path, 1)
    return use_cases


def line_of(use_cases):
    [line] = use_cases.backlog.open_incidents()
    return line


def test_a_ticket_without_a_comparison_is_placed_by_when_its_priority_is_due(waiting, clock):
    line = line_of(waiting)
    assert (line.backlog, line.until, line.priority, line.at_stake) == ("waiting", PRIORITY_DUE, "P3", None)
    assert line.seconds_left == (8 - 36) * HOUR
    clock.pass_by(minutes=10)
    assert line_of(waiting).seconds_left == (8 - 36) * HOUR - 600


def judge(use_cases, *, budget: int, runs: bool = True):
    """Let the queue say what a comparison of this moment would have said."""
    now = use_cases.work.database.now(None)
    values = {"budget_seconds": budget, "judged_at": now, "at_stake": 1_500, "currency": "EUR"}
    values["next_tier_at"] = now + timedelta(seconds=budget) if runs else None
    with use_cases.work.database.write() as connection:
        connection.execute(update(queue).values(values))


def hold(use_cases, status=TicketStatus.PENDING):
    @step
    def ask_the_customer(file):
        file.move_ticket(status, reason="Asked the customer.")

    use_cases.incidents.perform(ask_the_customer, run_id="incident.W-0")


def go_on(use_cases):
    @step
    def has_answered(file):
        file.move_ticket(TicketStatus.IN_PROGRESS, reason="She has answered.")

    use_cases.incidents.perform(has_answered, run_id="incident.W-0")


def test_seconds_to_the_next_credit_tier_run_down_and_money_is_at_stake(waiting, clock):
    judge(waiting, budget=3 * HOUR)
    clock.pass_by(hours=1)
    line = line_of(waiting)
    assert (line.seconds_left, line.until, str(line.at_stake)) == (2 * HOUR, NEXT_TIER, "15.00 EUR")
    clock.pass_by(hours=3)
    assert line_of(waiting).seconds_left == -HOUR


def test_a_service_that_is_up_again_uses_up_no_more_of_its_budget(waiting, clock):
    judge(waiting, budget=3 * HOUR, runs=False)
    clock.pass_by(hours=5)
    assert line_of(waiting).seconds_left == 3 * HOUR


def test_while_the_customer_owes_an_answer_no_seconds_are_lost(waiting, clock):
    waiting.incidents.perform(cs.enter_problem_report, run_id="incident.W-0")
    judge(waiting, budget=3 * HOUR)
    clock.pass_by(hours=1)
    hold(waiting)
    clock.pass_by(hours=10)
    line = line_of(waiting)
    assert line.seconds_left == 2 * HOUR
    assert line.clock.holds[-1].reason == "Asked the customer."
    go_on(waiting)
    clock.pass_by(hours=1)
    assert line_of(waiting).seconds_left == HOUR


def test_what_is_held_by_ourselves_runs_on(waiting, clock):
    waiting.incidents.perform(cs.enter_problem_report, run_id="incident.W-0")
    judge(waiting, budget=3 * HOUR)
    hold(waiting, TicketStatus.HELD)
    clock.pass_by(hours=1)
    assert line_of(waiting).seconds_left == 2 * HOUR


def test_another_priority_moves_the_target_and_loses_no_held_time(waiting, clock):
    waiting.incidents.perform(cs.enter_problem_report, run_id="incident.W-0")
    hold(waiting)
    clock.pass_by(hours=30)
    go_on(waiting)
    before = line_of(waiting)
    with waiting.work.database.write() as connection:
        connection.execute(update(queue).values(priority="P2"))
    after = line_of(waiting)
    assert after.clock == before.clock
    assert before.seconds_left - after.seconds_left == 4 * HOUR


def test_settled_tickets_are_not_on_the_list_and_the_order_is_that_of_the_queue(use_cases, tmp_path):
    rows = [
        event("OVER", "closed", "1 08:00"),
        event("SLOW", "acknowledged", "1 08:00", impact="3", urgency="3"),
        event("DOWN", "acknowledged", "1 09:00", impact="1", urgency="1"),
    ]
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    assert [line.reference for line in use_cases.backlog.open_incidents()] == ["DOWN", "SLOW"]
    assert [line.reference for line in use_cases.backlog.open_incidents(limit=1, offset=1)] == ["SLOW"]


def on_tiers(use_cases, text=TIERS):
    """Put the sample's service under a contract with credit tiers by downtime."""
    with use_cases.work.database.write() as connection:
        load_contract(connection, text, name="city-line", now=NOON)
        connection.execute(update(t.agreements).values(contract="city-line"))


def board(use_cases):
    with use_cases.work.reading() as connection:
        return read_board(connection, BoardFilter(), now=use_cases.work.database.now(connection)).rows


def test_a_ticket_without_a_comparison_has_the_first_tier_of_the_contract_at_stake(waiting):
    assert line_of(waiting).at_stake is None  # a contract that counts no downtime
    on_tiers(waiting)
    line = line_of(waiting)
    assert (str(line.at_stake), line.assumed) == ("10.00 EUR", True)
    [shown] = board(waiting)
    assert (str(shown.at_stake), shown.assumed, shown.until) == ("10.00 EUR", True, PRIORITY_DUE)
    judge(waiting, budget=HOUR)
    assert not line_of(waiting).assumed


def credited(use_cases, ticket, amount, month):
    """Note a credit that was booked for a month of the sample's service."""
    start, end = (datetime(NOON.year, month, 1, tzinfo=UTC), datetime(NOON.year, month + 1, 1, tzinfo=UTC))
    row = {"ticket": ticket, "agreement": "AG-1", "customer": "C-1", "service": "S-1", "account": "A-1"}
    row |= {"objective": "availability", "window_start": start, "window_end": end, "currency": "EUR"}
    row |= {"id": f"CR-{ticket}", "gross": amount, "amount": amount, "state": "booked", "text": "-"}
    with use_cases.work.database.write() as connection:
        now = use_cases.work.database.now(connection)
        connection.execute(insert(a.applied_billing_credits), [row | {"recorded_at": now}])


CAPPED = TIERS.replace("claim:", "cap: {share: 10%, over: quarter}\nclaim:")  # 30.00 of 300.00


@pytest.mark.parametrize(
    ("amount", "month", "stake"),
    [
        (0, 10, "10.00 EUR"),
        (2_500, 10, "5.00 EUR"),
        (3_000, 10, "None"),
        (3_000, 9, "10.00 EUR"),
        (2_500, 11, "5.00 EUR"),
    ],
)
def test_the_first_tier_costs_no_more_than_a_cap_has_left(waiting, amount, month, stake):
    on_tiers(waiting, CAPPED)
    credited(waiting, "TT-000099", amount, month)
    assert str(line_of(waiting).at_stake) == str(board(waiting)[0].at_stake) == stake


def test_what_another_month_uses_up_of_a_cap_is_no_longer_at_stake(any_use_cases, tmp_path, clock):
    use_cases = any_use_cases
    on_tiers(use_cases, CAPPED)
    open_tickets(use_cases, tmp_path, 1)
    down(use_cases, NOON - timedelta(hours=1))
    for performed in (cs.enter_problem_report, cs.compare_with_sla):
        use_cases.incidents.perform(performed, run_id="incident.W-0")
    assert str(line_of(use_cases).at_stake) == "10.00 EUR"
    clock.pass_by(seconds=60)
    credited(use_cases, "TT-000098", 2_400, 10)
    assert use_cases.monitoring.rejudge(limit=10) == 1
    assert str(line_of(use_cases).at_stake) == str(board(use_cases)[0].at_stake) == "6.00 EUR"
    [budget] = use_cases.sla_status.budgets(["S-1"])
    assert str(budget.objectives[0].next_tier.costs_more) == "6.00 EUR"
    clock.pass_by(seconds=60)
    credited(use_cases, "TT-000099", 600, 10)
    assert use_cases.monitoring.rejudge(limit=10) == 1
    assert use_cases.monitoring.rejudge(limit=10) == 0
    assert (line_of(use_cases).at_stake, board(use_cases)[0].at_stake) == (None, None)
    [budget] = use_cases.sla_status.budgets(["S-1"])
    assert str(budget.objectives[0].next_tier.costs_more) == "0.00 EUR"
    [view] = use_cases.service_status.of("S-1").agreements
    assert str(view.windows[0].objectives[0].next_tier.costs_more) == "0.00 EUR"


def test_the_board_says_the_same_of_the_clock_as_the_open_list(waiting, clock):
    waiting.incidents.perform(cs.enter_problem_report, run_id="incident.W-0")
    judge(waiting, budget=3 * HOUR)
    clock.pass_by(hours=1)
    [running] = board(waiting)
    assert running.seconds_left == line_of(waiting).seconds_left == 2 * HOUR
    assert running.runs_out_at == clock.now + timedelta(hours=2)
    hold(waiting)
    clock.pass_by(hours=9)
    [stands] = board(waiting)
    assert stands.seconds_left == line_of(waiting).seconds_left == 2 * HOUR
    assert (stands.runs_out_at, stands.stopped_by) == (None, "customer")
    assert stands.net_seconds == running.net_seconds
    go_on(waiting)
    clock.pass_by(hours=3)
    [passed] = board(waiting)
    assert passed.seconds_left == line_of(waiting).seconds_left == -HOUR


def down(use_cases, since):
    with use_cases.work.database.write() as connection:
        outage = {"service": "S-1", "reference": "O-1", "started_at": since, "attribution": "provider"}
        connection.execute(insert(t.outages), [outage])


def test_a_tier_that_has_passed_is_followed_by_the_next_one(any_use_cases, tmp_path, clock):
    use_cases = any_use_cases
    on_tiers(use_cases)
    open_tickets(use_cases, tmp_path, 1)
    down(use_cases, NOON - timedelta(hours=1))
    for performed in (cs.enter_problem_report, cs.compare_with_sla):
        use_cases.incidents.perform(performed, run_id="incident.W-0")
    first = line_of(use_cases)
    assert (str(first.at_stake), first.until, first.running) == ("10.00 EUR", NEXT_TIER, True)
    assert use_cases.monitoring.rejudge(limit=10) == 0
    clock.pass_by(seconds=first.seconds_left + 60)
    assert line_of(use_cases).seconds_left == -60
    assert use_cases.monitoring.rejudge(limit=10) == 1
    second = line_of(use_cases)
    assert (str(second.at_stake), second.running) == ("20.00 EUR", True)
    assert second.seconds_left > 0
    clock.pass_by(seconds=second.seconds_left + 1)
    assert use_cases.monitoring.rejudge(limit=10) == 1
    assert use_cases.monitoring.rejudge(limit=10) == 0
    assert line_of(use_cases).at_stake is None


def test_a_tier_that_passes_while_we_owe_the_next_step_is_followed_by_the_next_one(any_use_cases, tmp_path, clock):
    use_cases = any_use_cases
    on_tiers(use_cases)
    open_tickets(use_cases, tmp_path, 1)
    down(use_cases, NOON - timedelta(hours=1))
    for performed in (cs.enter_problem_report, cs.compare_with_sla):
        use_cases.incidents.perform(performed, run_id="incident.W-0")
    hold(use_cases, TicketStatus.HELD)
    first = line_of(use_cases)
    assert (str(first.at_stake), first.running) == ("10.00 EUR", True)
    clock.pass_by(seconds=first.seconds_left + 60)
    assert use_cases.monitoring.rejudge(limit=10) == 1
    assert str(line_of(use_cases).at_stake) == str(board(use_cases)[0].at_stake) == "20.00 EUR"


@pytest.mark.parametrize(("still_down", "stake"), [(True, "10.00 EUR"), (False, "None")])
def test_of_a_window_that_is_over_nothing_is_at_stake_and_what_goes_on_counts_in_the_next(
    use_cases, tmp_path, clock, still_down, stake
):
    on_tiers(use_cases)
    open_tickets(use_cases, tmp_path, 1)
    down(use_cases, NOON - timedelta(hours=1))
    for performed in (cs.enter_problem_report, cs.compare_with_sla):
        use_cases.incidents.perform(performed, run_id="incident.W-0")
    if not still_down:
        with use_cases.work.database.write() as connection:
            connection.execute(update(t.outages).values(ended_at=NOON))
    clock.now = datetime(NOON.year + NOON.month // 12, NOON.month % 12 + 1, 1, 0, 0, 30, tzinfo=UTC)
    assert line_of(use_cases).at_stake is None
    assert board(use_cases)[0].at_stake is None
    assert use_cases.monitoring.rejudge(limit=10) == (1 if still_down else 0)
    line = line_of(use_cases)
    assert (str(line.at_stake), line.until == NEXT_TIER) == (stake, still_down)
    assert use_cases.monitoring.rejudge(limit=10) == 0


def test_nothing_is_judged_again_that_was_held_and_has_time_left(waiting, clock):
    on_tiers(waiting)
    waiting.incidents.perform(cs.enter_problem_report, run_id="incident.W-0")
    judge(waiting, budget=3 * HOUR)
    hold(waiting)
    clock.pass_by(hours=10)
    assert waiting.monitoring.rejudge(limit=10) == 0
    go_on(waiting)
    assert waiting.monitoring.rejudge(limit=10) == 0
    assert line_of(waiting).seconds_left == 3 * HOUR


def test_an_incident_that_ended_and_stays_open_is_not_settled(waiting, clock):
    waiting.incidents.perform(cs.enter_problem_report, run_id="incident.W-0")
    judge(waiting, budget=3 * HOUR)
    with waiting.work.database.write() as connection:
        connection.execute(update(queue).values(closed_at=clock.now, outcome="terminated"))

    @step
    def close_incident(file):
        file.escalate("nobody has restored it")

    pretend_done(waiting, "incident.W-0", before="close_incident")
    waiting.incidents.perform(close_incident, run_id="incident.W-0")
    clock.pass_by(hours=1)
    [line] = board(waiting)
    assert (line.open, line.seconds_left, str(line.at_stake)) == (True, 2 * HOUR, "15.00 EUR")

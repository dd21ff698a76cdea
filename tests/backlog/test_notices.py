"""The team is mailed before an incident is late, once for each reason, through the outbox and the housekeeping."""

from dataclasses import replace
from datetime import timedelta
from email import message_from_string, policy

import pytest
from sqlalchemy import select, update

from benchmarks.plans import asked, plan
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.process import customer_service as cs
from include.sla_logic.services import UseCases
from sla_airflow import housekeeping, runtime
from tests.backlog.logs import open_tickets
from tests.backlog.test_open_list import go_on, hold
from tests.service_hours import use_tables
from tests.services.sample import conf

HOUR = 3600
TEAM = "desk@teleco.example"


def staffed(use_cases: UseCases, clock, team: str | None = TEAM) -> UseCases:
    return UseCases(replace(use_cases.work.settings, team=team), clock=clock)


@pytest.fixture
def watched(any_use_cases, clock) -> UseCases:
    """One incident of priority P3, due within eight hours, accepted now."""
    use_cases = staffed(any_use_cases, clock)
    use_cases.backlog.enter(conf(external_reference="W-0"), run_id="incident.W-0", origin="test")
    return use_cases


def notices(use_cases: UseCases) -> list[tuple[str, str]]:
    with use_cases.work.reading() as connection:
        query = select(outbox.c.payload).where(outbox.c.key.startswith("<notice.")).order_by(outbox.c.id)
        mails = [message_from_string(row["message"], policy=policy.default) for row in connection.scalars(query)]
    return [(str(mail["To"]), str(mail["Subject"])) for mail in mails]


def subjects(use_cases: UseCases) -> list[str]:
    return [subject.partition(": ")[2] for _, subject in notices(use_cases)]


def look(use_cases: UseCases) -> int:
    return use_cases.monitoring.put_notices(limit=100)


def told(use_cases: UseCases, ticket: str = "TT-000001") -> list[str]:
    return [entry.event for entry in use_cases.lookups.incident(ticket).timeline if "Notice to" in entry.event]


HALF, MOST = "50 % of the due time of P3 used up", "75 % of the due time of P3 used up"
MISSED = "the due time of P3 is missed"


def test_shares_of_the_due_time_and_its_end_are_mailed_once_each(watched, clock):
    for hours, expected in ((3.9, []), (0.2, [HALF]), (1.8, [HALF]), (0.2, [HALF, MOST]), (2, [HALF, MOST, MISSED])):
        clock.now += timedelta(hours=hours)
        for _ in range(2):
            look(watched)
        assert subjects(watched) == expected
    clock.pass_by(days=30)
    assert look(watched) == 0
    assert {to for to, _ in notices(watched)} == {TEAM}
    of = "of the due time of P3 are used up"
    assert told(watched) == [
        f"50 % {of}: 3 h 54 min left, until 2026-11-02 20:00 UTC if the clock runs on. Notice to {TEAM}.",
        f"75 % {of}: 1 h 54 min left, until 2026-11-02 20:00 UTC if the clock runs on. Notice to {TEAM}.",
        f"The due time of P3 is missed: it was over at 2026-11-02 20:00 UTC. Notice to {TEAM}.",
    ]


def test_what_was_not_looked_at_for_long_is_told_by_its_last_share_alone(watched, clock):
    clock.pass_by(days=3)
    assert (look(watched), subjects(watched)) == (1, [MISSED])


def test_a_hold_for_the_customer_stops_the_notices_as_it_stops_the_clock(watched, clock):
    watched.incidents.perform(cs.enter_problem_report, run_id="incident.W-0")
    clock.pass_by(hours=3)
    hold(watched)
    clock.pass_by(hours=50)
    assert look(watched) == 0
    go_on(watched)
    clock.now += timedelta(minutes=59)
    assert look(watched) == 0
    clock.pass_by(minutes=1)
    assert (look(watched), subjects(watched)) == (1, [HALF])


def test_while_we_owe_the_next_step_the_notices_go_on(watched, clock):
    watched.incidents.perform(cs.enter_problem_report, run_id="incident.W-0")
    hold(watched, TicketStatus.HELD)
    clock.pass_by(hours=4)
    assert (look(watched), subjects(watched)) == (1, [HALF])


def test_outside_the_service_hours_of_the_priority_nothing_comes(any_use_cases, clock, monkeypatch):
    """It is noon of a Monday in UTC: five hours are left of that day, and the fifth of eight is on Tuesday."""
    hours = [{"opens": "09:00", "closes": "15:00"}]
    use_tables(monkeypatch, sla_clock={"service_hours": hours, "zone": "UTC"})
    use_cases = staffed(any_use_cases, clock)
    use_cases.backlog.enter(conf(external_reference="W-0"), run_id="incident.W-0", origin="test")
    clock.pass_by(hours=20)  # Tuesday at eight: three hours are used up
    assert look(use_cases) == 0
    clock.pass_by(hours=2)
    assert (look(use_cases), subjects(use_cases)) == (1, [HALF])


def judged(use_cases: UseCases, *, budget: int, tier: str = "Availability: below 99.5 %", cost: int = 1_500) -> None:
    """Let the queue say what a comparison of this moment would have said."""
    now = use_cases.work.database.now(None)
    values = {
        "budget_seconds": budget,
        "judged_at": now,
        "next_tier_at": now + timedelta(seconds=budget),
        "at_stake": cost,
        "currency": "EUR",
        "next_tier": tier,
        "window_end": now + timedelta(days=20),
        "notice_at": now,
    }
    with use_cases.work.database.write() as connection:
        connection.execute(update(queue).values(values))


def test_the_next_credit_tier_is_told_before_it_comes_with_what_it_costs(watched, clock):
    judged(watched, budget=2 * HOUR)
    assert look(watched) == 0
    clock.now += timedelta(minutes=91)
    for _ in range(2):
        look(watched)
    assert subjects(watched) == ["the next credit tier comes within 29 min"]
    [said] = told(watched)
    stake = watched.incident_views.of("TT-000001").glance.stake
    assert "(Availability: below 99.5 %, window until" in said
    assert f"is reached at 2026-11-02 14:00 UTC if the outage lasts. It costs {stake} more." in said
    assert str(stake) == "15.00 EUR"
    judged(watched, budget=HOUR // 3, tier="Availability: below 98 %")
    look(watched)
    assert len(subjects(watched)) == 2


def test_a_tier_that_has_passed_or_lies_beyond_its_window_is_not_announced(watched, clock):
    judged(watched, budget=HOUR)
    clock.pass_by(hours=2)
    assert look(watched) == 0
    judged(watched, budget=HOUR // 4)
    with watched.work.database.write() as connection:
        connection.execute(update(queue).values(window_end=clock.now + timedelta(minutes=5)))
    assert look(watched) == 0


def test_without_an_address_of_the_team_nothing_is_sent(any_use_cases, clock):
    use_cases = staffed(any_use_cases, clock, team=None)
    use_cases.backlog.enter(conf(external_reference="W-0"), run_id="incident.W-0", origin="test")
    clock.pass_by(hours=5)
    assert (look(use_cases), notices(use_cases)) == (0, [])
    assert (look(staffed(use_cases, clock)), subjects(use_cases)) == (1, [HALF])


def test_the_owner_is_mailed_where_their_address_is_known(watched, clock):
    watched.team.enter("nora nights", "nora@teleco.example")
    watched.team.enter("otto operates")
    watched.team.take("TT-000001", by="nora nights")
    clock.pass_by(hours=4)
    look(watched)
    watched.team.assign("TT-000001", "otto operates", by="nora nights", reason="my shift is over")
    clock.pass_by(hours=2)
    look(watched)
    watched.team.enter("kim@teleco.example")
    for _ in range(2):
        watched.team.assign("TT-000001", "kim@teleco.example", by="otto operates", reason="yours")
    watched.team.assign("TT-000001", "nora nights", by="nora nights", reason="mine again")
    assert notices(watched) == [
        ("nora@teleco.example", f"TT-000001: {HALF}"),
        (TEAM, f"TT-000001: {MOST}"),
        ("kim@teleco.example", "TT-000001: assigned to you by otto operates"),
    ]
    assert told(watched)[-1] == "Assigned to kim@teleco.example by otto operates. Notice to kim@teleco.example."


def test_many_at_once_are_one_mail_and_a_line_in_each_timeline(any_use_cases, clock, tmp_path):
    use_cases = staffed(any_use_cases, clock)
    open_tickets(use_cases, tmp_path, 12)
    use_cases.backlog.claim(by="x", limit=1, at_most=1, carries=1)
    look(use_cases)
    assert notices(use_cases) == [(TEAM, "12 notices about open incidents")]
    assert [len(told(use_cases, f"TT-{number:06d}")) for number in range(1, 13)] == [1] * 12
    assert use_cases.monitoring.violations() == []


class Killed(Exception):
    """The process ended."""


def test_a_round_that_is_killed_leaves_nothing_and_the_next_sends_each_once(watched, clock, monkeypatch):
    clock.pass_by(hours=4)

    def dies(*_args, **_how):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("include.sla_logic.services.notices.tell_timelines", dies)
        with pytest.raises(Killed):
            look(watched)
    assert (notices(watched), told(watched)) == ([], [])
    monkeypatch.setattr(runtime, "open_use_cases", lambda: watched)
    for _ in range(3):
        housekeeping.deliver_and_measure()
    assert (subjects(watched), len(told(watched))) == ([HALF], 1)
    [message] = [one for one in watched.outbox.messages() if one.key.startswith("<notice.")]
    assert message.state == "sent"


def test_what_is_due_is_found_by_an_index(watched, clock):
    clock.pass_by(hours=4)
    with asked(watched) as questions:
        look(watched)
    [query] = [one for one in questions if "notice_at <=" in one]
    with watched.work.database.write() as connection:
        if watched.work.database.is_postgresql:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        assert "ix_queue_notice_at" in " ".join(plan(connection, query, questions[query]))

"""Alarms open one incident for each customer whose service is hit, a few an hour, all under one service problem."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.arrivals import arrivals
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.services import UseCases
from include.sla_logic.services.alarms import ALERTMANAGER
from include.sla_logic.services.proactive_incidents import Opened
from tests.alarms.alerts import NODE, alert, at, lay_out, posted
from tests.clock import NOON


@pytest.fixture
def provider(any_use_cases: UseCases) -> UseCases:
    with any_use_cases.work.writing() as connection:
        lay_out(connection, 5)
    return any_use_cases


def receive(use_cases: UseCases, *alerts: dict[str, Any]) -> None:
    use_cases.alarms.receive(posted(alerts), source=ALERTMANAGER)


def states(use_cases: UseCases) -> dict[str, str]:
    return {one.service: one.state for one in use_cases.alarm_views.hit(size=100).rows if one.over_at is None}


def opened(use_cases: UseCases) -> list[str]:
    with use_cases.work.reading() as connection:
        return list(connection.scalars(select(tickets.c.service).where(tickets.c.proactive).order_by(tickets.c.number)))


def test_every_customer_who_is_hit_gets_one_incident_tied_to_one_problem(provider):
    receive(provider, alert(since=at(11)))
    first = provider.proactive_incidents.open(limit=100)
    assert (len(first.tickets), first.waiting) == (5, 0)
    receive(provider, alert(since=at(11)), alert(since=at(11, 30), name="PortDown"))
    assert provider.proactive_incidents.open(limit=100).tickets == ()
    assert opened(provider) == [f"S-000{number}" for number in range(1, 6)]
    [problem] = provider.lookups.service_problems(open_only=True, limit=9)
    assert (problem.problem.resource, problem.problem.type_of_problem, problem.tickets) == (
        NODE,
        "link_failure",
        first.tickets,
    )
    assert provider.backlog.summary().waiting.ready == 5
    assert provider.monitoring.violations() == []
    ticket = provider.lookups.incident(first.tickets[0]).ticket
    assert (ticket.proactive, ticket.external_reference) == (True, None)


@pytest.mark.parametrize(
    "alarm",
    [
        alert(severity="warning"),
        alert(name="LinkDegraded"),
        alert(until=at(11, 30)),
        alert("R-NONE"),
        alert(None, service="S-TRUNK"),  # nobody has subscribed it
    ],
)
def test_an_alarm_that_the_table_does_not_name_opens_nothing(provider, alarm):
    receive(provider, alarm)
    assert provider.proactive_incidents.open(limit=100) == Opened((), 0)


def test_what_is_above_the_limit_is_listed_and_opened_in_the_next_hour(provider, clock):
    receive(provider, alert(since=at(11)))
    assert provider.proactive_incidents.open(limit=2).waiting == 3
    assert provider.proactive_incidents.open(limit=2).tickets == ()
    assert sorted(states(provider).values()) == ["opened"] * 2 + ["waiting"] * 3
    [problem] = provider.lookups.service_problems(open_only=True, limit=9)
    waiting = provider.alarm_views.hit(problem=problem.problem.id, waiting_only=True)
    assert [one.service for one in waiting.rows] == ["S-0003", "S-0004", "S-0005"]
    clock.pass_by(minutes=61)
    assert len(provider.proactive_incidents.open(limit=2).tickets) == 2
    receive(provider, alert(since=at(11), until=at(13)))
    clock.pass_by(minutes=61)
    assert provider.proactive_incidents.open(limit=2).tickets == ()
    assert [one.state for one in provider.alarm_views.hit(problem=problem.problem.id).rows].count("ended") == 1


def test_an_alarm_that_opens_nothing_keeps_nobody_waiting_and_hides_no_later_one(provider, clock):
    receive(provider, alert(since=at(11)), alert(since=at(11), name="Hot", severity="warning"))
    assert provider.proactive_incidents.open(limit=2).waiting == 3
    receive(provider, alert(since=at(11), until=at(11, 30)))
    close(provider)
    clock.pass_by(hours=2)
    assert provider.proactive_incidents.open(limit=100) == Opened((), 0)
    receive(provider, alert(since=at(13)))
    assert len(provider.proactive_incidents.open(limit=100).tickets) == 5


def test_a_customer_with_an_open_incident_of_the_service_gets_no_second(provider):
    conf = {
        "customer": "C-0001",
        "service": "S-0001",
        "symptom": "slow",
        "description": "slow",
        "observed_from": at(11),
    }
    own = provider.incidents.accept(conf | {"observed_from": at(11).isoformat()}, run_id="run-1", origin="form")
    receive(provider, alert(since=at(11)))
    assert len(provider.proactive_incidents.open(limit=100).tickets) == 4
    [known] = [one for one in provider.alarm_views.hit().rows if one.state == "known"]
    assert (known.ticket, known.service) == (own.id, "S-0001")


def test_two_places_that_hit_one_service_open_one_incident(provider):
    with provider.work.writing() as connection:
        row = {"id": "R-2", "kind": "port", "name": "P", "site": "N", "layer": "resource", "state": "in_service"}
        connection.execute(insert(t.resources), [row])
        connection.execute(insert(t.topology), [{"service": "S-0001", "position": 2, "resource": "R-2"}])
    receive(provider, alert(since=at(11)), alert("R-2", since=at(11, 5)))
    assert len(provider.proactive_incidents.open(limit=100).tickets) == 5
    assert provider.proactive_incidents.open(limit=100).tickets == ()


def close(use_cases: UseCases) -> None:
    """Let every incident be over, as if its run had ended."""
    with use_cases.work.writing() as connection:
        connection.execute(tickets.update().values(status="closed"))
        connection.execute(service_problems.update().values(closed_at=NOON, ended="left"))


def test_an_alarm_raised_again_opens_another_only_once_the_first_is_over(provider, clock):
    receive(provider, alert(since=at(11)))
    provider.proactive_incidents.open(limit=100)
    receive(provider, alert(since=at(11), until=at(11, 10)), alert(since=at(11, 20)))
    assert provider.proactive_incidents.open(limit=100).tickets == ()
    close(provider)
    assert provider.proactive_incidents.open(limit=100).tickets == ()  # the alarm that is raised was answered
    clock.pass_by(hours=1)
    receive(provider, alert(since=at(11, 20), until=at(12, 10)))
    assert provider.proactive_incidents.open(limit=100).tickets == ()
    receive(provider, alert(since=at(12, 30)))
    clock.pass_by(hours=1)
    assert len(provider.proactive_incidents.open(limit=100).tickets) == 5
    with provider.work.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(service_problems)) == 2


def test_what_an_alarm_opens_is_no_report_of_the_customer(provider, clock):
    """The clock of this contract starts when an outage is detected: by the alarm. Nothing is reported."""
    down = {"service": "S-0001", "reference": "O-1", "attribution": "provider", "degraded": False}
    with provider.work.writing() as connection:
        connection.execute(insert(t.outages), [down | {"started_at": at(8), "ended_at": at(11, 30)}])

    def judged() -> tuple[Any, Any, Any, int]:
        assessed = provider.sla_status.assess_with_facts("S-0001")
        [outage] = assessed.facts.outages
        [objective] = assessed.comparison.objectives
        counted = sum((one.end - one.start).total_seconds() for one in objective.intervals if one.kind == "counted")
        return outage.detected_at, outage.reported_at, outage.ticket_opened_at, counted

    assert judged() == (None, None, None, 0)
    receive(provider, alert(since=at(10)))
    provider.proactive_incidents.open(limit=100)
    assert judged() == (at(10), None, None, 90 * 60)
    receive(provider, alert(since=at(9, 30), name="PortDown", until=at(9, 40)), alert(since=at(6), until=at(7)))
    assert judged() == (at(9, 30), None, None, 2 * 3600)
    receive(provider, alert(since=at(7), name="Other"))
    assert judged() == (at(8), None, None, 3.5 * 3600)


def test_an_outage_that_says_when_it_was_detected_is_believed(provider):
    down = {"service": "S-0001", "reference": "O-1", "attribution": "provider", "degraded": False}
    with provider.work.writing() as connection:
        told = {"started_at": at(8), "ended_at": at(11, 30), "detected_at": at(11)}
        connection.execute(insert(t.outages), [down | told])
    receive(provider, alert(since=at(10)))
    [outage] = provider.sla_status.assess_with_facts("S-0001").facts.outages
    assert outage.detected_at == at(11)


@pytest.mark.parametrize("any_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_rounds_and_webhooks_at_once_double_nothing(any_use_cases):
    with any_use_cases.work.writing() as connection:
        lay_out(connection, 20)
    body = posted([alert(name=f"A{n % 3}", since=at(11), unit=str(n)) for n in range(40)] + [alert(since=at(11))])

    def send(_turn: int) -> None:
        any_use_cases.alarms.receive(body, source=ALERTMANAGER)
        any_use_cases.proactive_incidents.open(limit=15)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(send, range(6)))
    assert any_use_cases.alarm_views.listed(size=100).total == 41
    assert len(opened(any_use_cases)) == len(set(opened(any_use_cases))) == 15
    assert len(states(any_use_cases)) == 20


@pytest.mark.parametrize(
    ("alarms", "services", "limit"), [(200, 60, 20), pytest.param(2000, 300, 60, marks=pytest.mark.more)]
)
def test_a_storm_is_one_problem_and_as_many_incidents_as_an_hour_may_have(use_cases, alarms, services, limit):
    with use_cases.work.writing() as connection:
        lay_out(connection, services)
    storm = [alert(since=NOON - timedelta(seconds=number), unit=str(number)) for number in range(alarms)]
    for part in (storm[: alarms * 2 // 3], storm[alarms // 3 :]):
        use_cases.alarms.receive(posted(part), source=ALERTMANAGER)
    with use_cases.work.writing() as connection:
        connection.execute(t.customers.update().where(t.customers.c.id == "C-0050").values(protected=True))
    first = use_cases.proactive_incidents.open(limit=limit)
    assert (len(first.tickets), first.waiting) == (limit, services - limit)
    assert opened(use_cases)[0] == "S-0050"
    [problem] = use_cases.lookups.service_problems(open_only=True, limit=9)
    assert problem.tickets == first.tickets
    listed = use_cases.alarm_views.hit(problem=problem.problem.id, waiting_only=True)
    assert listed.total == services - limit
    with use_cases.work.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(arrivals)) == limit
        assert connection.scalar(select(func.count()).select_from(service_problem_tickets)) == limit
        assert connection.scalar(select(func.count()).select_from(t.alarms).where(t.alarms.c.resource == NODE)) == 1

"""Service problems for other systems: what is asked for, whose customers are seen, and who has acknowledged them."""

import pytest

from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.domain.open_apis.service_problem import acknowledgement, service_problem
from include.sla_logic.persistence.keyset import Cut
from include.sla_logic.services import UseCases
from include.sla_logic.services.alarms import ALERTMANAGER
from include.sla_logic.services.service_problems import (
    ProblemFilter,
    UnableToAcknowledgeProblem,
    UnableToFindProblem,
)
from tests.alarms.alerts import NODE, alert, at, lay_out, posted
from tests.services.test_service_problems import all_at_once, tie_and_wait

ONE = "SP-000001"


@pytest.fixture
def provider(any_use_cases: UseCases) -> UseCases:
    """Let one alarm hit five services of five customers, of which two have an incident."""
    with any_use_cases.work.writing() as connection:
        lay_out(connection, 5)
    any_use_cases.alarms.receive(posted((alert(since=at(11)),)), source=ALERTMANAGER)
    any_use_cases.proactive_incidents.open(limit=2)
    return any_use_cases


def listed(use_cases, **wanted):
    found, total = use_cases.open_apis.service_problems.listed(ProblemFilter(**wanted), Cut(limit=9))
    assert total == len(found.rows)
    return [view.problem.id for view in found.rows]


@pytest.mark.parametrize(
    ("wanted", "other"),
    [
        ({"problems": [ONE, "SP-000009"]}, {"problems": ["SP-000002", "nothing"]}),
        ({"statuses": ["inProgress"]}, {"statuses": ["held", "resolved", "closed"]}),
        ({"statuses": ["held", "inProgress"]}, {"statuses": ["no such status"]}),
        ({"categories": ["link_failure"]}, {"categories": ["fibre_damage"]}),
        ({"priorities": [1, 3, 5, 7, 9]}, {"priorities": [2, 4, 6, 8, 10]}),
        ({"resources": [NODE]}, {"resources": ["R-2"]}),
        ({"services": ["S-0001"]}, {"services": ["S-1"]}),
        ({"services": ["S-0005"]}, {"services": ["S-0006"]}),  # hit, without an incident
        ({"tickets": ["TT-000002"]}, {"tickets": ["TT-000003"]}),
        ({"customers": {"C-0001", "C-9"}}, {"customers": {"C-0003"}}),  # hit, without an incident
        (
            {"customers": {"C-0001"}, "tickets": ["TT-000001"]},
            {"customers": {"C-0001"}, "tickets": ["TT-000002"]},
        ),
        ({"customers": {"C-0001"}, "services": ["S-0001"]}, {"customers": {"C-0001"}, "services": ["S-0002"]}),
        ({"customers": {"C-0001"}, "problems": [ONE]}, {"customers": set(), "problems": [ONE]}),
    ],
)
def test_a_problem_is_found_by_what_it_is_and_by_nothing_else(provider, wanted, other):
    assert (listed(provider, **wanted), listed(provider, **other)) == ([ONE], [])


def test_status_is_asked_for_as_it_is_told(any_use_cases):
    all_at_once(any_use_cases, tie_and_wait("R-1"))
    assert (listed(any_use_cases, statuses=["held"]), listed(any_use_cases, statuses=["inProgress"])) == ([ONE], [])
    any_use_cases.restorations.release("TT-000001", by="otto", reason="There is room.")
    for number in range(2, 7):
        if any_use_cases.restorations.find(f"TT-{number:06d}").sent_at is None:
            any_use_cases.restorations.release(f"TT-{number:06d}", by="otto", reason="There is room.")
    assert (listed(any_use_cases, statuses=["held"]), listed(any_use_cases, statuses=["inProgress"])) == ([], [ONE])


def test_a_partner_sees_their_own_incidents_of_a_problem_and_nothing_of_others(provider):
    problems = provider.open_apis.service_problems
    whole = service_problem(problems.find(ONE))
    assert (whole["affectedNumberOfServices"], len(whole["troubleTicket"]), len(whole["relatedEntity"])) == (5, 2, 4)
    mine = service_problem(problems.find(ONE, customers={"C-0002"}))
    assert [one["id"] for one in mine["troubleTicket"]] == ["TT-000002"]
    assert [one["id"] for one in mine["affectedService"]] == ["S-0002"]
    assert mine["affectedNumberOfServices"] == 1
    assert (mine["status"], mine["priority"]) == (whole["status"], whole["priority"])
    assert not [other for other in ("S-0001", "S-0003", "TT-000001") if other in str(mine)]
    both = service_problem(problems.find(ONE, customers={"C-0002", "C-0005"}))
    assert [one["id"] for one in both["affectedService"]] == ["S-0002", "S-0005"]
    with pytest.raises(UnableToFindProblem):
        problems.find(ONE, customers={"C-0003"})


def test_pages_follow_each_other_and_the_total_stays(any_use_cases):
    all_at_once(any_use_cases, tie_and_wait("R-1", "R-2", "R-3"))
    find = any_use_cases.open_apis.service_problems.listed
    pages = [find(ProblemFilter(), Cut(limit=2, offset=offset)) for offset in (0, 2, 4)]
    assert [[view.problem.id for view in found.rows] for found, _ in pages] == [["SP-000003", "SP-000002"], [ONE], []]
    assert {total for _, total in pages} == {3}


def test_an_acknowledgement_stands_in_the_problem_and_in_the_audit_and_changes_no_status(provider):
    problems = provider.open_apis.service_problems
    before = problems.find(ONE)
    made = problems.acknowledge([ONE], by="otto operates", said="We look at it.")
    after = problems.find(ONE)
    assert (after.acknowledged, after.status) == ((made,), before.status)
    [record] = service_problem(after)["trackingRecord"]
    assert (record["id"], record["user"], record["description"]) == (
        "PA-000001",
        "otto operates",
        "acknowledge: We look at it.",
    )
    assert problems.acknowledgement("PA-000001") == (made, [ONE])
    found, total = problems.acknowledgements(Cut(limit=5))
    assert (found.rows, total) == ([(made, [ONE])], 1)
    assert acknowledgement(made, [ONE])["ackProblem"] == [{"@type": "ServiceProblemRef", "id": ONE}]
    act = provider.worklists.audit(page=1, size=1).rows[0]
    assert (act.actor, act.action, act.subject) == ("otto operates", "problem acknowledged", ONE)


def test_a_partner_is_told_that_a_problem_was_acknowledged_and_not_by_whom(provider):
    problems = provider.open_apis.service_problems
    problems.acknowledge([ONE], by="otto operates", said="A customer of ours digs there.")
    [record] = service_problem(problems.find(ONE, customers={"C-0002"}))["trackingRecord"]
    assert (record["description"], "user" in record) == ("acknowledge", False)


def test_what_cannot_be_acknowledged_leaves_nothing_behind(any_use_cases):
    all_at_once(any_use_cases, tie_and_wait("R-1"))
    problems = any_use_cases.open_apis.service_problems
    for names, refusal in (
        ([ONE, "SP-000009"], UnableToFindProblem),
        ([ONE, "TT-000001"], UnableToFindProblem),
        ([], InvalidInputError),
        ([ONE, ONE], InvalidInputError),
        ([f"SP-{number:06d}" for number in range(1, 102)], InvalidInputError),
    ):
        with pytest.raises(refusal):
            problems.acknowledge(names, by="otto operates")
    assert problems.acknowledgements(Cut(limit=5))[1] == 0
    with pytest.raises(UnableToFindProblem, match="PA-000001"):
        problems.acknowledgement("PA-000009")


def test_a_problem_that_is_over_is_not_acknowledged(provider):
    with provider.work.writing() as connection:
        connection.exec_driver_sql("UPDATE service_problems SET ended = 'left', closed_at = opened_at")
    with pytest.raises(UnableToAcknowledgeProblem, match=f"{ONE} is over"):
        provider.open_apis.service_problems.acknowledge([ONE], by="otto operates")

"""Events of service problems and of broken promises: who is told, of what, and in which words."""

import pytest

from include.sla_logic.domain.events import EVENT_TYPES, SERVICE_PROBLEM, SLA_VIOLATION
from include.sla_logic.domain.open_apis.sla_violation import violations_in
from include.sla_logic.domain.service_problem import Sighting
from include.sla_logic.persistence.sla_violations import note_violations
from include.sla_logic.process.step import Step
from tests.assessment.test_sla_violations import faults
from tests.clock import NOON
from tests.domain.sla.make import APRIL, compare, contract, facts, outage
from tests.events.partners import OLGA, PAULA, ROOT
from tests.events.test_hub import loaded_sample, sample  # noqa: F401 - fixtures
from tests.open_apis.schemas import Definition
from tests.services.test_service_problems import finding, tie_and_wait
from tests.web.desk_sample import HERE, client_of


def listen(partners, api, listener, partner=PAULA):
    partners.use_cases.open_apis.event_hub.register(
        api=api, partner=partner, callback=listener.url, query="", root=ROOT
    )


def tie(partners, number, *resources):
    partners.use_cases.incidents.perform(tie_and_wait(*resources), run_id=f"run-{number}")


def restore(partners, number, resource):
    def restored(file):
        file.problems.restored([resource])

    partners.use_cases.incidents.perform(Step("restored", "", restored), run_id=f"run-{number}")


def told(listener):
    """Return type and status of each event, the oldest first."""
    return [(one["eventType"], one["event"]["serviceProblem"]["status"]) for one in listener.told]


@pytest.fixture
def shared(partners, listener, other):
    """Let Paula and Olga listen, and tie an incident of each to one problem."""
    listen(partners, SERVICE_PROBLEM, listener)
    listen(partners, SERVICE_PROBLEM, other, OLGA)
    partners.open(1)
    partners.open(2, customer="C-2")
    tie(partners, 1, "R-1")
    tie(partners, 2, "R-1")
    partners.housekeeping(3)
    return partners


def test_each_customer_is_told_of_a_problem_with_their_first_incident(shared, listener, other):
    assert told(listener) == told(other) == [("ServiceProblemCreateEvent", "held")]
    shared.open(3)
    tie(shared, 3, "R-1")
    shared.housekeeping(3)
    assert (len(listener.told), len(other.told)) == (1, 1)


def test_each_change_of_status_is_told_once_to_all_whom_it_concerns(shared, listener, other):
    shared.use_cases.restorations.release("TT-000001", by="Otto", reason="There is room.")
    restore(shared, 1, "R-1")
    restore(shared, 2, "R-1")
    shared.housekeeping(4)
    assert told(listener) == told(other)
    assert told(listener)[1:] == [
        ("ServiceProblemStateChangeEvent", "inProgress"),
        ("ServiceProblemStateChangeEvent", "resolved"),
    ]
    assert "resolutionDate" in listener.told[-1]["event"]["serviceProblem"]


def test_a_problem_that_is_superseded_is_told_by_the_incident_that_finds_the_next(shared, listener):
    shared.open(3)
    another = finding("R-1").model_copy(update={"alarm": "AL-9", "type_of_problem": "power_failure"})

    def find_another(file):
        seen = Sighting(ticket=file.ticket.id, observed_from=NOON, observed_to=None, seen_at=file.now, priority=1)
        file.problems.tie([another], seen)

    shared.use_cases.incidents.perform(Step("find", "", find_another), run_id="run-3")
    shared.housekeeping(4)
    assert ("ServiceProblemStateChangeEvent", "closed") in told(listener)
    assert ("ServiceProblemCreateEvent", "inProgress") in told(listener)


def test_an_acknowledgement_is_told_without_a_name(shared, listener):
    shared.use_cases.open_apis.service_problems.acknowledge(["SP-000001"], by="Otto", said="Ada digs there.")
    shared.housekeeping(3)
    last = listener.told[-1]
    assert last["eventType"] == "ServiceProblemAttributeValueChangeEvent"
    assert last["event"]["serviceProblem"]["trackingRecord"][0]["id"] == "PA-000001"
    assert "Otto" not in str(last)
    assert "Ada" not in str(last)


def test_every_event_is_what_tm_forum_says_and_names_no_other_customer(shared, listener, other, shared_data):
    shared.use_cases.open_apis.service_problems.acknowledge(["SP-000001"], by="Otto")
    shared.use_cases.restorations.release("TT-000001", by="Otto", reason="There is room.")
    restore(shared, 1, "R-1")
    shared.housekeeping(4)
    tmf656 = Definition.of(shared_data, "tmf656v5.yaml")
    assert {one["eventType"] for one in listener.told} == set(EVENT_TYPES[SERVICE_PROBLEM])
    for one in (*listener.told, *other.told):
        assert tmf656.faults(one["eventType"], one) == []
        problem = one["event"]["serviceProblem"]
        assert tmf656.faults("ServiceProblem", problem) == []
        assert problem["href"] == f"{ROOT}/tmf-api/{SERVICE_PROBLEM}/serviceProblem/SP-000001"
        assert not [name for name in ("TT-0", "S-1", "S-2", "C-1", "C-2") if name in str(one)]


def test_a_listener_that_comes_later_is_told_of_later_changes_only(partners, listener):
    partners.open(1)
    tie(partners, 1, "R-1")
    listen(partners, SERVICE_PROBLEM, listener)
    partners.housekeeping(2)
    assert listener.told == []
    restore(partners, 1, "R-1")
    partners.housekeeping(2)
    assert told(listener) == [("ServiceProblemStateChangeEvent", "resolved")]


def judge(partners, customer, *, breached, measured):
    """Keep a judgement as an incident does."""
    outages = [outage("2025-04-02 08:00", measured)] if breached else []
    comparison = compare(contract(), facts(*outages), window=APRIL, as_of=APRIL.end)
    judged_in = {"@type": "TroubleTicketRef", "id": "TT-000001"}
    with partners.use_cases.work.writing() as connection:
        found = list(violations_in(comparison, customer=customer, judged_in=judged_in))
        note_violations(connection, found, now=partners.use_cases.work.database.now(connection))


def test_a_broken_promise_is_told_to_its_customer_and_so_is_each_change(partners, listener, other):
    listen(partners, SLA_VIOLATION, listener)
    listen(partners, SLA_VIOLATION, other, OLGA)
    for breached, measured in ((True, "2025-04-02 12:00"), (True, "2025-04-02 12:00"), (True, "2025-04-03 08:00")):
        judge(partners, "C-1", breached=breached, measured=measured)
    judge(partners, "C-1", breached=False, measured="")
    judge(partners, "C-9", breached=True, measured="2025-04-02 12:00")
    partners.housekeeping(5)
    assert [(one["eventType"], one["event"]["slaViolation"]["state"]) for one in listener.told] == [
        ("SlaViolationCreateEvent", "broken"),
        ("SlaViolationAttributeValueChangeEvent", "broken"),
        ("SlaViolationStateChangeEvent", "withdrawn"),
    ]
    assert other.told == []
    for one in listener.told:
        assert faults(one["event"]["slaViolation"]) == []
        assert one["event"]["slaViolation"]["href"] == f"{ROOT}/tmf-api/{SLA_VIOLATION}/slaViolation/SV-000001"


@pytest.mark.parametrize("api", [SERVICE_PROBLEM, SLA_VIOLATION])
def test_a_partner_registers_reads_and_removes_a_listener(sample, listener, api):  # noqa: F811 - the fixture
    place, body = f"/tmf-api/{api}/hub", {"@type": "Hub", "callback": listener.url}
    for who, status in {"": 401, "stranger": 403, "reader": 403, "operator": 403}.items():
        with client_of(sample, who=who) as client:
            assert client.post(place, json=body, headers=HERE).status_code == status
    with client_of(sample, who="partner") as client, client_of(sample, who="other_partner") as another:
        made = client.post(place, json=body, headers=HERE)
        assert (made.status_code, made.headers["Location"]) == (201, made.json()["href"])
        assert client.get(made.json()["href"]).json() == made.json()
        assert another.get(made.json()["href"]).status_code == 404
        assert another.delete(made.json()["href"], headers=HERE).status_code == 404
        unknown = body | {"query": "eventType=TroubleTicketCreateEvent"}
        assert client.post(place, json=unknown, headers=HERE).status_code == 400
        assert client.delete(made.json()["href"], headers=HERE).status_code == 204
        assert client.get(made.json()["href"]).status_code == 404

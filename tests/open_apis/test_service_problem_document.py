"""A service problem as TMF656 v5 has it, by TM Forum's own schema; what is not known is left out."""

from datetime import timedelta

import pytest

from include.sla_logic.domain.open_apis.service_problem import acknowledgement, service_problem
from include.sla_logic.domain.problem_view import Acknowledged, ProblemView
from include.sla_logic.domain.service_problem import ProblemEnd, ServiceProblem
from tests.clock import NOON
from tests.open_apis.schemas import Definition
from tests.services.test_service_problems import finding

SEEN = Acknowledged(id="PA-000001", by="otto operates", at=NOON, said="We look at it.")
ROOT = "https://sla.example/tmf-api"


@pytest.fixture(scope="module")
def tmf656(shared_data):
    return Definition.of(shared_data, "tmf656v5.yaml")


def view(end=None, alarm="AL-1", **changes):
    found = finding("R-1").model_copy(update={"alarm": alarm})
    problem = ServiceProblem(
        id="SP-000001",
        resource="R-1",
        type_of_problem="fibre_damage",
        reason="OPTICAL_POWER_LOW at R-1",
        findings=(found,),
        analysed_as="TT-000001",
        began_at=NOON - timedelta(hours=4),
        opened_at=NOON,
        closed_at=None if end is None else NOON + timedelta(hours=1),
        end=end,
    )
    kept = {"tickets": ("TT-000001", "TT-000002"), "services": ("S-1", "S-2"), "priority": 3, "held": 0}
    return ProblemView(problem=problem, **(kept | changes))


@pytest.mark.parametrize(
    "shown",
    [
        view(),
        view(held=1, acknowledged=(SEEN, SEEN.unnamed)),
        view(without_incident=("S-2", "S-3")),
        view(alarm=None),
        *(view(end) for end in ProblemEnd),
    ],
)
@pytest.mark.parametrize("root", [None, ROOT])
def test_every_problem_is_what_the_schema_says(tmf656, shown, root):
    assert tmf656.faults("ServiceProblem", service_problem(shown, root=root)) == []


@pytest.mark.parametrize("seen", [SEEN, SEEN.unnamed])
def test_an_acknowledgement_is_what_the_schema_says(tmf656, seen):
    told = acknowledgement(seen, ["SP-000001"], root=ROOT)
    assert tmf656.faults("ProblemAcknowledgement", told) == []
    assert told["href"] == f"{ROOT}/serviceProblemManagement/v5/problemAcknowledgement/PA-000001"


def test_the_judge_finds_a_null_a_wrong_type_and_a_field_of_its_own(tmf656):
    wrong = service_problem(view()) | {"resolutionDate": None, "firstAlert": "2026-11-23", "analysedAs": "TT-000001"}
    assert {fault.partition(":")[0] for fault in tmf656.faults("ServiceProblem", wrong)} == {
        "ServiceProblem $.firstAlert",
        "ServiceProblem $.resolutionDate",
        "ServiceProblem has no field 'analysedAs'",
    }
    assert tmf656.faults("ServiceProblem", service_problem(view()) | {"creationDate": "yesterday"}) != []


@pytest.mark.parametrize(
    ("end", "status", "resolved"),
    [
        (None, "inProgress", False),
        (ProblemEnd.RESTORED, "resolved", True),
        (ProblemEnd.SUPERSEDED, "closed", False),
        (ProblemEnd.LEFT, "closed", False),
    ],
)
def test_only_what_was_restored_is_called_resolved(end, status, resolved):
    told = service_problem(view(end))
    assert (told["status"], "resolutionDate" in told) == (status, resolved)
    assert ("statusChangeReason" in told) == (end is not None)


def test_services_without_an_incident_are_counted_once_and_named():
    told = service_problem(view(without_incident=("S-2", "S-3")))
    assert told["affectedNumberOfServices"] == 3
    assert [one["id"] for one in told["affectedService"]] == ["S-1", "S-2", "S-3"]
    named = [one["entity"]["id"] for one in told["relatedEntity"] if one["role"] == "withoutIncident"]
    assert named == ["S-2", "S-3"]


def test_the_ticket_of_the_analysis_is_told_only_beside_the_tickets_that_are_shown():
    assert "TT-000001" in str(service_problem(view()))
    assert "TT-000001" not in str(service_problem(view(tickets=("TT-000002",))))


def test_the_first_alert_is_the_alarm_that_was_raised_first():
    told = service_problem(view())
    assert told["firstAlert"]["entity"] == {"@type": "ResourceAlarmRef", "id": "AL-1"}
    assert "firstAlert" not in service_problem(view(alarm=None))

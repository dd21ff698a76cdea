"""The open APIs against their own description and that of TM Forum, with requests that nobody has thought of."""

from collections import Counter

import pytest

from tests.open_apis.reports import as_ticket
from tests.open_apis.schemas import Definition
from tests.web.desk_sample import desk_of

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed; it is a development need")

from hypothesis import HealthCheck, given, settings  # noqa: E402 - only where schemathesis is
from hypothesis import strategies as st  # noqa: E402 - the same
from schemathesis.specs.openapi import checks as openapi_checks  # noqa: E402 - the same

CHECKS = [  # 501 says that something is not offered: any other answer from 500 on is a failure
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]
AT = "/tmf-api/troubleTicket/v5"
FEW, MANY = 10, 150
PATIENCE = 600  # seconds for one answer, on a machine with much else to do


@pytest.fixture
def described(sample):
    headers = {"x-member": "partner"}
    return schemathesis.openapi.from_asgi("/tmf-api/openapi.json", desk_of(sample), headers=headers, timeout=PATIENCE)


def a_change(body, data):
    """Return a note or a change of status, in the form of the body that was drawn."""
    text = data.draw(st.sampled_from(["Call the gate.", "The gate is open."]), label="text")
    note = {"@type": "Note", "text": text}
    if isinstance(body, list):
        return [{"op": "add", "path": "/note/-", "value": note}]
    if data.draw(st.booleans(), label="a note"):
        return {"note": [note]}
    status = data.draw(st.sampled_from(["pending", "held", "inProgress", "resolved"]), label="status")
    return {"status": status, "statusChangeReason": text}


def ask_many(operation, sample, examples, tmf621):
    """Send requests as partner or operator, half of them about what exists; count the answers by status."""
    answered = Counter()
    tickets, said = list(sample.tickets.values()), sample.data.notifications["premium"]

    def know(case, data):
        if case.path_parameters and data.draw(st.booleans(), label="names what exists"):
            for name in case.path_parameters:
                case.path_parameters[name] = data.draw(st.sampled_from([*tickets, "incident"]), label=name)
        if case.method == "POST" and isinstance(case.body, dict) and data.draw(st.booleans(), label="is whole"):
            number = data.draw(st.integers(0, 3), label="number")
            case.body = as_ticket(said.model_copy(update={"external_reference": f"P-{number}"})) | {
                name: value for name, value in case.body.items() if name in {"description", "severity", "note"}
            }

        if case.method == "PATCH" and data.draw(st.booleans(), label="is whole"):
            case.path_parameters["id"] = data.draw(st.sampled_from(tickets), label="ticket")
            case.body = a_change(case.body, data)

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), data=st.data())
    def ask(case, data):
        know(case, data)
        who = data.draw(st.sampled_from(["partner", "operator"]), label="who")
        headers = {"x-member": who, "Sec-Fetch-Site": "same-origin"}
        answer = case.call_and_validate(headers=headers, checks=CHECKS, timeout=PATIENCE)
        assert answer.status_code < 500 or answer.status_code == 501
        answered[answer.status_code] += 1
        if answer.headers.get("content-type") == ["application/json"] and tmf621 is not None:
            told = answer.json()
            for one in told if isinstance(told, list) else [told]:
                kind = "Error" if one["@type"] == "Error" else f"{one['@type']}_RES"
                assert tmf621.faults(kind, one) == []

    ask()
    return answered


def operations_of(described):
    found = [found.ok() for found in described.get_all_operations()]
    return {(each.method.upper(), each.path): each for each in found if "/troubleTicket/v5/troubleTicket" in each.path}


def test_a_few_requests_to_each_operation_are_answered_as_described(described, sample, shared_data):
    tmf621 = Definition.of(shared_data, "tmf621v5.yaml")
    for each in operations_of(described).values():
        assert ask_many(each, sample, FEW, tmf621), each.path


@pytest.mark.more
def test_no_request_makes_the_open_apis_fail_or_contradict_their_description(described, sample):
    answered = {name: ask_many(each, sample, MANY, None) for name, each in operations_of(described).items()}
    print({name: dict(statuses) for name, statuses in answered.items()})  # noqa: T201 - how far they came
    at = AT.removeprefix("/tmf-api")
    assert answered["POST", f"{at}/troubleTicket"][201]
    for method, path in (("GET", f"{at}/troubleTicket"), ("GET", f"{at}/troubleTicket/{{id}}")):
        assert answered[method, path][200]
    assert answered["PATCH", f"{at}/troubleTicket/{{id}}"][200]

"""The open APIs against their own description and that of TM Forum, with requests that nobody has thought of."""

import pytest
from hypothesis import strategies as st

from tests.open_apis.drawn_requests import ask_many, described_by, operations_of
from tests.open_apis.reports import as_ticket
from tests.open_apis.schemas import Definition

AT = "/troubleTicket/v5/troubleTicket"
FEW, MANY = 10, 150


@pytest.fixture
def described(sample):
    return described_by(sample)


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


def knows(sample):
    """Let half of the requests be about what exists, and half of the reports and changes be whole."""
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

    return know


def of_tickets(path):
    return AT in path


@pytest.mark.more
def test_a_few_requests_to_each_operation_are_answered_as_described(described, sample, shared_data):
    tmf621 = Definition.of(shared_data, "tmf621v5.yaml")

    def judge(answer):
        if answer.headers.get("content-type") == ["application/json"]:
            told = answer.json()
            for one in told if isinstance(told, list) else [told]:
                kind = "Error" if one["@type"] == "Error" else f"{one['@type']}_RES"
                assert tmf621.faults(kind, one) == []

    for each in operations_of(described, of_tickets).values():
        assert ask_many(each, FEW, knows(sample), judge), each.path


@pytest.mark.more
def test_no_request_makes_the_open_apis_fail_or_contradict_their_description(described, sample):
    operations = operations_of(described, of_tickets)
    answered = {name: ask_many(each, MANY, knows(sample)) for name, each in operations.items()}
    print({name: dict(statuses) for name, statuses in answered.items()})  # noqa: T201 - how far they came
    assert answered["POST", AT][201]
    for method, path in (("GET", AT), ("GET", f"{AT}/{{id}}")):
        assert answered[method, path][200]
    assert answered["PATCH", f"{AT}/{{id}}"][200]

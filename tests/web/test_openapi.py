"""The API against its own description: thousands of requests, none of which may make it fail.

Half of them name what exists, so that they reach the answers and the actions; the others say anything at all.
"""

from collections import Counter

import pytest

from include.sla_logic.web.actions import ACTIONS
from tests.web.desk_sample import MEMBERS, desk_of

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed; it is a development need")

from hypothesis import HealthCheck, given, settings  # noqa: E402 - only where schemathesis is
from hypothesis import strategies as st  # noqa: E402 - the same
from schemathesis.checks import not_a_server_error  # noqa: E402 - the same
from schemathesis.specs.openapi import checks as openapi_checks  # noqa: E402 - the same

AS_OPERATOR = {"x-member": "operator", "Sec-Fetch-Site": "same-origin"}
CHECKS = [
    not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
]
USUAL, SOME = 180, 25
PATIENCE = 600  # seconds for one answer, on a machine with much else to do
ACT = "/api/v1/acts/{kind}/{subject}/{name}"
START = ("POST", "/api/v1/incidents")  # hardly any draw is a whole notification
ATTACH = ("POST", "/api/v1/incidents/{reference}/attachments")  # is answered 201
ALARMS = {("POST", "/api/v1/alarms"), ("POST", "/api/v1/alarms/alertmanager")}  # they want a token of their own
# Judging three windows of a service takes long, and most of what can be asked for is done by actions.
EXAMPLES = {"/api/v1/services/{service}": 80, ACT: 800} | {path: SOME for _method, path in ALARMS}


@pytest.fixture(scope="module")
def crowd(built_sample, tmp_path_factory):
    """Give the requests a sample of their own: they change it."""
    assert MEMBERS["operator"].may_write
    sample = built_sample.again(tmp_path_factory.mktemp("described"))
    for ticket in list(sample.tickets.values())[:2]:
        sample.use_cases.team.files.attach(ticket, "trace.log", b"link down", by="otto operates")
    return sample


@pytest.fixture(scope="module")
def described(crowd):
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", desk_of(crowd), headers=AS_OPERATOR, timeout=PATIENCE)


def names_of(sample):
    """Return what exists in the sample, for each part of an address that names it."""
    cases = [sample.use_cases.lookups.incident(ticket) for ticket in sample.tickets.values()]
    tickets = [case.ticket.id for case in cases]
    subjects = {
        "ticket": tickets,
        "credit": [ref for case in cases if case.adjustment for ref in case.adjustment.references] or tickets,
        "dispute": ["DP-1"],
        "window": [f"{case.ticket.customer}|{case.ticket.service}|20261101T000000Z" for case in cases],
        "entry": [str(entry.id) for entry in sample.use_cases.quarantine.entries()],
        "imports": ["all"],
        "run": ["1"],
        "report": [f"{case.ticket.customer}:2026-11" for case in cases],
        "customer": [case.ticket.customer for case in cases],
        "message": [str(message.id) for case in cases for message in case.outbox],
    }
    actions = [(kind, subject, name) for kind, name in ACTIONS for subject in subjects[kind]]
    return {
        "reference": [name for c in cases for name in (c.ticket.id, c.ticket.run_id, c.ticket.external_reference)],
        "service": sorted({case.ticket.service for case in cases}),
        "number": [file.id for case in cases for file in case.attachments],
        "month": ["2026-10", "2026-11", "2026-12"],
        "run": subjects["run"],
        "act": actions,
    }


def ask_many(operation, names, examples):
    """Send this many requests to one operation, each checked against its description; count the answers by status."""
    answered = Counter()

    def know(case, data):
        """Put what exists into the address of half of the requests."""
        if not case.path_parameters or not data.draw(st.booleans(), label="names what exists"):
            return
        if "subject" in case.path_parameters:
            chosen = data.draw(st.sampled_from(names["act"]), label="act")
            case.path_parameters.update(zip(("kind", "subject", "name"), chosen, strict=True))
        else:
            for name in case.path_parameters:
                case.path_parameters[name] = data.draw(st.sampled_from(names[name]), label=name)

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), data=st.data())
    def ask(case, data):
        know(case, data)
        answer = case.call_and_validate(headers=AS_OPERATOR, checks=CHECKS, timeout=PATIENCE)
        answered[answer.status_code] += 1

    ask()
    return answered


@pytest.mark.more
def test_no_request_makes_the_api_fail_or_contradict_its_description(described, crowd):
    names = names_of(crowd)
    assert all(names.values())
    operations = [found.ok() for found in described.get_all_operations()]
    asked = {(each.method.upper(), each.path): each for each in operations}
    answered = {name: ask_many(each, names, EXAMPLES.get(each.path, USUAL)) for name, each in asked.items()}
    print({name: dict(statuses) for name, statuses in answered.items()})  # noqa: T201 - how far they came
    assert sum(statuses.total() for statuses in answered.values()) >= 3000
    assert {name for name, statuses in answered.items() if not statuses[200]} == {START, ATTACH, *ALARMS}
    assert answered[ATTACH][201]
    assert set(answered[START]) <= {202, 400, 415, 422}
    assert {404, 409, 422} <= set(answered["POST", ACT])

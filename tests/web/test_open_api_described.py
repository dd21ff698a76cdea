"""Problems, bills, broken promises and listeners against our own description, with requests nobody has thought of."""

import json

import pytest
from hypothesis import strategies as st

from include.sla_logic.domain.events import EVENT_TYPES
from tests.open_apis.drawn_requests import ask_many, described_by, operations_of
from tests.web.desk_sample import HERE, PARTNERS, client_of
from tests.web.walks import NOT_OFFERED

PROBLEMS, BILLS = "/serviceProblemManagement/v5", "/customerBillManagement/v5"
VIOLATIONS = "/slaViolation/v1"
LISTS = {
    "problem": f"{PROBLEMS}/serviceProblem",
    "seen": f"{PROBLEMS}/problemAcknowledgement",
    "credit": f"{BILLS}/appliedCustomerBillingRate",
    "bill": f"{BILLS}/customerBill",
    "violation": f"{VIOLATIONS}/slaViolation",
}
ACKNOWLEDGE = ("POST", LISTS["seen"])
FEW, MANY = 6, 150
LISTENER = "http://127.0.0.1:9"  # nothing is sent here


@pytest.fixture(scope="module")
def crowd(built_sample, tmp_path_factory):
    """Give the requests a sample of their own, with a listener at each hub and one acknowledgement."""
    sample = built_sample.again(tmp_path_factory.mktemp("crowd"))
    partners = {user: {"customers": known, "listeners": [LISTENER]} for user, known in PARTNERS.items()}
    sample.use_cases.work.settings.open_apis.write_text(
        json.dumps({"partners": partners, "listener_ranges": ["127.0.0.0/8"]})
    )
    with client_of(sample, who="partner") as client:
        for api in EVENT_TYPES:
            answer = client.post(f"/tmf-api/{api}/hub", json={"callback": f"{LISTENER}/first"}, headers=HERE)
            assert answer.status_code == 201
    with client_of(sample) as client:
        seen = acknowledgement(*open_problems(sample))
        assert client.post(f"/tmf-api{LISTS['seen']}", json=seen, headers=HERE).status_code == 201
    return sample


def open_problems(sample):
    """Name the problems that can be acknowledged."""
    with client_of(sample) as client:
        listed = client.get(f"/tmf-api{LISTS['problem']}?status=held,inProgress").json()
    return [one["id"] for one in listed]


def acknowledgement(*problems):
    named = [{"@type": "ServiceProblemRef", "id": problem} for problem in problems]
    return {"@type": "ProblemAcknowledgement", "problem": named}


def known_of(sample):
    """Return what the lists hold: names by the part of an address, and values of each attribute by the address."""
    names, values = {"number": [str(number) for number in range(1, 8)]}, {}
    with client_of(sample) as client:
        for part, path in LISTS.items():
            listed = client.get(f"/tmf-api{path}?limit=200").json()
            names[part] = [one["id"] for one in listed]
            attributes = {name for one in listed for name in one}
            values[path] = {name: sorted({filtered(one[name]) for one in listed if name in one}) for name in attributes}
    return names, values


def filtered(value):
    """Write a value as a filter names it; of what it refers to it names the id."""
    value = value.get("id", value) if isinstance(value, dict) else value
    return value if isinstance(value, str) else json.dumps(value)


@pytest.fixture(scope="module")
def know(crowd):
    """Let half of the requests be about what exists, and half of what is sent be whole."""
    names, values = known_of(crowd)
    going_on = st.sampled_from(open_problems(crowd))

    def put(case, data):
        if data.draw(st.booleans(), label="names what exists"):
            for name in {*case.path_parameters} & {*names}:
                case.path_parameters[name] = data.draw(st.sampled_from(names[name]), label=name)
            known = values.get(case.path.partition("/{")[0], {})
            chosen = {name: known[name.removesuffix(".id")] for name in case.query if name.removesuffix(".id") in known}
            if "fields" in case.query and known:
                chosen["fields"] = sorted(known)
            case.query = {name: data.draw(st.sampled_from(found), label=name) for name, found in chosen.items()}
        if case.method == "POST" and isinstance(case.body, dict) and data.draw(st.booleans(), label="is whole"):
            api = case.path.strip("/").removesuffix("/hub")
            whole = st.builds(acknowledgement, going_on) if api not in EVENT_TYPES else listeners(api)
            case.body = data.draw(whole, label="whole body")

    return put


def listeners(api):
    """Draw what registers a listener to every event of an API, or to one kind."""
    queries = st.sampled_from(["", *(f"eventType={kind}" for kind in EVENT_TYPES[api])])
    callbacks = st.integers(0, 30).map(lambda number: f"{LISTENER}/{number}")
    return st.fixed_dictionaries({"callback": callbacks, "query": queries})


@pytest.fixture(scope="module")
def operations(crowd):
    return operations_of(described_by(crowd), lambda path: "/troubleTicket/v5/troubleTicket" not in path)


def references(value):
    """Return every reference of a description."""
    if isinstance(value, dict):
        yield from ([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        yield from references(each)


@pytest.mark.parametrize("path", ["/tmf-api/openapi.json", "/api/v1/openapi.json"])
def test_every_reference_of_a_description_leads_to_something_in_it(crowd, path):
    with client_of(crowd) as client:
        described = client.get(path).json()
    for reference in set(references(described)):
        assert reference.startswith("#/components/schemas/")
        assert reference.rpartition("/")[2] in described["components"]["schemas"]


@pytest.mark.more
def test_a_few_requests_to_each_operation_are_answered_as_described(operations, know):
    for each in operations.values():
        assert ask_many(each, FEW, know), each.path


def is_offered(method, path):
    return method not in NOT_OFFERED.get(path.strip("/"), "").split()


@pytest.mark.more
def test_no_request_makes_the_other_apis_fail_or_contradict_their_description(operations, know):
    answered = {name: ask_many(each, MANY, know) for name, each in operations.items() if is_offered(*name)}
    print({name: dict(statuses) for name, statuses in answered.items()})  # noqa: T201 - how far they came
    assert sum(statuses.total() for statuses in answered.values()) >= 2000
    reached = {name for name, statuses in answered.items() if statuses[200]}
    assert {("GET", path) for path in LISTS.values()} <= reached
    assert {("GET", f"{path}/{{{part}}}") for part, path in LISTS.items()} <= reached
    assert answered[ACKNOWLEDGE][201]
    assert any(answered["POST", f"/{api}/hub"][201] for api in EVENT_TYPES)

"""TMF656, TMF678 and violations over HTTP: what each answer is by TM Forum's schemas, and whose each caller sees."""

import json
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator

from include.sla_logic.domain.open_apis.sla_violation import violation_schema
from include.sla_logic.services.open_apis import Cut
from include.sla_logic.services.service_problems import ProblemFilter
from tests.open_apis.schemas import Definition
from tests.web.desk_sample import HERE, MEMBERS, PARTNERS, client_of
from tests.web.test_admission import dressed, kept
from tests.web.walks import NOT_OFFERED

PROBLEMS = "/tmf-api/serviceProblemManagement/v5"
BILLS = "/tmf-api/customerBillManagement/v5"
VIOLATIONS = "/tmf-api/slaViolation/v1"
LISTS = {
    "ServiceProblem": f"{PROBLEMS}/serviceProblem",
    "AppliedCustomerBillingRate": f"{BILLS}/appliedCustomerBillingRate",
    "CustomerBill": f"{BILLS}/customerBill",
    "SlaViolation": f"{VIOLATIONS}/slaViolation",
}
ALL = "?limit=200"
ACKNOWLEDGE = {
    "@type": "ProblemAcknowledgement",
    "problem": [{"@type": "ServiceProblemRef", "id": "SP-000001"}],
    "trackingRecord": {"@type": "TrackingRecord", "description": "We look at it.", "user": "NP1"},
}


CLIENTS = {}  # building a desk takes longer than what is asked of it here


def ask(sample, who, path, method="GET", **sent):
    if (sample.folder, who) not in CLIENTS:
        with client_of(sample, who=who) as client:
            CLIENTS[sample.folder, who] = client
    answer = CLIENTS[sample.folder, who].request(method, path, headers=HERE, **sent)
    assert dressed(answer)
    return answer


def customers_by_id(sample):
    """Return whose each resource is, by kind and id: a problem may be several customers'."""
    with sample.use_cases.work.database.read() as connection:
        tied = connection.exec_driver_sql(
            "SELECT problem, customer FROM service_problem_tickets JOIN tickets ON number = ticket"
        ).all()
        booked = connection.exec_driver_sql("SELECT id, customer FROM applied_billing_credits").all()
        billed = connection.exec_driver_sql(
            "SELECT invoices.id, customer FROM invoices JOIN billing_accounts ON billing_accounts.id = account"
        ).all()
        broken = connection.exec_driver_sql("SELECT number, customer FROM sla_violations").all()
    found = {kind: {} for kind in LISTS}
    for kind, rows in zip(LISTS, ([(f"SP-{n:06d}", who) for n, who in tied], booked, billed), strict=False):
        for name, who in rows:
            found[kind].setdefault(name, set()).add(who)
    found["SlaViolation"] = {f"SV-{number:06d}": {who} for number, who in broken}
    return found


def judge(shared_data, kind, document):
    if kind == "SlaViolation":
        return [error.message for error in Draft202012Validator(violation_schema()).iter_errors(document)]
    name = "tmf656v5.yaml" if kind in {"ServiceProblem", "ProblemAcknowledgement"} else "tmf678v5.yaml"
    return Definition.of(shared_data, name).faults(kind, document)


@pytest.mark.parametrize("kind", LISTS)
def test_every_answer_is_what_the_schema_says_and_the_same_by_its_own_address(sample, shared_data, kind):
    listed = ask(sample, "operator", LISTS[kind] + ALL)
    assert (listed.status_code, len(listed.json()) > 3) == (200, True)
    for document in listed.json():
        assert judge(shared_data, kind, document) == []
    for document in listed.json()[:3]:
        alone = ask(sample, "operator", document["href"].removeprefix("/incident-desk"))
        assert (alone.status_code, alone.json()) == (200, document)
        assert document["href"].endswith(f"/{quote(document['id'], safe='')}")


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("who", ["partner", "other_partner"])
def test_a_partner_sees_what_is_their_customers_and_nothing_else(sample, kind, who):
    whose, mine = customers_by_id(sample)[kind], set(PARTNERS[MEMBERS[who].name])
    everything = ask(sample, "reader", LISTS[kind] + ALL)
    listed = ask(sample, who, LISTS[kind] + ALL)
    names = [one["id"] for one in everything.json()]
    assert [one["id"] for one in listed.json()] == [name for name in names if whose[name] & mine]
    assert listed.headers["X-Total-Count"] == str(len(listed.json()))
    other = next(one for one in everything.json() if not whose[one["id"]] & mine)
    refused = ask(sample, who, other["href"].removeprefix("/incident-desk"))
    missing = ask(sample, who, f"{LISTS[kind]}/none")
    assert refused.status_code == missing.status_code == 404
    assert refused.json()["message"].replace(other["id"], "none") == missing.json()["message"]
    if listed.json():
        assert ask(sample, who, listed.json()[0]["href"].removeprefix("/incident-desk")).status_code == 200


def test_partners_see_something_of_each_kind(sample):
    whose = customers_by_id(sample)
    mine = set(PARTNERS["paula partners"]) | set(PARTNERS["olga partners"])
    assert {kind for kind in LISTS if any(who & mine for who in whose[kind].values())} == set(LISTS)


@pytest.mark.parametrize("path", [*LISTS.values(), f"{PROBLEMS}/problemAcknowledgement", f"{VIOLATIONS}/schema"])
def test_nobody_and_strangers_see_nothing(sample, path):
    assert ask(sample, "", path).status_code == 401
    assert ask(sample, "stranger", path).status_code == 403


@pytest.mark.parametrize(
    ("kind", "query", "least"),
    [
        ("ServiceProblem", "status=resolved", 1),
        ("ServiceProblem", "status=held,inProgress", 1),
        ("ServiceProblem", "priority=1,2,3,4,5,6,7,8,9,10", 4),
        ("ServiceProblem", "status=cancelled", 0),
        ("AppliedCustomerBillingRate", "appliedBillingRateType=appliedBillingCredit", 1),
        ("AppliedCustomerBillingRate", "appliedBillingRateType=appliedPenaltyCharge", 0),
        ("AppliedCustomerBillingRate", "isBilled=true,false", 1),
        ("CustomerBill", "state=settled", 1),
        ("CustomerBill", "state=new", 0),
        ("SlaViolation", "state=broken,provisional", 1),
        ("SlaViolation", "state=withdrawn", 0),
    ],
)
def test_a_filter_keeps_what_it_names(sample, kind, query, least):
    listed = ask(sample, "operator", f"{LISTS[kind]}{ALL}&{query}").json()
    assert len(listed) >= least
    name, _, values = query.partition("=")
    for one in listed:
        assert json.dumps(one[name]).strip('"') in values.split(",")
    if not least:
        assert listed == []


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("ServiceProblem", "status=done"),
        ("ServiceProblem", "priority=11"),
        ("ServiceProblem", "priority=0000000000000000000001"),
        ("ServiceProblem", "description=x"),
        ("ServiceProblem", "sort=id"),
        ("ServiceProblem", "fields=customer"),
        ("ServiceProblem", "limit=0"),
        ("ServiceProblem", "after=x"),
        ("AppliedCustomerBillingRate", "isBilled=yes"),
        ("AppliedCustomerBillingRate", "appliedBillingRateType=rebate"),
        ("CustomerBill", "state=open"),
        ("CustomerBill", "filter=x"),
        ("SlaViolation", "state=open"),
    ],
)
def test_what_a_list_does_not_know_is_refused_with_its_name(sample, kind, query):
    answer = ask(sample, "operator", f"{LISTS[kind]}?{query}")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(query.partition("=")[0])


@pytest.mark.parametrize("kind", LISTS)
def test_pages_follow_each_other_by_their_links(sample, kind):
    names = [one["id"] for one in ask(sample, "operator", LISTS[kind] + ALL).json()]
    found, path = [], f"{LISTS[kind]}?limit=3&fields=none"
    while path:
        answer = ask(sample, "operator", path)
        assert all(set(one) == {"id", "href", "@type"} for one in answer.json())
        found += [one["id"] for one in answer.json()]
        link = answer.headers.get("Link", "")
        path = link.partition("<")[2].partition(">")[0] if 'rel="next"' in link else ""
        assert answer.headers["X-Total-Count"] == str(len(names))
    assert found == names


def test_credits_of_a_bill_are_found_by_it(sample):
    rates = ask(sample, "operator", LISTS["AppliedCustomerBillingRate"] + ALL).json()
    named = next(one["bill"]["id"] for one in rates if "bill" in one)
    of_it = ask(sample, "operator", f"{LISTS['AppliedCustomerBillingRate']}?bill.id={named}").json()
    assert [one["id"] for one in of_it] == [one["id"] for one in rates if one.get("bill", {}).get("id") == named]


@pytest.mark.parametrize("who", ["reader", "operator", "partner", "other_partner"])
def test_what_is_not_offered_is_refused_with_a_reason_and_what_is(sample, who):
    for path, methods in NOT_OFFERED.items():
        for method in methods.split():
            answer = ask(sample, who, f"/tmf-api/{path.format_map(dict.fromkeys(NAMES, '1'))}", method)
            assert (answer.status_code, answer.json()["@type"]) == (405, "Error"), path
            assert "Allow" in answer.headers


NAMES = ("problem", "task", "record", "bill", "order", "cycle", "listener")


def test_an_operator_acknowledges_and_is_told_where_it_stands(built_sample, tmp_path, shared_data):
    sample = built_sample.again(tmp_path)
    [view] = sample.use_cases.open_apis.service_problems.listed(
        ProblemFilter(statuses=["held", "inProgress"]), Cut(limit=1)
    )[0].rows
    body = ACKNOWLEDGE | {"problem": [{"@type": "ServiceProblemRef", "id": view.problem.id}]}
    made = ask(sample, "operator", f"{PROBLEMS}/problemAcknowledgement", "POST", json=body)
    assert made.status_code == 201
    assert judge(shared_data, "ProblemAcknowledgement", made.json()) == []
    assert made.headers["Location"] == made.json()["href"]
    assert made.json()["trackingRecord"]["user"] == "otto operates"
    again = ask(sample, "reader", made.headers["Location"].removeprefix("/incident-desk"))
    assert again.json() == made.json()
    assert ask(sample, "reader", f"{PROBLEMS}/problemAcknowledgement").json() == [made.json()]
    shown = ask(sample, "operator", f"{PROBLEMS}/serviceProblem/{view.problem.id}").json()
    assert judge(shared_data, "ServiceProblem", shown) == []
    assert shown["trackingRecord"] == [made.json()["trackingRecord"]]
    over = next(one for one in sample.use_cases.lookups.service_problems() if one.problem.end)
    late = ACKNOWLEDGE | {"problem": [{"@type": "ServiceProblemRef", "id": over.problem.id}]}
    refused = ask(sample, "operator", f"{PROBLEMS}/problemAcknowledgement", "POST", json=late)
    assert (refused.status_code, "is over" in refused.json()["message"]) == (409, True)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"problem": []}, 400),
        pytest.param({"problem": [{"@type": "ServiceProblemRef"}]}, 400, marks=pytest.mark.more),
        pytest.param({"problem": [{"id": "SP-000001"}]}, 400, marks=pytest.mark.more),
        ({"problem": [{"@type": "ServiceProblemRef", "id": "SP-999999"}]}, 404),
        pytest.param({"@type": "ServiceProblem"}, 400, marks=pytest.mark.more),
        pytest.param({"state": "done"}, 400, marks=pytest.mark.more),
        pytest.param(
            {"trackingRecord": {"@type": "TrackingRecord", "description": "x" * 501}}, 400, marks=pytest.mark.more
        ),
    ],
)
def test_an_acknowledgement_that_says_something_else_is_refused_and_leaves_nothing(sample, change, status):
    before = kept(sample)
    answer = ask(sample, "operator", f"{PROBLEMS}/problemAcknowledgement", "POST", json=ACKNOWLEDGE | change)
    assert (answer.status_code, answer.json()["@type"]) == (status, "Error")
    assert kept(sample) == before


def test_only_those_who_work_on_problems_acknowledge_them(sample):
    before = kept(sample)
    place = f"{PROBLEMS}/problemAcknowledgement"
    for who, status in {"": 401, "stranger": 403, "reader": 403, "partner": 403, "other_partner": 403}.items():
        assert ask(sample, who, place, "POST", json=ACKNOWLEDGE).status_code == status
        assert ask(sample, who, place).status_code == (200 if who == "reader" else status)
    assert ask(sample, "operator", place, "POST", content=b"{}").status_code == 415
    bad = ask(sample, "operator", f"{place}?fields=nothing", "POST", json=ACKNOWLEDGE)
    assert bad.status_code == 400
    assert kept(sample) == before


def test_the_schema_of_violations_is_served_as_it_is_published(sample):
    assert ask(sample, "partner", f"{VIOLATIONS}/schema").json() == violation_schema()

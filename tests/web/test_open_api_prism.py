"""prism between a client and the product: what goes to and fro is what TM Forum, and what we, have described."""

import json
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from include.sla_logic.domain.events import EVENT_TYPES
from tests.open_apis.node_tools import NodeTools, installed
from tests.open_apis.serving import OPEN_APIS, proxying, serving, write_definition
from tests.web.desk_sample import PARTNERS, client_of

pytestmark = pytest.mark.more
LISTENER = "http://127.0.0.1:9"
PATIENCE = 600  # seconds for one answer, on a machine with much else to do
TICKETS, PROBLEMS, BILLS = "troubleTicket/v5", "serviceProblemManagement/v5", "customerBillManagement/v5"
VIOLATIONS = "slaViolation/v1"
DEFINITIONS = {TICKETS: "tmf621v5.yaml", PROBLEMS: "tmf656v5.yaml", BILLS: "tmf678v5.yaml"}
LISTS = {
    TICKETS: ("troubleTicket", "troubleTicketSpecification"),
    PROBLEMS: ("serviceProblem", "problemAcknowledgement"),
    BILLS: ("appliedCustomerBillingRate", "customerBill"),
    VIOLATIONS: ("slaViolation",),
}
REFUSED = {  # what each describes and is not offered here
    TICKETS: [("DELETE", "troubleTicket/TT-000001")],
    PROBLEMS: [("DELETE", "serviceProblem/SP-000001"), ("GET", "problemGroup"), ("GET", "serviceProblemEventRecord/1")],
    BILLS: [("GET", "billCycle"), ("GET", "customerBillOnDemand/1"), ("DELETE", "hub/1")],
    VIOLATIONS: [],
}


@pytest.fixture(scope="module")
def tools() -> NodeTools:
    return installed()


def own_description(sample, folder: Path) -> Path:
    """Write our generated description for prism."""
    file = folder / "own.json"
    with client_of(sample, who="partner") as client:
        file.write_text(client.get("/tmf-api/openapi.json").text, "utf-8")
    return file


@pytest.fixture(scope="module")
def listened(sample):
    """Allow a listener at which nobody listens."""
    partners = {user: {"customers": known, "listeners": [LISTENER]} for user, known in PARTNERS.items()}
    said = {"partners": partners, "listener_ranges": ["127.0.0.0/8"]}
    sample.use_cases.work.settings.open_apis.write_text(json.dumps(said))
    return sample


def look_at(api: str, client: httpx.Client, base: str, *, acknowledges: bool) -> list[str]:
    """Read the lists of an API and what is in them, and be refused; say what was answered otherwise, or is wrong."""
    found: list[str] = []

    def ask(method: str, path: str, expected: int, **sent: object) -> httpx.Response:
        answer = client.request(method, f"{base}/{path}", **sent)
        wrong = answer.headers.get("sl-violations", "")
        if answer.status_code != expected or wrong:
            found.append(f"{method} {path}: {answer.status_code} {wrong} {answer.text[:1000]}")
        return answer

    if api == PROBLEMS and acknowledges:
        problem = ask("GET", "serviceProblem?status=held,inProgress", 200).json()[0]["id"]
        seen = {"@type": "ProblemAcknowledgement", "problem": [{"@type": "ServiceProblemRef", "id": problem}]}
        ask("POST", "problemAcknowledgement", 201, json=seen)
    if api in EVENT_TYPES and not acknowledges:
        hub = ask("POST", "hub", 201, json={"@type": "Hub", "callback": LISTENER}).json()["id"]
        ask("DELETE", f"hub/{hub}", 204)
    for name in LISTS[api]:
        if name == "problemAcknowledgement" and not acknowledges:
            ask("GET", name, 403)
            continue
        listed = ask("GET", f"{name}?limit=50&offset=0", 200).json()
        assert listed, name
        ask("GET", f"{name}?limit=1&fields={','.join([*listed[0]][-3:])}", 200)
        for one in listed[:5]:
            ask("GET", f"{name}/{quote(one['id'], safe='')}", 200)
        ask("GET", f"{name}/none", 404)
        ask("GET", f"{name}?nothing=1", 400)
    for method, path in REFUSED[api]:
        ask(method, path, 405)
    return found


def client_at(address: str, who: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {who}"}
    return httpx.Client(base_url=address, headers=headers, timeout=PATIENCE, trust_env=False)


@pytest.mark.parametrize("api", DEFINITIONS)
def test_prism_finds_nothing_that_contradicts_tm_forum(listened, tools, shared_data, tmp_path, api):
    file = write_definition(shared_data, DEFINITIONS[api], tmp_path)
    with (
        serving(listened) as product,
        proxying(tools, file, f"{product}{OPEN_APIS}/{api}", tmp_path / "log") as prism,
    ):
        for who in ("operator", "partner"):
            with client_at(prism, who) as client:
                assert look_at(api, client, "", acknowledges=who == "operator") == []


def test_prism_finds_nothing_that_contradicts_our_own_description(listened, tools, tmp_path):
    file = own_description(listened, tmp_path)
    with (
        serving(listened) as product,
        proxying(tools, file, f"{product}{OPEN_APIS}", tmp_path / "log") as prism,
    ):
        for who in ("operator", "partner"):
            with client_at(prism, who) as client:
                for api in LISTS:
                    assert look_at(api, client, f"/{api}", acknowledges=who == "operator") == []

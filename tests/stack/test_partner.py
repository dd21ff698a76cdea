"""Airflow's own login for a partner: the open APIs for their customers, and nothing else of desk or Airflow."""

import json
from collections.abc import Iterator

import httpx
import pytest

from deploy.stack.rest import StackApi
from include.sla_logic.sample_data import Sample
from include.sla_logic.web import Caller, build_desk
from tests.open_apis.reports import as_ticket
from tests.real_airflow import OTHER_PARTNER, PARTNER
from tests.stack.operator import PATIENCE, Operator
from tests.web.walks import FILLED, SENDING, routes_of

pytestmark = pytest.mark.more

DESK = "/incident-desk"
TICKETS = f"{DESK}/tmf-api/troubleTicket/v5/troubleTicket"
DAG, FIRST = "sla_violation", "enter_problem_report"
# What Airflow says to everybody, with a login or without: that it runs, and which release.
PUBLIC = {"/api/v2/monitor/health", "/api/v2/version"}


@pytest.fixture(scope="module")
def clients(operator: Operator) -> Iterator[dict[str, httpx.Client]]:
    passwords = json.loads(operator.stack.login_file.read_text(encoding="utf-8"))
    opened = {}
    for user in (PARTNER, OTHER_PARTNER, operator.stack.user):
        with StackApi(operator.stack.address, user=user, password=passwords[user]) as api:
            bearer = {"Authorization": f"Bearer {api.token()}"}
        opened[user] = httpx.Client(base_url=operator.stack.address, headers=bearer, timeout=PATIENCE, trust_env=False)
    yield opened
    for client in opened.values():
        client.close()


@pytest.fixture(scope="module")
def reported(clients: dict[str, httpx.Client], teleco: Sample) -> dict[str, object]:
    """Report an incident as the partner, twice, and return what it is answered."""
    said = teleco.notifications["premium"].model_copy(update={"external_reference": "PARTNER-STACK"})
    first, again = (clients[PARTNER].post(TICKETS, json=as_ticket(said)) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201), (first.text, again.text)
    assert first.json()["id"] == again.json()["id"]
    other = said.model_copy(update={"description": "Something else."})
    assert clients[PARTNER].post(TICKETS, json=as_ticket(other)).status_code == 409
    return dict(first.json())


def test_a_report_of_a_partner_runs_as_any_other_and_is_seen_by_its_own_partner_alone(
    operator: Operator, clients: dict[str, httpx.Client], reported: dict[str, object]
) -> None:
    run_id = "incident.PARTNER-STACK"
    operator.stack.api.wait_run(
        DAG, run_id, timeout_seconds=PATIENCE, until=lambda _state, tasks: tasks.get(FIRST) == "success"
    )
    run = operator.stack.api.run(DAG, run_id)
    assert (run["conf"]["external_reference"], run["triggering_user_name"]) == ("PARTNER-STACK", PARTNER)
    case = operator.use_cases.lookups.incident("PARTNER-STACK")
    assert (case.ticket.id, case.ticket.run_id) == (reported["id"], run_id)
    assert clients[PARTNER].get(str(reported["href"])).status_code == 200
    assert clients[OTHER_PARTNER].get(str(reported["href"])).status_code == 404
    assert clients[OTHER_PARTNER].get(TICKETS).json() == []
    assert reported["id"] in {one["id"] for one in clients[operator.stack.user].get(TICKETS).json()}
    nobody = httpx.get(f"{operator.stack.address}{TICKETS}", trust_env=False, timeout=PATIENCE)
    assert (nobody.status_code, nobody.json()["@type"]) == (401, "Error")


def test_a_partner_reads_nothing_of_airflow_itself(
    clients: dict[str, httpx.Client], reported: dict[str, object]
) -> None:
    names = {"dag_id": DAG, "dag_run_id": "incident.PARTNER-STACK", "run_id": "incident.PARTNER-STACK"}
    names |= {
        "task_id": FIRST,
        "xcom_key": "return_value",
        "try_number": "1",
        "task_try_number": "1",
        "map_index": "-1",
    }
    described = clients[PARTNER].get("/openapi.json").json()["paths"]
    asked = 0
    for path, operations in described.items():
        if not path.startswith(("/api/v2/", "/ui/")) or path in PUBLIC:
            continue
        filled = path
        for name in [part.partition("}")[0] for part in path.split("{")[1:]]:
            filled = filled.replace("{" + name + "}", names.get(name.partition(":")[0], "1"))
        for method in {"get", "post", "patch", "put", "delete"} & set(operations):
            if path.startswith("/api/v2/auth/"):  # the login itself
                continue
            answer = clients[PARTNER].request(method, filled, **({} if method in {"get", "delete"} else {"json": {}}))
            asked += 1
            told = answer.status_code in {401, 403} or _says_nothing(answer)
            assert told, (method, filled, answer.status_code, answer.text[:300])
    assert asked > 80
    run = f"/api/v2/dags/{DAG}/dagRuns/incident.PARTNER-STACK"
    for path in (
        f"/api/v2/dags/{DAG}",
        run,
        f"{run}/taskInstances",
        f"{run}/taskInstances/{FIRST}/logs/1",
        f"{run}/taskInstances/{FIRST}/xcomEntries",
        f"{run}/taskInstances/{FIRST}/xcomEntries/return_value",
        "/api/v2/variables",
        "/api/v2/connections",
        "/api/v2/eventLogs",
    ):
        assert clients[PARTNER].get(path).status_code == 403, path
    started = clients[PARTNER].post(f"/api/v2/dags/{DAG}/dagRuns", json={"conf": {}, "logical_date": None})
    assert started.status_code == 403


def _says_nothing(answer: httpx.Response) -> bool:
    """Tell whether an answer holds nothing about incidents, customers, DAGs or settings."""
    words = ("PARTNER-STACK", "TT-0", "C-1001", "sla_violation", "teleco")
    return answer.status_code != 500 and not any(word in answer.text for word in words)


def test_a_partner_gets_nothing_from_the_desk(clients: dict[str, httpx.Client], reported: dict[str, object]) -> None:
    async def never_asked() -> Caller:
        raise AssertionError("the routes are only listed")

    app = build_desk(lambda: None, reader=never_asked, writer=never_asked)  # type: ignore[arg-type,return-value]
    filled = FILLED | {"reference": str(reported["id"]), "subject": str(reported["id"])}
    for route in sorted(routes_of(app) - SENDING):
        method, path = route.format_map(filled).split(" ", 1)
        if "/tmf-api/" in path:
            continue
        answer = clients[PARTNER].request(method, DESK + path, **({"json": {}} if method == "POST" else {}))
        assert answer.status_code == 403, (method, path, answer.text[:200])

"""The desk in a browser where Airflow is served under a path: `[api] base_url` …/airflow, behind a proxy."""

from collections.abc import Iterator
from types import SimpleNamespace

import httpx
import pytest

from deploy.ports import free_port
from deploy.stack import AirflowStack, StackApi
from tests.passing_on import PATIENCE, Proxy
from tests.stack.further_server import further_api_server

pytestmark = [pytest.mark.stack, pytest.mark.more, pytest.mark.own_airflow]
PATH = "/airflow"


@pytest.fixture(scope="module")
def served(airflow_stack: AirflowStack) -> Iterator[SimpleNamespace]:
    """Serve the same Airflow under a path; `passing` is the proxy that its documentation asks for."""
    port = free_port()
    with (
        Proxy(PATH, to_port=port) as passing,
        Proxy(PATH, to_port=port, strips=True) as stripping,
        further_api_server(airflow_stack, "under-a-path", port=port, base_url=passing.address),
    ):
        yield SimpleNamespace(passing=passing.address, stripping=stripping.address)


def test_board_incident_and_run_lead_to_each_other_under_the_path(windows, served, airflow_stack, incidents, use_cases):
    ticket = use_cases.lookups.incident(incidents.failing).ticket
    window = windows(served.passing)  # which notes every request that leaves the path
    page = window.enter(airflow_stack.user, airflow_stack.password)
    page.get_by_role("link", name="Incidents").first.click()
    desk = page.frame_locator("iframe")
    desk.locator("table.board").get_by_role("link", name=ticket.id).click()
    desk.get_by_role("heading", name=ticket.id, level=1).wait_for()
    page.frames[1].wait_for_load_state()  # by the desk's script alone a link leaves the frame
    desk.get_by_role("link", name=f"run {incidents.failing}").click()
    page.wait_for_url(f"{served.passing}/dags/sla_violation/runs/{incidents.failing}")
    page.get_by_role("link", name="Incident", exact=True).click()
    page.frame_locator("iframe").get_by_role("heading", name=ticket.id, level=1).wait_for()
    assert window.page.frames[1].evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(244, 246, 248)"


def test_the_command_line_takes_an_address_with_a_path(served, airflow_stack, incidents):
    with StackApi(served.passing, user=airflow_stack.user, password=airflow_stack.password) as api:
        assert api.run_state("sla_violation", incidents.failing) == "success"


def test_behind_a_proxy_that_strips_the_path_airflows_own_login_is_lost_too(served, airflow_stack):
    login = {"username": airflow_stack.user, "password": airflow_stack.password}
    told = {}
    for proxy in (served.passing, served.stripping):
        desk = httpx.get(f"{proxy}/incident-desk/", timeout=PATIENCE, trust_env=False)
        token = httpx.post(f"{proxy}/auth/token", json=login, timeout=PATIENCE, trust_env=False)
        told[proxy] = (desk.status_code, token.is_success)
    assert told == {served.passing: (401, True), served.stripping: (404, False)}

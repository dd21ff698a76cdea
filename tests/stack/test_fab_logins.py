"""With the FAB auth manager, which Airflow's official chart uses: who may read and act at the desk, by real logins."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from deploy.ports import free_port
from tests.stack.fab import PASSWORD, add_users, environment, install, is_installed_by_default
from tests.stack.further_server import further_api_server
from tests.stack.held_credit import hold_credit
from tests.stack.operator import PATIENCE, Operator

pytestmark = [pytest.mark.more, pytest.mark.own_airflow]
HERE = {"Sec-Fetch-Site": "same-origin"}
ROLES = ("Public", "Viewer", "User", "Op", "Admin")


@dataclass(frozen=True)
class Fab:
    """An api-server with the FAB auth manager, and a held credit."""

    address: str
    credit: str

    def token(self, user: str) -> str:
        login = {"username": user, "password": PASSWORD.format(user)}
        answer = httpx.post(f"{self.address}/auth/token", json=login, timeout=PATIENCE, trust_env=False)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["access_token"])

    def ask(self, user: str, method: str, path: str, **parameters) -> httpx.Response:
        headers = HERE | {"Authorization": f"Bearer {self.token(user)}"}
        place = f"{self.address}/incident-desk{path}"
        return httpx.request(method, place, headers=headers, timeout=PATIENCE, trust_env=False, **parameters)

    def act(self, user: str, name: str, **order: str) -> tuple[int, str]:
        path = f"/api/v1/acts/credit/{self.credit}/{name}"
        answer = self.ask(user, "POST", path, json={"reason": "tried"} | order)
        return answer.status_code, answer.text


@pytest.fixture(scope="module")
def fab(operator: Operator) -> Iterator[Fab]:
    folder, stack, port = install(), operator.stack, free_port()
    add_users(stack, folder, *ROLES)
    base_url, settings = f"http://127.0.0.1:{port}", environment(stack, folder)
    with further_api_server(stack, "fab", port=port, base_url=base_url, environment=settings) as address:
        yield Fab(address, hold_credit(operator.use_cases, "FAB"))


def test_the_default_installation_does_not_need_the_provider() -> None:
    assert not is_installed_by_default()


def test_a_login_at_the_form_of_fab_opens_the_desk(fab: Fab) -> None:
    with httpx.Client(base_url=fab.address, timeout=PATIENCE, trust_env=False) as browser:
        assert browser.get("/incident-desk/").status_code == 401
        form = browser.get("/auth/login/", follow_redirects=True)
        [token] = set(re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', form.text))
        login = {"username": "viewer", "password": PASSWORD.format("viewer"), "csrf_token": token}
        assert browser.post(str(form.url), data=login).status_code in {302, 303}
        assert "Incident desk" in browser.get("/incident-desk/").text


def test_roles_of_fab_decide_who_reads_and_who_acts(fab: Fab) -> None:
    for path in ("/", "/api/v1/incidents"):
        assert fab.ask("public", "GET", path).status_code == 403
        assert fab.ask("viewer", "GET", path).status_code == 200
    assert fab.act("viewer", "enter", amount="1.00")[0] == 403
    assert fab.act("user", "enter", amount="6000.00")[0] == 200
    for user, upto in (("user", "entered or claimed"), ("op", "up to 5000.00 EUR as op")):
        status, said = fab.act(user, "approve")
        assert (status, upto in said) == (409, True), said
    status, said = fab.act("admin", "approve")
    assert status == 200, said


def test_a_report_at_the_desk_starts_a_run_with_the_rights_of_its_login(fab: Fab, operator: Operator) -> None:
    said = {"customer": "FAB-C", "service": "FAB-S", "symptom": "slow", "description": "Slow again."}
    said |= {"observed_from": "2026-11-01T08:00", "impact": "2", "urgency": "2", "external_reference": "FAB-REPORT"}
    assert fab.ask("viewer", "POST", "/new", data=said).status_code == 403
    assert fab.ask("user", "POST", "/new", data=said).status_code == 303
    assert operator.stack.api.run("sla_violation", "incident.FAB-REPORT")["conf"]["customer"] == "FAB-C"

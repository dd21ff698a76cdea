"""With real logins, Airflow's roles decide who may approve what, at the desk and in its API."""

import json
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest
from sqlalchemy import insert

from benchmarks.leading import step_named
from deploy.stack.rest import StackApi
from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services import UseCases
from tests.real_airflow import OPERATOR, USER, VIEWER
from tests.reference.walk import next_step
from tests.services.sample import CONTRACT
from tests.stack.operator import PATIENCE, Operator

pytestmark = pytest.mark.more
DESK = "/incident-desk"
HERE = {"Sec-Fetch-Site": "same-origin"}


def subscribe(use_cases: UseCases) -> None:
    """Add a customer of whose service nothing is measured, so that a person must name what is credited."""
    now = datetime.now(UTC)
    agreement = {"id": "LIMIT-AG", "customer": "LIMIT-C", "service": "LIMIT-S", "contract": "limit-line"}
    agreement |= {"contract_version": "1", "starts": date(2020, 1, 1), "monthly_charge": 1_000_000}
    with use_cases.work.database.write() as connection:
        load_contract(connection, CONTRACT.replace("city-internet", "limit-line"), name="limit-line", now=now)
        customer = {"id": "LIMIT-C", "name": "Lim", "locale": "en", "protected": False}
        connection.execute(insert(t.customers), [customer])
        connection.execute(insert(t.billing_accounts), [{"id": "LIMIT-A", "customer": "LIMIT-C", "currency": "EUR"}])
        connection.execute(insert(t.services), [{"id": "LIMIT-S", "name": "Line", "kind": "line"}])
        connection.execute(insert(t.agreements), [agreement | {"currency": "EUR", "account": "LIMIT-A"}])


@pytest.fixture(scope="module")
def held(operator: Operator) -> str:
    """Lead an incident to its end beside Airflow; return the reference of its credit."""
    subscribe(operator.use_cases)
    conf = {"customer": "LIMIT-C", "service": "LIMIT-S", "symptom": "slow", "description": "Slow."}
    conf |= {"observed_from": (datetime.now(UTC) - timedelta(hours=2)).isoformat()}
    operator.use_cases.incidents.accept(conf, run_id="limits", origin="test")
    while step := next_step(operator.use_cases, "limits"):
        operator.use_cases.incidents.perform(step_named(step), run_id="limits")
    [waiting] = [one for one in operator.use_cases.credits.waiting() if one.customer == "LIMIT-C"]
    return waiting.reference


@pytest.fixture(scope="module")
def tokens(operator: Operator) -> dict[str, str]:
    passwords = json.loads(operator.stack.login_file.read_text(encoding="utf-8"))
    found = {}
    for user in (operator.stack.user, VIEWER, USER, OPERATOR):
        with StackApi(operator.stack.address, user=user, password=passwords[user]) as api:
            found[user] = api.token()
    return found


class Logins:
    """The desk's pages and its API, opened with a login of Airflow's."""

    def __init__(self, operator: Operator, tokens: dict[str, str], credit: str) -> None:
        self._at, self._tokens, self._credit = operator.stack.address + DESK, tokens, credit

    def page(self, user: str, name: str, **order: str) -> tuple[int, str]:
        cookie = HERE | {"Cookie": f"_token={self._tokens[user]}"}
        path = f"{self._at}/acts/credit/{self._credit}/{name}"
        answer = httpx.post(path, data={"reason": "tried"} | order, headers=cookie, timeout=PATIENCE, trust_env=False)
        return answer.status_code, " ".join(answer.text.split())

    def api(self, user: str, name: str, **order: str) -> tuple[int, str]:
        bearer = HERE | {"Authorization": f"Bearer {self._tokens[user]}"}
        path = f"{self._at}/api/v1/acts/credit/{self._credit}/{name}"
        answer = httpx.post(path, json={"reason": "tried"} | order, headers=bearer, timeout=PATIENCE, trust_env=False)
        return answer.status_code, answer.text


def test_limits_hold_for_the_roles_of_real_logins(operator: Operator, tokens: dict[str, str], held: str) -> None:
    logins = Logins(operator, tokens, held)
    admin = operator.stack.user
    for act in (logins.page, logins.api):
        assert act(VIEWER, "enter", amount="1.00")[0] == 403
        assert act(USER, "enter", amount="6000.00")[0] in {200, 303}
        for user, upto in ((USER, "entered or claimed"), (OPERATOR, "up to 5000.00 EUR as op")):
            status, said = act(user, "approve")
            assert (status, upto in said) == (409, True), said
        assert act(OPERATOR, "enter", amount="501.00")[0] in {200, 303}
        for user, upto in ((OPERATOR, "entered or claimed"), (USER, "up to 500.00 EUR as user")):
            status, said = act(user, "approve")
            assert (status, upto in said) == (409, True), said
        assert act(VIEWER, "approve")[0] == 403
        refused = operator.sla("credit", "approve", held, "--by", OPERATOR.upper(), "--reason", "tried")
        assert (refused.returncode, "entered or claimed" in refused.stderr) == (1, True)
    status, said = logins.api(admin, "approve")
    assert status == 200, said
    [told] = [one for one in operator.use_cases.credits.waiting() if one.reference == held]
    assert (told.state, str(told.amount)) == ("to_be_paid_out", "501.00 EUR")

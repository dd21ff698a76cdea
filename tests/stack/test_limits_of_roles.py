"""With real logins, Airflow's roles decide who may approve what, at the desk and in its API."""

import json

import httpx
import jwt
import pytest

from deploy.stack.rest import StackApi
from tests.real_airflow import OPERATOR, USER, VIEWER
from tests.stack.held_credit import hold_credit
from tests.stack.operator import PATIENCE, Operator

pytestmark = pytest.mark.more
DESK = "/incident-desk"
HERE = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
def held(operator: Operator) -> str:
    """Name the credit of an incident."""
    return hold_credit(operator.use_cases, "LIMIT")


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


def test_a_signed_token_with_a_role_that_airflow_does_not_know_is_refused(
    operator: Operator, tokens: dict[str, str], held: str
) -> None:
    known = tokens[VIEWER]
    claims = jwt.decode(known, options={"verify_signature": False}) | {"role": "ghost"}
    secret = operator.stack.environment["AIRFLOW__API_AUTH__JWT_SECRET"]
    ghost = jwt.encode(claims, secret, jwt.get_unverified_header(known)["alg"])
    logins = Logins(operator, {"ghost": ghost}, held)
    for act in (logins.page, logins.api):
        status, said = act("ghost", "approve")
        assert (status, "does not know the role" in said) == (403, True), said


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

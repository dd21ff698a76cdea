"""Airflow's own login before every route of the desk: without a login, as a viewer, as an administrator."""

import json
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from deploy.stack.rest import StackApi
from include.sla_logic.persistence.schema.columns import metadata
from include.sla_logic.sample_data import Sample
from include.sla_logic.web import Caller, build_desk
from include.sla_logic.web.security import HEADERS
from tests.real_airflow import VIEWER
from tests.stack.operator import PATIENCE, Operator
from tests.web.walks import CHANGING, FILLED, READING, SENDING, pattern, routes_of

pytestmark = pytest.mark.more

DESK = "/incident-desk"
HERE = {"Sec-Fetch-Site": "same-origin"}
NOWHERE = FILLED | {"reference": "TT-999999", "run_id": "nobody", "number": "0", "service": "S-999"}
NOWHERE |= {"subject": "TT-999999"}
OFTEN = {200, 404, 422}
SCHEDULED = ["sla_backlog", "sla_collect", "sla_housekeeping", "sla_settlement"]
READS = {pattern(one).format_map(NOWHERE): status for one, status in READING.items()}
CHANGES = {pattern(one).format_map(NOWHERE): status for one, (status, _sent) in CHANGING.items()}


@pytest.fixture(scope="module")
def walked() -> list[tuple[str, str]]:
    """Take every route from the desk itself, so that a new one is walked too."""

    async def never_asked() -> Caller:
        raise AssertionError("the routes are only listed")

    app = build_desk(lambda: None, reader=never_asked, writer=never_asked)
    routes = sorted(routes_of(app) - SENDING)  # these take no login: tests/alarms/test_webhook.py
    return [tuple(route.format_map(NOWHERE).split(" ", 1)) for route in routes]


@pytest.fixture(scope="module")
def tokens(operator: Operator) -> dict[str, str]:
    passwords = json.loads(operator.stack.login_file.read_text(encoding="utf-8"))
    found = {}
    for user in (operator.stack.user, VIEWER):
        with StackApi(operator.stack.address, user=user, password=passwords[user]) as api:
            found[user] = api.token()
    return found


@pytest.fixture(scope="module")
def browser(operator: Operator) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=operator.stack.address, timeout=PATIENCE, trust_env=False) as client:
        yield client


def kept(operator: Operator) -> dict[str, list[object]]:
    with operator.use_cases.work.database.read() as connection:
        tables = [table for table in metadata.sorted_tables if table.name != "installation"]  # it beats each minute
        return {table.name: connection.execute(select(table)).all() for table in tables}


def ask(client: httpx.Client, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    sent = {"json": {"reason": "tried"}} if "api/" in path else {"data": {"reason": "tried", "owner": "customer"}}
    return client.request(method, DESK + path, headers=HERE | headers, **(sent if method in {"POST", "PATCH"} else {}))


@pytest.fixture(scope="module")
def unscheduled(operator: Operator) -> Iterator[None]:
    """Let no scheduled DAG change the database while it is compared: settlement runs soon after the start."""
    operator.pause(*SCHEDULED)
    yield
    operator.resume(*SCHEDULED)


def has_headers(answer: httpx.Response) -> bool:
    """Tell whether the answer has every header; an error of Airflow's own login comes through the desk as well."""
    names = [name for name in HEADERS if name != "Content-Security-Policy"]
    return (
        answer.headers["content-security-policy"].startswith("default-src 'none'")
        and {name: answer.headers[name] for name in names} == {name: HEADERS[name] for name in names}
    )  # fmt: skip


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Cookie": "_token=nonsense"}])
def test_airflow_admits_no_caller_without_a_login(browser, walked, headers) -> None:
    assert len(walked) > 20
    for method, path in walked:
        answer = ask(browser, method, path, headers)
        assert answer.status_code in ({401} if not headers else {401, 403}), (method, path)
        assert has_headers(answer), (method, path)
    broken = {"Content-Type": "application/json"} | HERE | headers
    answer = browser.post(f"{DESK}/api/v1/acts/ticket/TT-1/hold", content=b"{", headers=broken)
    assert answer.status_code in {401, 403}


@pytest.mark.usefixtures("unscheduled")
def test_a_viewer_of_airflow_reads_and_changes_nothing(browser, walked, tokens, operator: Operator) -> None:
    before = kept(operator)
    for headers in ({"Authorization": f"Bearer {tokens[VIEWER]}"}, {"Cookie": f"_token={tokens[VIEWER]}"}):
        for method, path in walked:
            answer = ask(browser, method, path, headers)
            read = READS.get(f"{method} {path}")
            assert answer.status_code in ({403} if read is None else OFTEN | {read}), (method, path)
            assert has_headers(answer), (method, path)
    assert kept(operator) == before
    page = ask(browser, "GET", "/", {"Cookie": f"_token={tokens[VIEWER]}"}).text
    assert "reading only" in page
    assert "/acts/" not in page


@pytest.mark.usefixtures("unscheduled")
def test_an_administrator_is_let_in_and_other_sites_are_not(
    browser, walked, tokens, operator: Operator, teleco: Sample
) -> None:
    token = tokens[operator.stack.user]
    for method, path in walked:
        answer = ask(browser, method, path, {"Authorization": f"Bearer {token}"})
        usual = (READS | CHANGES).get(f"{method} {path}", 200)
        assert answer.status_code in OFTEN | {usual}, (method, path, answer.text)
        assert has_headers(answer)
    before = kept(operator)
    report = teleco.notifications["premium"].model_dump(mode="json", exclude_none=True, exclude={"parameters"})
    cookie = {"Cookie": f"_token={token}"}
    for site in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
        for path in ("/new", "/acts/ticket/TT-000001/hold"):
            answer = browser.post(DESK + path, data=report | {"reason": "forged"}, headers=cookie | site)
            assert answer.status_code == 403, (path, site)
            assert has_headers(answer)
    assert kept(operator) == before

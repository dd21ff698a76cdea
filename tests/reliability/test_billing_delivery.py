"""Credits that leave by HTTP: one posting for each key, whatever the billing system answers or fails to answer."""

import base64
from collections.abc import Iterator

import pytest

from include.sla_logic.gateways.billing.client import (
    UnableToPostCredit,
    UnableToReachBilling,
    UnableToReadPostings,
    UnableToUseBilling,
)
from include.sla_logic.gateways.billing.postings import UnableToConfirmCredit
from include.sla_logic.gateways.billing.profiles import list_postings, post_credit
from include.sla_logic.gateways.billing.tmf678 import rate_of
from include.sla_logic.settings import BillingSystem, Settings, UnableToReadSettings
from tests.faults.outside import Billing

PAYLOAD = {
    "credit": "TT-000001:latency:20261101",
    "account": "A-1",
    "amount": "12.34",
    "currency": "EUR",
    "type": "appliedBillingCredit",
}
KEY = "0a1b2c3d:billing:TT-000001:latency:20261101"
ANSWER = {"posting": "ACBR-0", "href": "/x", "account": "A-1", "amount": "12.34", "currency": "EUR"}


@pytest.fixture
def billing() -> Iterator[Billing]:
    server = Billing()
    yield server
    server.close()


def post(billing: Billing, *, timeout: float = 60, **changes: str):
    system = BillingSystem(f"http://127.0.0.1:{billing.port}/tmf-api/", timeout=timeout)
    return post_credit(PAYLOAD | changes, key=KEY, system=system, sent_before=True)


def test_a_credit_is_posted_as_tmf678_has_it_and_the_answer_is_kept(billing):
    assert post(billing) == ANSWER
    assert billing.postings == {KEY: ("A-1", "12.34", "EUR")}


@pytest.mark.parametrize("trouble", ["down", "error", "busy", "conflict", "forgetful", "broken_off", "babbling"])
def test_whatever_the_trouble_the_same_key_brings_one_posting_in_the_end(billing, trouble):
    billing.be(trouble)
    with pytest.raises(UnableToReachBilling, match=r"billing system http://127\.0\.0\.1"):
        post(billing)
    billing.be(None)
    assert post(billing)["posting"] == "ACBR-0"
    assert billing.postings == {KEY: ("A-1", "12.34", "EUR")}
    assert billing.contradictions == []


def test_a_slow_answer_is_no_answer(billing, monkeypatch):
    monkeypatch.setattr("tests.faults.outside.SLOW_SECONDS", 2)
    billing.be("slow")
    with pytest.raises(UnableToReachBilling, match="ReadTimeout"):
        post(billing, timeout=0.2)


def test_what_the_answer_does_not_say_is_read_back(billing):
    billing.tells = False
    assert post(billing) == ANSWER


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize(
    ("other", "has"),
    [
        ({"account": "A-2"}, "account A-1 instead of A-2"),
        ({"amount": "12.35"}, "amount 12.34 instead of 12.35"),
        ({"currency": "CHF"}, "currency EUR instead of CHF"),
        ({"type": "appliedBillingCharge"}, "type appliedBillingCredit instead of appliedBillingCharge"),
    ],
)
def test_an_answer_about_another_posting_is_no_acknowledgement(billing, tells, other, has):
    post(billing)
    billing.tells = tells
    with pytest.raises(UnableToConfirmCredit, match=has):
        post(billing, **other)


@pytest.mark.parametrize(
    ("gap", "says"), [("billingAccount", "the account of"), ("taxExcludedAmount", "the amount and currency of")]
)
def test_what_the_billing_system_never_says_is_not_taken_as_said(billing, gap, says):
    post(billing)
    del billing.bodies[0][gap]
    with pytest.raises(UnableToReachBilling, match=says):
        post(billing)


def test_a_billing_system_that_lets_nothing_be_read_back_has_confirmed_nothing(billing):
    billing.tells = False
    post(billing)
    billing.bodies.clear()
    with pytest.raises(UnableToReachBilling, match="reading back ACBR-0 gave 404"):
        post(billing)


def test_all_keys_are_listed_whatever_the_size_of_a_page(billing):
    system = BillingSystem(f"http://127.0.0.1:{billing.port}", timeout=60)
    keys = [f"k3:billing:TT-00000{n}:latency:20261101" for n in range(5)]
    for key in keys:
        post_credit(PAYLOAD, key=key, system=system, sent_before=False)
    assert [one.key for one in list_postings(system, ())] == keys
    for body in billing.bodies:  # as releases before this one had posted it
        body["externalId"] = body.pop("characteristic")[0]["value"]
    assert [one.key for one in list_postings(system, ())] == keys
    billing.be("down")
    with pytest.raises(UnableToReadPostings):
        list_postings(system, ())


def test_a_billing_system_that_lists_nothing_says_so(httpserver_answers):
    with pytest.raises(UnableToReadPostings, match="501"):
        list_postings(httpserver_answers(201), ())


def test_an_amount_that_json_cannot_say_is_refused_for_good(billing):
    with pytest.raises(UnableToPostCredit, match="without loss"):
        post(billing, amount="12345678901234567890.01")


@pytest.mark.parametrize("code", [400, 422])
def test_what_the_billing_system_will_never_accept_is_refused_for_good(httpserver_answers, code):
    with pytest.raises(UnableToPostCredit, match=str(code)):
        post_credit(PAYLOAD, key=KEY, system=httpserver_answers(code), sent_before=False)


@pytest.mark.parametrize("code", [301, 404, 405, 501])
def test_an_address_that_takes_no_posting_is_told_at_once(httpserver_answers, code):
    with pytest.raises(UnableToUseBilling, match=f"{code}.*an extension, TMF678 itself does not have it"):
        post_credit(PAYLOAD, key=KEY, system=httpserver_answers(code), sent_before=False)


def test_the_body_of_the_extension_is_a_rate_of_tmf678_v5(shared_data):
    import yaml
    from jsonschema import Draft202012Validator

    schemas = yaml.load((shared_data / "tmforum" / "tmf678v5.yaml").read_bytes(), yaml.CSafeLoader)["components"][
        "schemas"
    ]
    body = rate_of(PAYLOAD, KEY)

    def faults(name, value):
        schema = {"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}}
        return [error.message for error in Draft202012Validator(schema).iter_errors(value)]

    [mark] = body["characteristic"]
    assert faults("AppliedCustomerBillingRate", body) == faults(mark["@type"], mark) == []
    known = set().union(*(part.get("properties", {}) for part in schemas["AppliedCustomerBillingRate"]["allOf"]))
    assert set(body) - known == {"@type"}
    assert faults("AppliedCustomerBillingRate", body | {"billingAccount": {"id": "A-1"}}) != []


def test_login_and_token_are_sent_and_never_shown(httpserver_answers):
    system = httpserver_answers(201, login="teleco", password="geheim")
    with pytest.raises(UnableToReachBilling):
        post_credit(PAYLOAD, key=KEY, system=system, sent_before=False)
    assert httpserver_answers.headers["Authorization"] == "Basic " + base64.b64encode(b"teleco:geheim").decode()
    assert httpserver_answers.headers["Idempotency-Key"] == f'"{KEY}"'
    assert "geheim" not in repr(system)


@pytest.fixture
def httpserver_answers():
    """Make a server that answers every posting with one code and nothing else."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    servers = []

    class Maker:
        headers: object = None

        def __call__(self, code: int, **options: str) -> BillingSystem:
            maker = self

            class Handler(BaseHTTPRequestHandler):
                def log_message(self, *_: object) -> None:
                    pass

                def do_POST(self) -> None:
                    maker.headers = self.headers
                    self.rfile.read(int(self.headers["Content-Length"]))
                    self.send_response(code)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            servers.append(server)
            return BillingSystem(f"http://127.0.0.1:{server.server_port}", timeout=60, **options)

    yield Maker()
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_environment_names_the_billing_system():
    given = {"TELECO_DB_URL": "sqlite:////x", "TELECO_BILLING_URL": "https://me:p%40ss@billing.example:8443/tmf"}
    assert Settings.from_environment(given).billing == BillingSystem("https://billing.example:8443/tmf", "me", "p@ss")


@pytest.mark.parametrize("url", ["ftp://billing", "billing.example", "http://x:port"])
def test_an_address_that_means_nothing_is_refused(url):
    with pytest.raises(UnableToReadSettings, match="TELECO_BILLING_URL"):
        Settings.from_environment({"TELECO_DB_URL": "sqlite:////x", "TELECO_BILLING_URL": url})

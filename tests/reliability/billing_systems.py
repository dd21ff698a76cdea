"""Kill Bill and Lago on loopback, with the paths, fields and refusals of their own API descriptions."""

import json
import re
import threading
from decimal import ROUND_DOWN, Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

from include.sla_logic.settings import BillingProfile, BillingSystem

Answer = tuple[int, Any]
_REFUSALS = {"error": 500, "busy": 429, "away": 503}


class StandIn:
    """A billing system that keeps what it accepts.

    `trouble` of a posting: 'error', 'busy' and 'away' (nothing done), 'forgetful' (posts, then 500), 'broken_off'
    (posts, then nothing), 'babbling' (posts, answers no JSON). `hides` is the status of a list of postings.
    """

    def __init__(self) -> None:
        self.trouble: str | None = None
        self.hides: int | None = None
        self.without: str | None = None  # a field that its lists do not have
        self.requests: list[tuple[str, str, Any]] = []
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_GET(self) -> None:
                self._serve(None)

            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"]))
                self._serve(json.loads(text, parse_float=Decimal))

            def _serve(self, body: Any) -> None:
                place = urlsplit(self.path)
                stand_in.requests.append((self.command, self.path, body))
                trouble = stand_in.trouble if self.command == "POST" else None
                if trouble in _REFUSALS:
                    return self._answer(_REFUSALS[trouble], {"message": "not now"})
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = stand_in.answer(place.path, dict(parse_qsl(place.query)), headers, body)
                if trouble == "broken_off":
                    self.close_connection = True
                    return None
                if trouble == "babbling":
                    return self._write(200, b"<html>thanks")
                return self._answer(*((500, {"message": "oops"}) if trouble == "forgetful" else answer))

            def _answer(self, status: int, body: Any) -> None:
                self._write(status, json.dumps(body, default=float).encode())

            def _write(self, status: int, text: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str], body: Any) -> Answer:
        raise NotImplementedError

    def _shown(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name != self.without}

    @property
    def postings(self) -> int:
        """Return how many requests wanted to post something."""
        return sum(method == "POST" for method, _, _ in self.requests)


class KillBillStandIn(StandIn):
    """POST /1.0/kb/credits, GET /1.0/kb/accounts?externalKey= and GET /1.0/kb/accounts/ID/invoices."""

    def __init__(self) -> None:
        super().__init__()
        self.accounts = {name: (str(uuid4()), currency) for name, currency in (("A-1", "EUR"), ("A-2", "JPY"))}
        self.invoices: list[dict[str, Any]] = []

    def system(self, **changes: Any) -> BillingSystem:
        given: dict[str, Any] = {"api_key": "bob", "api_secret": "lazar", "timeout": 60}
        return BillingSystem(self.url, "admin", "password", profile=BillingProfile.KILL_BILL, **(given | changes))

    def held(self) -> list[tuple[str, Decimal, str, str]]:
        """Return account, amount, currency and key of each credit."""
        names = {number: name for name, (number, _) in self.accounts.items()}
        items = [item for invoice in self.invoices for item in invoice["items"] if item["itemType"] == "CREDIT_ADJ"]
        return [(names[one["accountId"]], -one["amount"], one["currency"], one["itemDetails"]) for one in items]

    def again(self) -> None:
        """Hold the last credit twice."""
        self.invoices.append(self.invoices[-1] | {"invoiceId": str(uuid4())})

    def alter(self, name: str, value: str) -> None:
        """Have another account, amount or currency in the last credit."""
        item = self.invoices[-1]["items"][0]
        self.accounts.setdefault("A-9", (str(uuid4()), "EUR"))
        if name == "account":
            item["accountId"] = self.accounts[value][0]
        else:
            item[name] = -Decimal(value) if name == "amount" else value

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str], body: Any) -> Answer:
        if not headers.get("authorization", "").startswith("Basic "):
            return 401, {"message": "Unauthorized"}
        if (headers.get("x-killbill-apikey"), headers.get("x-killbill-apisecret")) != ("bob", "lazar"):
            return 401, {"message": "Unauthorized"}
        if path == "/1.0/kb/accounts":
            return self._account(query.get("externalKey", ""))
        if path == "/1.0/kb/credits" and body is not None:
            return self._credit(body, headers, commit=query.get("autoCommit") == "true")
        if found := re.fullmatch(r"/1\.0/kb/accounts/([0-9a-f-]{36})/invoices", path):
            return self._listed(found[1], query)
        return 404, {"message": "HTTP 404 Not Found"}

    def _account(self, key: str) -> Answer:
        if key not in self.accounts:
            return _fault(404, "AccountApiException", 3003, f"Account does not exist for key {key}")
        number, currency = self.accounts[key]
        return 200, {"accountId": number, "externalKey": key, "currency": currency, "timeZone": "UTC"}

    def _credit(self, body: list[dict[str, Any]], headers: dict[str, str], *, commit: bool) -> Answer:
        [item] = body
        currency = dict(self.accounts.values()).get(item.get("accountId", ""))
        if "x-killbill-createdby" not in headers or "amount" not in item:
            return _fault(400, "IllegalArgumentException", None, "CreditJson creditAmount needs to be set")
        if currency is None:
            return _fault(404, "AccountApiException", 3002, "Account does not exist")
        if item["amount"] < 0:
            return _fault(400, "InvoiceApiException", 4211, "Credit amount needs to be positive")
        if item.get("currency", currency) != currency:
            return _fault(400, "InvoiceApiException", 4900, f"The currency should be {currency}")
        invoice = str(uuid4())
        both = {"accountId": item["accountId"], "invoiceId": invoice, "currency": currency, "linkedInvoiceItemId": None}
        more = {"invoiceItemId": str(uuid4()), "description": item.get("description"), "itemDetails": None}
        amount = Decimal(str(item["amount"]))
        credit = both | more | {"itemType": "CREDIT_ADJ", "amount": -amount, "itemDetails": item.get("itemDetails")}
        balance = both | more | {"invoiceItemId": str(uuid4()), "itemType": "CBA_ADJ", "amount": amount}
        status = "COMMITTED" if commit else "DRAFT"
        self.invoices.append(
            {"invoiceId": invoice, "status": status, "accountId": item["accountId"], "items": [credit, balance]}
        )
        return 201, [credit | {"amount": amount}]

    def _listed(self, account: str, query: dict[str, str]) -> Answer:
        if self.hides:
            return self.hides, {"message": "no"}
        whole = query.get("includeInvoiceComponents") == "true"
        return 200, [
            invoice | {"items": [self._shown(item) for item in invoice["items"]] if whole else []}
            for invoice in self.invoices
            if invoice["accountId"] == account
        ]


def _fault(status: int, kind: str, code: int | None, message: str) -> Answer:
    return status, {"className": f"org.killbill.billing.{kind}", "code": code, "message": message, "stackTrace": []}


class LagoStandIn(StandIn):
    """POST /api/v1/wallet_transactions, GET /api/v1/wallets and GET /api/v1/wallets/ID/wallet_transactions."""

    PAGE = 2

    def __init__(self) -> None:
        super().__init__()
        self.wallets: list[dict[str, Any]] = []
        self.transactions: list[dict[str, Any]] = []
        self.asked_for: dict[str, str] = {}  # the customer that is answered for, where it is another one
        self.open("A-1", "EUR")
        self.open("A-2", "JPY")

    def open(self, customer: str, currency: str, *, rate: str = "1.0", code: str = "sla") -> dict[str, Any]:
        wallet = {"lago_id": str(uuid4()), "external_customer_id": customer, "currency": currency}
        self.wallets.append(wallet | {"status": "active", "rate_amount": rate, "code": code})
        return self.wallets[-1]

    def system(self, **changes: Any) -> BillingSystem:
        given: dict[str, Any] = {"token": "secret", "profile": BillingProfile.LAGO, "timeout": 60}
        return BillingSystem(self.url, **(given | changes))

    def held(self) -> list[tuple[str, Decimal, str, str]]:
        """Return account, amount, currency and key of each credit."""
        wallets = {one["lago_id"]: one for one in self.wallets}
        return [
            (
                wallets[one["lago_wallet_id"]]["external_customer_id"],
                Decimal(one["amount"]),
                wallets[one["lago_wallet_id"]]["currency"],
                one["metadata"][0]["value"],
            )
            for one in self.transactions
        ]

    def again(self) -> None:
        """Hold the last credit twice."""
        self.transactions.append(self.transactions[-1] | {"lago_id": str(uuid4())})

    def alter(self, name: str, value: str) -> None:
        """Have another account, amount or currency in the last credit."""
        wallet = self.wallets[0]
        if name == "amount":
            self.transactions[-1]["amount"] = str(value)
        elif name == "currency":
            wallet["currency"] = value
        else:
            wallet["external_customer_id"] = value
            self.asked_for = {"A-1": value}

    def answer(self, path: str, query: dict[str, str], headers: dict[str, str], body: Any) -> Answer:
        if headers.get("authorization") != "Bearer secret":
            return 401, {"status": 401, "error": "Unauthorized"}
        if path == "/api/v1/wallets":
            asked = query["external_customer_id"]
            mine = [one for one in self.wallets if one["external_customer_id"] == self.asked_for.get(asked, asked)]
            return self._page("wallets", mine, query) if mine else _missing("customer_not_found")
        if path == "/api/v1/wallet_transactions" and body is not None:
            return self._granted(body["wallet_transaction"])
        if found := re.fullmatch(r"/api/v1/wallets/([0-9a-f-]{36})/wallet_transactions", path):
            if self.hides:
                return self.hides, {"status": self.hides}
            names = ("transaction_type", "transaction_status")
            mine = [one for one in reversed(self.transactions) if one["lago_wallet_id"] == found[1]]
            shown = [self._shown(one) for one in mine if all(query.get(name, one[name]) == one[name] for name in names)]
            return self._page("wallet_transactions", shown, query)
        return 404, {"status": 404, "error": "Not Found"}

    def _page(self, name: str, rows: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        number, size = int(query.get("page", 1)), min(self.PAGE, int(query.get("per_page", 20)))
        meta = {"current_page": number, "total_pages": -(-len(rows) // size), "total_count": len(rows)}
        return 200, {name: rows[(number - 1) * size : number * size], "meta": meta}

    def _granted(self, asked: dict[str, Any]) -> Answer:
        wallet = next((one for one in self.wallets if one["lago_id"] == asked.get("wallet_id")), None)
        if wallet is None or wallet["status"] != "active":
            return _invalid("wallet_id", "wallet_not_found" if wallet is None else "wallet_is_terminated")
        if not re.fullmatch(r"[0-9]+.?[0-9]*", asked.get("granted_credits", "")):
            return _invalid("granted_credits", "invalid_amount")
        if any(len(one["key"]) > 20 or len(one["value"]) > 100 for one in asked.get("metadata", [])):
            return _invalid("metadata", "value_too_long")
        credits_ = Decimal(asked["granted_credits"]).quantize(Decimal("0.00001"), ROUND_DOWN)
        digits = Decimal(1).scaleb({"JPY": 0, "BHD": -3}.get(wallet["currency"], -2))
        transaction = {
            "lago_id": str(uuid4()),
            "lago_wallet_id": wallet["lago_id"],
            "status": "settled",
            "transaction_type": "inbound",
            "transaction_status": "granted",
            "amount": str((credits_ * Decimal(wallet["rate_amount"])).quantize(digits)),
            "credit_amount": str(credits_),
            "metadata": asked.get("metadata", []),
            "name": asked.get("name"),
        }
        self.transactions.append(transaction)
        return 200, {"wallet_transactions": [transaction]}


def _missing(code: str) -> Answer:
    return 404, {"status": 404, "error": "Not Found", "code": code}


def _invalid(field: str, code: str) -> Answer:
    details = {field: [code]}
    return 422, {"status": 422, "error": "Unprocessable Entity", "code": "validation_errors", "error_details": details}

"""The world outside: a mail server and a billing system that keep what they accept, and fail as they are told."""

import json
import socket
import threading
import time
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller

SLOW_SECONDS = 8
PAGE = 2  # postings in one answer
SENDER = "sla@teleco.example"


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


class Letter(NamedTuple):
    """What one mail says to whom."""

    to: str
    subject: str
    text: str

    @classmethod
    def of(cls, message: EmailMessage) -> "Letter":
        body = message.get_body(("plain", "html"))
        return cls(str(message["To"]), str(message["Subject"]), body.get_content() if body else "")


class Mailbox:
    """`trouble` is None, 'down', 'slow', 'later' (451), 'forgetful' (keeps the letter and then answers 451)."""

    def __init__(self) -> None:
        self.port = free_port()
        self.kept: Counter[str] = Counter()
        self.letters: dict[str, Letter] = {}
        self.trouble: str | None = None
        self._controller: Controller | None = None
        self.open()

    def open(self) -> None:
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=60)
        self._controller.start()

    def close(self) -> None:
        if self._controller:
            self._controller.stop()
            self._controller = None

    def be(self, trouble: str | None) -> None:
        """Fail from now on in this way."""
        if (trouble == "down") is not (self._controller is None):
            self.close() if trouble == "down" else self.open()
        self.trouble = trouble

    async def handle_DATA(self, *said: Any) -> str:  # noqa: N802 - the server's word
        message = message_from_bytes(said[-1].content, policy=policy.default)
        if self.trouble == "later":
            return "451 come back later"
        if self.trouble == "slow":
            time.sleep(SLOW_SECONDS)  # noqa: ASYNC251 - this server serves no other caller meanwhile
        identity = str(message["Message-ID"]).strip()  # a long one stands on a line of its own
        self.kept[identity] += 1
        self.letters[identity] = Letter.of(message)
        return "451 what was that?" if self.trouble == "forgetful" else "250 kept"


class Billing:
    """A TMF678 server: one posting for each Idempotency-Key.

    `trouble` is None, 'down', 'slow', 'error' (500), 'forgetful' (posts, then 500), 'broken_off' (posts, then nothing),
    'babbling' (posts, answers no JSON), 'busy' (429), 'conflict' (409).
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.postings: dict[str, tuple[str, str, str]] = {}
        self.requests: Counter[str] = Counter()
        self.contradictions: list[str] = []
        self.bodies: list[dict[str, Any]] = []  # as they were first posted
        self.tells = True  # what it has posted, in its answers
        self.trouble: str | None = None
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.open()

    def open(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def close(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def be(self, trouble: str | None) -> None:
        """Fail from now on in this way."""
        if (trouble == "down") is not (self._server is None):
            self.close() if trouble == "down" else self.open()
        self.trouble = trouble

    def post(self, key: str, body: dict[str, Any]) -> str:
        amount = body["taxExcludedAmount"]
        what = body["billingAccount"]["id"], str(amount["value"]), amount["unit"]
        with self._lock:
            self.requests[key] += 1
            if key not in self.postings:
                self.bodies.append(body | {"id": f"ACBR-{len(self.bodies)}", "href": "/x"})
            if self.postings.setdefault(key, what) != what:
                self.contradictions.append(key)
            return f"ACBR-{list(self.postings).index(key)}"

    def posted(self, number: str) -> dict[str, Any]:
        """Return a posting as the server knows it: the first that came under its key."""
        return next(body for body in self.bodies if body["id"] == number)


def _handler(billing: Billing) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - one server
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key, trouble = self.headers["Idempotency-Key"].strip('"'), billing.trouble
            refusal = {"error": 500, "busy": 429, "conflict": 409}.get(trouble or "")
            if refusal:
                return self._answer(refusal, b'{"reason": "not now"}')
            if trouble == "slow":
                time.sleep(SLOW_SECONDS)
            number = billing.post(key, body)
            if trouble == "broken_off":
                self.close_connection = True
                return None
            if trouble == "forgetful":
                return self._answer(500, b"oops")
            told = billing.posted(number) if billing.tells else {"id": number, "href": "/x"}
            return self._answer(201, b"<html>thanks" if trouble == "babbling" else json.dumps(told).encode())

        def do_GET(self) -> None:
            place = urlsplit(self.path)
            number = place.path.rpartition("/")[2]
            known = {body["id"]: body for body in billing.bodies}
            if number in known:
                return self._answer(200, json.dumps(known[number]).encode())
            if not number.startswith("appliedCustomerBillingRate"):
                return self._answer(404, b"{}")
            first = int(parse_qs(place.query).get("offset", ["0"])[0])
            return self._answer(200, json.dumps(billing.bodies[first : first + PAGE]).encode())

        def _answer(self, code: int, body: bytes) -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler

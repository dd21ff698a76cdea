"""An operator's network behind the API of docs/network.md: an HTTP server over a simulated network of its own.

What the product is told comes through HTTP alone: its operations database knows nothing of these resources.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import delete, update

from include.sla_logic.domain.network import Action
from include.sla_logic.gateways.simulated_network import SimulatedNetwork
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.database import Database, open_database
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.sample_data import Sample, load_sample
from include.sla_logic.services.gateways import gateways_of
from include.sla_logic.settings import NetworkSystem
from tests.faults.outside import free_port
from tests.sharing import migrate_as_use_cases_do

SLOW_SECONDS = 2
TOKEN = "let-me-in"
# What is answered instead of an answer: before anything is done, and after it was done.
BEFORE = {"error": 503, "busy": 429, "conflict": 409, "bad_request": 400, "unprocessable": 422, "elsewhere": 404}
KINDS = {
    ("GET", "services", 2): "state",
    ("POST", "services", 3): "measurements",
    ("POST", "orders", 1): "orders",
    ("GET", "orders", 2): "found",
}
AFTER = {"forgetful": 500, "gateway": 504}


_prepared: dict[tuple[int, bool], bytes] = {}


def sample_file(place: Path, sample: Sample, *, network: bool = True) -> str:
    """Write an SQLite database with the sample and return its URL; only the first of a kind is made of statements."""
    url, kind = f"sqlite:///{place}", (id(sample), network)
    if kind in _prepared:
        place.write_bytes(_prepared[kind])
        return url
    database = open_database(url)
    migrate_as_use_cases_do(database)
    with database.write() as connection:
        load_sample(connection, sample)
    if not network:
        forget_the_network(database)
    database.engine.dispose()
    _prepared[kind] = place.read_bytes()
    return url


def forget_the_network(database: Database) -> None:
    """Leave an operations database without any resource: only the network itself knows them."""
    with database.write() as connection:
        connection.execute(update(t.outages).values(fault=None))
        for table in (t.resource_faults, t.alarms, t.topology, t.resources):
            connection.execute(delete(table))


class PlayedNetwork:
    """Keeps every order and what became of it; restarts keep it too, on the same port.

    `trouble` is None, 'down', 'slow', 'drip', 'moved' (302), one of BEFORE and AFTER, 'broken_off' (does it, then
    nothing), 'babbling' (does it, answers no JSON), 'running' (202: does it later), 'old' (measured before the order).
    With `only` it concerns one of 'state', 'measurements', 'orders' and 'found' (an order looked up by its key), with
    `times` is how many requests, with `about` those whose path or key contains it. `instead` replaces the body of each
    answer, `meanwhile` is called within each request.
    """

    def __init__(self, folder: Path, sample: Sample, now: Callable[[], datetime]) -> None:
        self.port, self.now = free_port(), now
        self.database = open_database(sample_file(folder / "network.db", sample), clock=now)
        self.requests: Counter[str] = Counter()
        self.posted: Counter[str] = Counter()  # by key: how often an order has arrived
        self.carried_out: Counter[str] = Counter()  # by key: how often it was done
        self.trouble: str | None = None
        self.only: str | None = None
        self.about = ""
        self.times: int | None = None
        self.instead: Callable[[Any], Any] | None = None
        self.meanwhile: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/network"

    def system(self, *, timeout: float = 60, token: str | None = TOKEN) -> NetworkSystem:
        return NetworkSystem(self.url, token=token, timeout=timeout)

    def open(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), type("Handler", (_Handler,), {"network": self}))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def be(self, trouble: str | None, *, only: str | None = None, times: int | None = None, about: str = "") -> None:
        """Fail from now on in this way."""
        if (trouble == "down") is not (self._server is None):
            self.close() if trouble == "down" else self.open()
        self.trouble, self.only, self.times, self.about = trouble, only, times, about

    def trouble_with(self, kind: str, about: str) -> str | None:
        """Return the trouble that this request meets."""
        with self._lock:
            self.requests[kind] += 1
            if self.trouble is None or self.only not in {None, kind} or self.times == 0 or self.about not in about:
                return None
            self.times = None if self.times is None else self.times - 1
            return self.trouble

    def answer(self, method: str, path: list[str], body: dict[str, Any], *, trouble: str | None) -> tuple[int, Any]:
        """Do what is asked, in one transaction of the network's own."""
        with self._lock, self.database.write() as connection:
            network = SimulatedNetwork(Batch(connection, [], self.now(), gateways_of(lambda: "simulated")), list)
            match (method, *path):
                case ("GET", "services", service):
                    said = _state(network, service)
                case ("POST", "services", service, "measurements"):
                    said = _measured(network, service, late=timedelta(seconds=1 if trouble == "old" else 0))
                case ("POST", "orders"):
                    said = self._order(network, body, running=trouble == "running")
                case ("GET", "orders", key):
                    said = self._find(network, key, running=trouble == "running")
                case _:
                    said = 404, {"reason": "no such path"}
            network.flush()
            return said

    def _order(self, network: SimulatedNetwork, body: dict[str, Any], *, running: bool) -> tuple[int, Any]:
        key = body["key"]
        self.posted[key] += 1
        if running:
            return 202, {"key": key}
        before = len(network._ordered)
        result = network.undertake(Action(body["action"]), body["resource"], order=key)
        self.carried_out[key] += len(network._ordered) - before
        return 201, {"key": key, **result.model_dump(mode="json")}

    def _find(self, network: SimulatedNetwork, key: str, *, running: bool) -> tuple[int, Any]:
        if running and self.posted[key]:
            return 202, {"key": key}
        known = network._load_orders([key])[key]
        return (404, {}) if known is None else (200, {"key": key, **known.model_dump(mode="json")})


def _state(network: SimulatedNetwork, service: str) -> tuple[int, Any]:
    return 200, {
        "resources": [one.model_dump(mode="json") for one in network.resources(service)],
        "alarms": [one.model_dump(mode="json") for one in network.alarms(service)],
    }


def _measured(network: SimulatedNetwork, service: str, *, late: timedelta) -> tuple[int, Any]:
    measured = [one.model_dump(mode="json") for one in network.probe(service)]
    for one in measured:
        one["taken_at"] = (datetime.fromisoformat(one["taken_at"]) - late).isoformat()
    return 200, {"measurements": measured}


class _Handler(BaseHTTPRequestHandler):
    network: PlayedNetwork

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "{}")
        root, *path = [unquote(part) for part in self.path.split("/")[1:]]
        if root != "network" or self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._say(401 if root == "network" else 404, b"{}")
        if path == ["orders"] and self.headers["Idempotency-Key"] != f'"{body["key"]}"':
            return self._say(400, b'{"reason": "the header says another key"}')
        trouble = self.network.trouble_with(KINDS[method, path[0], len(path)], "/".join((*path, body.get("key", ""))))
        if self.network.meanwhile:
            self.network.meanwhile()
        if trouble in BEFORE:
            return self._say(BEFORE[trouble], b'{"reason": "not \x07 so"}')
        if trouble == "moved":
            return self._say(302, b"")
        if trouble == "slow":
            time.sleep(SLOW_SECONDS)
        status, answer = self.network.answer(method, path, body, trouble=trouble)
        answer = self.network.instead(answer) if self.network.instead else answer
        return self._answer(trouble, status, json.dumps(answer).encode())

    def _answer(self, trouble: str | None, status: int, said: bytes) -> None:
        if trouble == "broken_off":
            self.close_connection = True
            return
        if trouble == "drip":
            self._drip(said)
            return
        status = AFTER.get(trouble or "", status)
        self._say(status, b"<html>welcome" if trouble == "babbling" else said)

    def _drip(self, said: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        for byte in said:
            self.wfile.write(bytes([byte]))
            time.sleep(0.02)

    def _say(self, code: int, body: bytes) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

"""Listeners of partners: real HTTP servers on loopback that behave as they are told."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass
class Played:
    """What one listener was told, in its order, and what it answers: a status, or whatever a function does."""

    url: str = ""
    origin: str = ""
    told: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    answer: int = 204
    to: str = ""  # where a redirect leads
    behave: Callable[[BaseHTTPRequestHandler], bool] | None = None  # True: it has answered itself
    refuses: Callable[[dict[str, Any]], bool] = lambda _: False
    stopped: Event = field(default_factory=Event)

    @property
    def types(self) -> list[str]:
        """Return the types of what it has taken."""
        return [one["eventType"] for one in self.told]

    def of(self, ticket: str) -> list[str]:
        """Return what it was told of one ticket: the status, or the type where there is none."""
        mine = [one for one in self.told if one["correlationId"] == ticket]
        return [one["event"]["troubleTicket"].get("status", one["eventType"]) for one in mine]

    def drip(self, handler: BaseHTTPRequestHandler) -> bool:
        """Answer a letter at a time, and never come to an end."""
        for letter in "HTTP/1.1 204 No Content\r\n" + "X" * 10_000:
            if self.stopped.wait(0.05):
                break
            try:
                handler.wfile.write(letter.encode())
            except OSError:
                break
        return True


@contextmanager
def listening(context: Any = None) -> Iterator[Played]:
    """Listen until the end of the block; `context` is for TLS."""
    played = Played()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            played.paths.append(self.path)
            played.headers.append(dict(self.headers.items()))
            if played.behave is not None and played.behave(self):
                return
            status = 503 if played.refuses(body) else played.answer
            (played.told if 200 <= status < 300 else played.refused).append(body)
            self.send_response(status)
            if played.to:
                self.send_header("Location", played.to)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the name that the server calls

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            pass

    server = Server((LOOPBACK, 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    scheme = "http" if context is None else "https"
    played.origin = f"{scheme}://{LOOPBACK}:{server.server_port}"
    played.url = f"{played.origin}/listener"
    try:
        yield played
    finally:
        played.stopped.set()
        server.shutdown()
        server.server_close()
        thread.join()


def port_of(played: Played) -> int:
    """Return its port."""
    return int(played.origin.rpartition(":")[2])

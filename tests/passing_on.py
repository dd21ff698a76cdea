"""A small proxy on a loopback port, which passes on to a server of this machine what lies under a path."""

import threading
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPResponse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

OF_ONE_WAY = {"connection", "transfer-encoding", "content-length", "date", "server"}
PATIENCE = 600  # seconds for an answer on a machine with much else to do


class Proxy:
    """Passes host, path and body on as they come, as Airflow asks of a proxy; one that `strips` leaves out the path."""

    def __init__(self, path: str, *, to_port: int, strips: bool = False) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(path, to_port, strips=strips))
        self.address = f"http://127.0.0.1:{self._server.server_port}{path}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(under: str, to_port: int, *, strips: bool) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def handle(self) -> None:
            with suppress(ConnectionError):  # a browser that is closed says nothing
                super().handle()

        def do_GET(self) -> None:
            if not self.path.startswith(under):
                self.send_error(404)
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            with closing(HTTPConnection("127.0.0.1", to_port, timeout=PATIENCE)) as server:
                server.request(self.command, self._place(), body, dict(self.headers))
                answer = server.getresponse()
                said = answer.read()
            with suppress(ConnectionError):  # a page that was left reads no further
                self._answer(answer, said)

        def _answer(self, answer: HTTPResponse, said: bytes) -> None:
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in OF_ONE_WAY:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            self.wfile.flush()

        do_POST = do_PATCH = do_PUT = do_DELETE = do_GET  # noqa: N815 - the server's words

        def _place(self) -> str:
            return (self.path.removeprefix(under) or "/") if strips else self.path

    return Handler

"""The part of Airflow's REST API that the command line uses: one DAG, its runs, one variable."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.notebook import MemoryNotebook


class PlayedAirflow:
    """Serves from a thread; `runs` are the confs of what was started, `notebook` holds the variable."""

    def __init__(self) -> None:
        self.runs: dict[str, Any] = {}
        self.notebook = MemoryNotebook()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str) -> tuple[int, Any]:
        if "/variables/" in path:
            return (200 if self.notebook.text is not None else 404), {"value": self.notebook.text}
        if "/dagRuns" in path:
            return 200, {"dag_runs": []}
        return 200, {"is_paused": False}

    def take(self, path: str, sent: Any) -> tuple[int, Any]:
        if "/variables" in path:
            self.notebook.write(sent["value"])
            return 200, {}
        if sent["dag_run_id"] in self.runs:
            return 409, {}
        self.runs[sent["dag_run_id"]] = sent["conf"]
        return 200, {"dag_run_id": sent["dag_run_id"]}


def _handler(airflow: PlayedAirflow) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            self._answer(*airflow.answer(self.path))

        def do_POST(self) -> None:
            self._answer(*airflow.take(self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))

        do_PATCH = do_POST  # noqa: N815 - the server's word

        def _answer(self, code: int, body: object) -> None:
            said = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    return Handler

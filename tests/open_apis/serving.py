"""The product on a port of loopback, and prism between it and a client."""

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import sleep
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from tests.events.listeners import LOOPBACK, Played
from tests.open_apis.node_tools import ENVIRONMENT, NodeTools
from tests.open_apis.schemas import Definition
from tests.web.desk_sample import Sample, desk_of

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

DESK = "/incident-desk"
OPEN_APIS = f"{DESK}/tmf-api"
READY = re.compile(r"Prism is listening on (http://\S+)")


class _Logins:
    """Let `Authorization: Bearer partner` be the token of the sample's partner, and so on."""

    def __init__(self, app: "ASGIApp") -> None:
        self.app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        said = dict(scope.get("headers", ())).get(b"authorization", b"").removeprefix(b"Bearer ")
        await self.app({**scope, "headers": [*scope.get("headers", ()), (b"x-member", said)]}, receive, send)


@contextmanager
def serving(sample: Sample, listener: Played | None = None) -> Iterator[str]:
    """Serve a sample, with what a listener was told at `/told`; return the address."""
    app = FastAPI()
    app.get("/told")(lambda: [] if listener is None else listener.told)
    app.mount(DESK, desk_of(sample))
    with socket.socket() as taken:
        taken.bind((LOOPBACK, 0))
        server = uvicorn.Server(uvicorn.Config(_Logins(app), log_level="error", lifespan="off"))
        thread = Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
        thread.start()
        try:
            while thread.is_alive() and not server.started:
                sleep(0.05)
            assert server.started
            yield f"http://{LOOPBACK}:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def delivering(sample: Sample) -> Iterator[None]:
    """Send what waits in the outbox again and again, as housekeeping does each minute."""
    ended = Event()

    def deliver() -> None:
        while not ended.wait(0.2):
            sample.use_cases.outbox.deliver_events()

    thread = Thread(target=deliver, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def proxying(tools: NodeTools, description: Path, upstream: str, log: Path) -> Iterator[str]:
    """Let prism judge what goes to and fro: faults are in the header `sl-violations` of its answers."""
    words = [str(description), upstream, "--host", LOOPBACK, "--port", "0"]
    with (
        log.open("w") as writing,
        subprocess.Popen(
            tools.command("prism", "proxy", *words), stdout=writing, stderr=writing, env=ENVIRONMENT
        ) as process,
    ):
        try:
            while (ready := READY.search(log.read_text("utf-8"))) is None:
                assert process.poll() is None, log.read_text("utf-8")
                sleep(0.1)
            yield ready[1]
        finally:
            process.terminate()


def write_definition(shared_data: Path, name: str, folder: Path) -> Path:
    """Write a definition of TM Forum for prism, as it is to be read; skip where it is absent."""
    file = folder / "definition.json"
    file.write_text(json.dumps(Definition.of(shared_data, name).document), "utf-8")
    return file

"""A desk without Airflow, served for a browser."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from tests.web.desk_sample import Sample, desk_of


@contextmanager
def served(sample: Sample) -> Iterator[str]:
    """Serve the desk of a sample below a path, as Airflow does; the address ends when the block does."""
    with served_desk(desk_of(sample)) as address:
        yield address


@contextmanager
def served_desk(desk: ASGIApp) -> Iterator[str]:
    """Serve any desk like that."""
    app = Starlette(routes=[Mount("/incident-desk", desk)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/incident-desk"
    finally:
        server.should_exit = True
        thread.join()

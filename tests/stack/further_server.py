"""A further api-server beside a running stack, with settings of its own."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from signal import SIGTERM
from types import MappingProxyType
from urllib.parse import urlsplit

import httpx

from deploy.stack import AirflowStack

PATIENCE = 600


@contextmanager
def further_api_server(
    stack: AirflowStack, name: str, *, port: int, base_url: str, environment: Mapping[str, str] = MappingProxyType({})
) -> Iterator[str]:
    """Serve the stack's metadata a second time, as at `base_url`; return where it listens itself, with the path."""
    own = {"AIRFLOW__API__PORT": str(port), "AIRFLOW__API__BASE_URL": base_url, **environment}
    settings = [f"{option}={value}" for option, value in own.items()]
    components = stack.components
    components.start(name, ["env", *settings, str(stack.airflow), "api-server"])
    try:
        address = f"http://127.0.0.1:{port}{urlsplit(base_url).path.rstrip('/')}"
        end = time.monotonic() + PATIENCE
        while not _answers(address):
            assert name not in components.ended, components.log_tail(name)
            assert time.monotonic() < end, components.log_tail(name)
            time.sleep(0.3)
        yield address
    finally:
        if name in components.pids:
            components.kill(name, SIGTERM)
            components.wait_ended(name)
        components.ended.pop(name, None)


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/v2/version", timeout=10, trust_env=False).is_success
    except httpx.HTTPError:
        return False

"""Values in the addresses of the desk."""

import re
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request

_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")  # what an address holds as it is


def segment(text: str) -> str:
    """Write a text as one segment of an address.

    A colon stays: Airflow writes it out, and would load a page with another address in its frame a second time.
    """
    return text if _PLAIN.fullmatch(text) else quote(text, safe=":")


def query(values: dict[str, Any]) -> str:
    """Write these values as the query of an address, without the empty ones."""
    asked = {name: value for name, value in values.items() if value not in ("", None)}
    if all(map(_PLAIN.fullmatch, map(str, asked.values()))):  # as nearly all are
        return "&".join(f"{name}={value}" for name, value in asked.items())
    return urlencode(asked)


def airflow_root(request: Request) -> str | None:
    """Return the path below which Airflow is served, empty at the root of its host; None without Airflow."""
    desk = request.app.state.desk
    root = str(request.scope.get("root_path", "")).removesuffix(desk.prefix)
    return None if desk.airflow_dag is None else root


def login_address(request: Request) -> str | None:
    """Return the address of Airflow's login that leads back here; None without Airflow."""
    root = airflow_root(request)
    if root is None:
        return None
    # An address that takes a form is nothing to come back to.
    back = request.url.path if request.method == "GET" else request.scope.get("root_path", "") + "/"
    asked = f"?{request.url.query}" if request.method == "GET" and request.url.query else ""
    return f"{root}/api/v2/auth/login?{query({'next': back + asked})}"

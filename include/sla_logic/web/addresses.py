"""Values in the addresses of the desk."""

import re
from typing import Any
from urllib.parse import quote, urlencode

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

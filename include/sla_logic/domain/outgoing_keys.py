"""The keys under which things leave: each begins with the installation, so that two installations never share one.

A key that was made by an earlier release has no installation in it and stays as it was made.
"""

import re

_NAME = re.compile(r"(?:[0-9a-z-]+:)??((?:billing:|TT-|SP-).*)", re.DOTALL)


def outgoing_key(installation: str, name: str) -> str:
    """Return the key of a posting, an order or an event that has this name inside the installation."""
    return f"{installation}:{name}"


def name_in(key: str) -> str:
    """Return the name inside the installation, with or without an installation in the key."""
    found = _NAME.fullmatch(key)
    return found.group(1) if found else key

"""A notification as it is sent, in a file, a line or a request: JSON in UTF-8."""

import json
from typing import Any

from include.sla_logic.domain.errors import InvalidInputError

_OTHERS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)
_CURLED = "\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb"
_ONE = '{"customer": ..., "service": ..., ...}'


class UnableToReadNotification(InvalidInputError):
    """The notification is no JSON, or not one object with named fields; the message says what to send."""


def refuse_other_encodings(sent: bytes, *, name: str) -> None:
    """Raise `UnableToReadNotification` for a text that begins as UTF-16 or UTF-32 does."""
    found = next((other for mark, other in _OTHERS if sent.startswith(mark)), None)
    if found or sent[:2].count(0) == 1:
        msg = f"{name} holds no JSON in UTF-8 but in {found or 'UTF-16'}; save it as UTF-8."
        raise UnableToReadNotification(msg)


def read_notification(sent: bytes, *, name: str) -> dict[str, Any]:
    """Return the fields of one notification; raise `UnableToReadNotification`."""
    refuse_other_encodings(sent, name=name)
    try:
        text = sent.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        msg = f"{name} holds no JSON in UTF-8: byte {error.start + 1} is of another encoding; save it as UTF-8."
        raise UnableToReadNotification(msg) from error
    try:
        conf = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnableToReadNotification(f"{name} holds no JSON: {_why(text, error)}.") from error
    if not isinstance(conf, dict):
        raise UnableToReadNotification(f"{name} holds no JSON object with named fields; send {_ONE}.")
    return conf


def _why(text: str, error: Exception) -> str:
    if not text.strip():
        return f"it is empty; send {_ONE}"
    if not isinstance(error, json.JSONDecodeError):
        what = "is nested too deeply" if isinstance(error, RecursionError) else "has a number with too many digits"
        return f"it {what}; send {_ONE}"
    if error.msg == "Extra data":
        many = "send one notification at a time, or each on a line of its own to `sla backlog enter`"
        return f"a second value begins in line {error.lineno}; {many}"
    if any(letter in text for letter in _CURLED) and text[error.pos : error.pos + 1] in _CURLED:
        return f'line {error.lineno} has typographic quotation marks; write straight ones (")'
    return f"line {error.lineno} cannot be read from column {error.colno} on; send {_ONE}"

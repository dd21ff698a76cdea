"""Personal data in texts and documents, replaced by a mark; numbers, instants and codes stay."""

import re
from collections.abc import Callable, Iterable
from email.headerregistry import Address
from typing import Any

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.mail_message import compose, read_message

MARK = "[erased]"
_PERSONAL = frozenset({"customer_name", "description", "words", "email", "address"})
_NOBODY = Address(display_name="", username="erased", domain="invalid")
_SHORTEST, _PART = 2, 4
_LANES = frozenset(lane.value for lane in Lane)


def eraser(texts: Iterable[str | None]) -> Callable[[str], str]:
    """Return what puts the mark in place of each of these texts, the longest first, as whole words."""
    known = {one.strip() for one in texts if one and len(one.strip()) >= _SHORTEST and one.strip() != MARK}
    if not known:
        return lambda text: text
    ordered = sorted(known, key=len, reverse=True)
    found = re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, ordered)) + r")(?!\w)")
    return lambda text: found.sub(MARK, text)


def parts_of_name(name: str) -> list[str]:
    """Return the name, and its words that may stand alone in a sentence."""
    return [name, *(word for word in name.split() if len(word) >= _PART and word.isalpha())]


def erase_in(value: Any, erase: Callable[[str], str]) -> Any:
    """Return a JSON value without personal data: fields that hold it are replaced, in sentences what is known.

    A value of one word is a code or a number, which somebody may have used as a word too: it stays.
    """
    if isinstance(value, str):
        is_code = value in _LANES or ("@" not in value and len(value.split()) < 2)  # noqa: PLR2004 - a sentence
        return value if is_code else erase(value)
    if isinstance(value, list):
        return [erase_in(each, erase) for each in value]
    if isinstance(value, dict):
        personal = _PERSONAL | {"text"} if value.get("@type") == "Note" else _PERSONAL
        return {
            name: MARK if name in personal and isinstance(each, str) and each else erase_in(each, erase)
            for name, each in value.items()
        }
    return value


def erased_mail(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a mail of the outbox under its Message-ID, with nothing else of what it said."""
    kept = read_message(str(payload["message"]))
    message = compose(
        identity=str(payload["message_id"]),
        sender=_NOBODY,
        recipient=_NOBODY,
        subject=MARK,
        written_at=kept["Date"].datetime,
        language=str(kept.get("Content-Language", "en")),
        text=MARK,
        html=f"<!doctype html><html><body><p>{MARK}</p></body></html>",
    )
    return {"message_id": payload["message_id"], "subject": MARK, "by_post_because": None, "message": message}

"""What mail programs and word processors leave in a text, and forms in a field: harmless, not the sender's fault."""

import re
from collections.abc import Mapping
from typing import Any

# Line breaks of other alphabets become ours; what is not seen at all goes. Joiners and soft hyphens belong to words.
_BREAKS = re.compile(r"[\x0b\x0c\x85\u2028\u2029]")
_UNSEEN = re.compile(r"[\u180e\u200b\u2060-\u2064\ufeff]")


def cleaned(written: Any) -> Any:
    """Return a text without what is harmless and not seen; anything else stays what it is, for pydantic."""
    if not isinstance(written, str) or (written.isascii() and written.isprintable()):
        return written
    return _UNSEEN.sub("", _BREAKS.sub("\n", written))


def cleaned_fields(sent: Any) -> Any:
    """Clean each text, and leave out the fields that hold nothing: portals send every field, empty or null."""
    if not isinstance(sent, Mapping):
        return sent
    fields = {name: cleaned(value) for name, value in sent.items()}
    return {name: value for name, value in fields.items() if not _is_blank(value)}


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())

"""Notes that are sent: their text is kept; who wrote it and when is known from the login and the clock."""

from typing import Any

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.services.trouble_tickets import readable
from include.sla_logic.web.tmf.bodies import shown

_MOST = 20
_KNOWN = frozenset({"@type", "@baseType", "@schemaLocation", "id", "author", "date", "text"})


def read_notes(sent: Any, faults: list[str]) -> tuple[str, ...]:
    """Return the texts of a list of notes; add what is wrong with them to the faults."""
    if sent is None:
        return ()
    if not isinstance(sent, list) or len(sent) > _MOST:
        faults.append(f"note: send a list of at most {_MOST} notes")
        return ()
    return tuple(text for one in sent for text in _text(one, faults))


def _text(one: Any, faults: list[str]) -> tuple[str, ...]:
    if not isinstance(one, dict) or not isinstance(one.get("text"), str):
        faults.append('note: send each as {"@type": "Note", "text": "..."}')
        return ()
    if unknown := [name for name in one if name not in _KNOWN]:
        faults.append(f"note: {shown(unknown[0])} is no field of a note")
    try:
        return (readable(one["text"]),)
    except ForeseenError as error:
        faults.append(f"note: {str(error).rstrip('.')}")
        return ()

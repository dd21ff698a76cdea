"""What is wrong with a notification, field by field and all at once, each with what to send instead."""

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from include.sla_logic.domain.notification import Metric, ProblemNotification, ProblemParameter, Symptom
from include.sla_logic.domain.raw_payload import write_raw_payload
from include.sla_logic.domain.sentence import Sentence, sentence_of

_INSTANT = Sentence("send a date and time with its zone, such as 2026-11-02T08:15:00+00:00")
_LEVEL = Sentence("send 1 (high), 2 (medium) or 3 (low)")
_LIST = Sentence('send a list such as [{"metric": "latency", "value": 180, "unit": "ms"}], of at most 50')
_LETTERS = "send 1 to 64 of A-Z a-z 0-9 _ . : + ~ -, such as %(example)s"
_SEND: Mapping[str, str] = MappingProxyType(
    {
        "customer": Sentence("send the customer's number as in the contract register, such as C-1001"),
        "service": Sentence("send the number of one service, such as S-1001"),
        "symptom": Sentence("send %(known)s; with other, say in the description what it is", known=", ".join(Symptom)),
        "description": Sentence("send the problem in the customer's words, in 1 to 4000 characters"),
        "observed_from": _INSTANT,
        "observed_to": Sentence("%(instant)s, or leave it out while the problem lasts", instant=_INSTANT),
        "reported_at": Sentence("%(instant)s, or leave it out: then it is now", instant=_INSTANT),
        "impact": _LEVEL,
        "urgency": _LEVEL,
        "parameters": _LIST,
        "metric": Sentence("send %(known)s", known=", ".join(Metric)),
        "value": Sentence("send a number from 0 to 1000000000000, such as 180, with its unit apart"),
        "unit": Sentence("send the unit in 1 to 16 characters, such as ms or percent"),
        "external_reference": Sentence(_LETTERS, example="WEB-2026-0815"),
    }
)
_FIELDS = tuple(name for name in ProblemNotification.model_fields if name != "schema_version")
_PARTS = tuple(ProblemParameter.model_fields)
_SEVERAL = re.compile(r"[,;/&|\n]|\s(?:and|und|or|oder)\s")
_WITH_UNIT = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*([^0-9\s.,-]\S{0,15})?")
_THOUSAND = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")
_SHOWN, _NAMED = 60, 200  # characters of a value and of a field's name


def shown(value: object) -> str:
    """Return what was sent, short; a text between quotation marks."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= _SHOWN else f'"{value[:_SHOWN]}..."'
    written = write_raw_payload(value, cap=_SHOWN)
    return written.text if written.complete else f"{written.text}..."


def faults_of(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yield each fault as field, written `.field`, and reason; pydantic's own words never reach the sender."""
    for fault in error.errors(include_url=False):
        place = fault["loc"]
        yield named(place), _reason(place, fault)


def named(place: tuple[int | str, ...]) -> str:
    """Write the place of a fault as `.parameters.0.unit`."""
    return "." + ".".join(map(str, place))[:_NAMED]


def _reason(place: tuple[int | str, ...], fault: Any) -> str:
    kind, sent = fault["type"], fault["input"]
    if kind == "value_error":  # our own sentence, which says what to send
        said = sentence_of(fault["ctx"]["error"])
        msg = "%(instant)s, or leave it out while the problem lasts"
        return Sentence(msg, instant=said) if place == ("observed_to",) else said
    if not place:
        return "a field has a name that is no text; send the fields under their names"
    name = str(place[-1])
    if len(place) == 2:  # noqa: PLR2004 - one of the list of parameters, which is no object
        return Sentence("%(sent)s is no problem parameter; %(instead)s", sent=shown(sent), instead=_LIST)
    if name not in _SEND:
        return _unknown(name, _FIELDS if len(place) == 1 else _PARTS)
    instead = {"service": _service, "value": _number, "external_reference": _reference}.get(name)
    what = (instead and instead(sent)) or _SEND[name]
    return Sentence("%(wrong)s; %(instead)s", wrong=_wrong(kind, sent), instead=what)


def _wrong(kind: str, sent: object) -> str:
    if kind == "missing":
        return Sentence("is missing")
    if kind in {"too_long", "string_too_long"}:
        if isinstance(sent, str):
            return Sentence("has %(count)s characters", count=len(sent))
        return Sentence("has more than 50 parameters")
    return Sentence("%(sent)s is not read here", sent=shown(sent))


def _unknown(name: str, known: tuple[str, ...]) -> str:
    near = get_close_matches(name[:_NAMED].lower(), known, n=1)
    instead = f"send {near[0]} if that is meant" if near else "leave it out, or say it in the description"
    return f"is no field here; {instead}"


def _service(sent: object) -> str | None:
    if isinstance(sent, list | tuple):
        names: list[object] = list(sent)
    elif isinstance(sent, str) and _SEVERAL.search(sent):
        names = [name.strip() for name in _SEVERAL.split(sent)]
    else:
        return None
    msg = "one service for each report: send %(count)s reports"
    return Sentence(msg, count=len(names)) if len(names) > 1 else None


def _number(sent: object) -> str | None:
    """Take a value and its unit apart; a comma may be a decimal one, or stand for thousands."""
    found = _WITH_UNIT.fullmatch(sent.strip()) if isinstance(sent, str) else None
    if found is None:
        return None
    number, unit = found[1].replace(",", "."), found[2]
    unit = "percent" if unit == "%" else unit
    if "," in found[1] and _THOUSAND.fullmatch(found[1]):
        msg = "%(one)s or %(other)s, whichever it is"
        number = Sentence(msg, one=number, other=found[1].replace(",", ""))
    if unit:
        return Sentence("send value %(number)s, unit %(unit)s", number=number, unit=unit)
    return Sentence("send value %(number)s, with a point and no comma", number=number)


def _reference(sent: object) -> str | None:
    if not isinstance(sent, str):
        return None
    usable = re.sub(r"[^A-Za-z0-9_.:+~-]+", "-", sent).strip("-")[:64]
    return Sentence(_LETTERS, example=usable) if usable else None

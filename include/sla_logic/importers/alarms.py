"""The alarms of one webhook request: Alertmanager's format, version 4, and one of ours.

Alertmanager's is described at https://prometheus.io/docs/alerting/latest/configuration/#webhook_config.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from include.sla_logic.domain.alarm_policy import AlarmPolicy
from include.sla_logic.domain.alarms import SentAlarm
from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.domain.notification_check import Rejection
from include.sla_logic.domain.raw_payload import printable

ALERTMANAGER, OURS = "alertmanager", "alarms"
_VERSION, _FIRING, _RESOLVED = "4", "firing", "resolved"
_SHOWN = 40


class UnableToReadAlarms(InvalidInputError):
    """The request as a whole cannot be read; the message says what to send."""


@dataclass(frozen=True)
class Refused:
    """One alarm that cannot be read, as it was sent."""

    sent: object
    why: Rejection


@dataclass(frozen=True)
class SentAlarms:
    """What one request brought; `left_out` is the number of alarms that its sender did not send."""

    source: str
    alarms: Sequence[SentAlarm]
    refused: Sequence[Refused]
    left_out: int = 0


def read_alertmanager(body: bytes, policy: AlarmPolicy) -> SentAlarms:
    """Read what Alertmanager posts; raise `UnableToReadAlarms`."""
    sent = _object(body)
    if sent.get("version") != _VERSION:
        said = printable(str(sent.get("version")), _SHOWN)
        raise UnableToReadAlarms(f".version: {said} is not 4, the version of Alertmanager's webhook that is read.")
    left_out = sent.get("truncatedAlerts", 0)
    if not isinstance(left_out, int) or left_out < 0:
        raise UnableToReadAlarms(".truncatedAlerts: must be a number of alerts.")
    return _each(ALERTMANAGER, _list(sent, "alerts"), lambda one: _alert(one, policy), left_out)


def read_ours(body: bytes, policy: AlarmPolicy) -> SentAlarms:
    """Read the generic format of docs/alarms.md; raise `UnableToReadAlarms`."""
    sent = _object(body)
    if unknown := sorted(set(sent) - {"alarms"}):
        raise UnableToReadAlarms(f".{printable(unknown[0], _SHOWN)}: there is no such field; send alarms.")
    return _each(OURS, _list(sent, "alarms"), lambda one: _in_our_words(one, policy), 0)


def _alert(sent: Mapping[str, Any], policy: AlarmPolicy) -> dict[str, Any]:
    """Return one alert in our words; labels come before annotations of the same name."""
    labels, annotations = (_texts(sent, name) for name in ("labels", "annotations"))
    said, mine = {**annotations, **labels}, policy.labels
    status = sent.get("status")
    if status not in {_FIRING, _RESOLVED}:
        raise _Wrong(".status", f"{printable(str(status), _SHOWN)} is neither {_FIRING} nor {_RESOLVED}")
    code = _first(said, mine.code)
    if code is None:
        raise _Wrong(".labels", f"none of {', '.join(mine.code)} names the alarm")
    written = json.dumps(labels, sort_keys=True).encode()
    return {
        "id": sent.get("fingerprint") or sha256(written).hexdigest()[:32],
        "code": policy.code(code),
        "severity": policy.severity(_first(said, mine.severity)),
        "resource": _first(said, mine.resource),
        "service": _first(said, mine.service),
        "text": _first(said, mine.text),
        "raised_at": sent.get("startsAt"),
        "cleared_at": sent.get("endsAt") if status == _RESOLVED else None,  # while it fires: when it is given up
    }


def _in_our_words(sent: Mapping[str, Any], policy: AlarmPolicy) -> dict[str, Any]:
    code, word = sent.get("code"), sent.get("severity")
    known = {"code": policy.code(code) if isinstance(code, str) else code}
    return {**sent, **known, "severity": policy.severity(word) if isinstance(word, str | None) else word}


class _Wrong(Exception):
    """One field of an alarm is wrong."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(field, reason)
        self.why = Rejection(field, reason)


def _each(
    source: str, rows: Sequence[Any], read: Callable[[Mapping[str, Any]], dict[str, Any]], left_out: int
) -> SentAlarms:
    """Read one by one: what is wrong with one alarm keeps no other out."""
    alarms: list[SentAlarm] = []
    refused: list[Refused] = []
    for row in rows:
        try:
            if not isinstance(row, Mapping):
                raise _Wrong(".", "is no object with named fields")  # noqa: TRY301 - one way out for all faults
            alarms.append(SentAlarm.model_validate(read(row)))
        except _Wrong as wrong:
            refused.append(Refused(row, wrong.why))
        except ValidationError as error:
            [first, *_] = error.errors(include_url=False)
            field = ".".join(map(str, first["loc"]))
            refused.append(Refused(row, Rejection(f".{field}", fault_in_words(first))))
    return SentAlarms(source, alarms, refused, left_out)


def _object(body: bytes) -> dict[str, Any]:
    try:
        sent = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UnableToReadAlarms("The request holds no JSON in UTF-8.") from error
    if not isinstance(sent, dict):
        raise UnableToReadAlarms("The request holds no JSON object with named fields.")
    return sent


def _list(sent: Mapping[str, Any], name: str) -> list[Any]:
    found = sent.get(name)
    if not isinstance(found, list):
        raise UnableToReadAlarms(f".{name}: must be a list of alarms.")
    return found


def _texts(sent: Mapping[str, Any], name: str) -> dict[str, str]:
    found = sent.get(name, {})
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise _Wrong(f".{name}", "must be names with texts")
    return found


def _first(said: Mapping[str, str], names: Sequence[str]) -> str | None:
    return next((said[name] for name in names if said.get(name)), None)

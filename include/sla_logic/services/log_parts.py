"""What a process log is made of besides its events: objects with their values, and parts that are written together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.services.log_events import About, LogEvent


@dataclass(frozen=True)
class LogObject:
    """A thing that events are about; each value has the moment from which it holds, None: as long as it is known.

    `title` is the name that people gave it, where names may be shown.
    """

    type: str
    id: str
    values: tuple[tuple[str, Any, datetime | None], ...] = ()
    about: tuple[About, ...] = ()
    title: str = ""


@dataclass(frozen=True)
class LogPart:
    """What is written in one go: an incident with its events and objects, or, without a name, what belongs to none."""

    incident: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    events: tuple[LogEvent, ...] = ()
    objects: tuple[LogObject, ...] = ()


def credit_object(row: Any, incident: str | None = None) -> LogObject:
    """Return a credit with what it is now, as of the last that happened to it."""
    moments = (row.recorded_at, row.claimed_at, row.decided_at, row.posted_at, row.paid_out_at)
    last = max(at for at in moments if at is not None)
    values: list[tuple[str, Any, datetime | None]] = [("state", row.state, last), ("currency", row.currency, last)]
    if row.amount is not None:
        values.append(("amount", from_minor_units(row.amount, row.currency).amount, last))
    return LogObject("credit", row.id, tuple(values), _of(incident))


def letter_object(row: Any, incident: str | None = None) -> LogObject:
    """Return a letter with how far it has come."""
    return LogObject("letter", str(row.id), (("state", row.state, row.sent_at or row.created_at),), _of(incident))


def _of(incident: str | None) -> tuple[About, ...]:
    return (About("incident", incident, "of"),) if incident else ()

"""Moments as people type them, and `--from` and `--to`: which incidents a command looks at, by their report."""

import re
from datetime import datetime
from typing import Annotated

import typer

Since = Annotated[
    str | None, typer.Option("--from", help="Incidents reported from then on: a day of UTC, or an instant.")
]
Until = Annotated[str | None, typer.Option("--to", help="Incidents reported before then; that moment is not included.")]


def read_period(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Read both ends, UTC where they name no offset; raise `UnableToReadInstant` where one is no instant."""
    return (read_instant(since) if since else None), (read_instant(until) if until else None)


def read_instant(text: str) -> datetime:
    """Read a day or an instant as people write it, UTC where it names no offset; raise `UnableToReadInstant`."""
    from include.sla_logic.domain import calendars

    try:
        midnight = f"{text}T00:00" if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else text
        return calendars.read_instant(midnight, zone="UTC")
    except calendars.UnableToReadInstant as error:
        how = f"{text!r} is no instant: write 2025-04-10 or 2025-04-10T08:00:00Z."
        raise calendars.UnableToReadInstant(how) from error

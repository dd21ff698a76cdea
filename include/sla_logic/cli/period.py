"""`--from` and `--to`: which incidents a command looks at, by the moment of their report."""

from datetime import datetime
from typing import Annotated

import typer

Since = Annotated[
    str | None, typer.Option("--from", help="Incidents reported from then on: a day of UTC, or an instant.")
]
Until = Annotated[str | None, typer.Option("--to", help="Incidents reported before then; that moment is not included.")]


def read_period(since: str | None, until: str | None) -> tuple[datetime | None, datetime | None]:
    """Read both ends, UTC where they name no offset; raise `UnableToAssess` where one is no instant."""
    from include.sla_logic.cli.assess import read_instant

    return (read_instant(since) if since else None), (read_instant(until) if until else None)

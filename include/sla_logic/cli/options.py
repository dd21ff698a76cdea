"""Options and arguments that several commands have."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit.")]
Incident = Annotated[str, typer.Argument(help="Ticket (TT-000001), external reference or run id.")]

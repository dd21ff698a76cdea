"""What an import did, in the terminal."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from include.sla_logic.cli.output import shown

if TYPE_CHECKING:
    from include.sla_logic.importers.rejection import Rejected

_SHOWN = 20


def show_rehearsed(first: Sequence[Mapping[str, Any]]) -> None:
    """Show some of what would have come in."""
    typer.echo("This was a dry run: nothing was kept." + (" The first of what would come in:" if first else ""))
    for record in first:
        fields = (f"{name}={value}" for name, value in record.items() if value not in (None, "") and value is not False)
        typer.echo(f"  {shown(', '.join(fields))}")


def show_rejected(rejected: "Sequence[Rejected]", *, kept: bool) -> None:
    """Show the first rejected rows, and where all of them are."""
    for one in rejected[:_SHOWN]:
        typer.echo(f"  {shown(str(one))}", err=True)
    if len(rejected) > _SHOWN:
        where = "`sla quarantine list --imports` has all of them" if kept else "a dry run keeps none"
        typer.echo(f"  … and {len(rejected) - _SHOWN} more: {where}; --rejected FILE writes them.", err=True)

"""`sla customer`: erase the personal data of a customer."""

from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.person import By

app = typer.Typer(no_args_is_help=True, help="Erase personal data.")


@app.callback()
def _customer() -> None:
    """Keep `erase` a command of its own."""


@app.command()
def erase(
    customer: Annotated[str, typer.Argument(help="The customer's number.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the audit, so that it names nobody.")],
    by: By,
    undelivered: Annotated[
        bool, typer.Option("--undelivered", help="Also letters whose delivery was given up.")
    ] = False,
) -> None:
    """Replace name, address, words and letters of a customer by a mark; money, windows and decisions stay."""
    erasure = open_use_cases().erasure
    done = erasure.erase(customer, by=by, reason=reason, undelivered=undelivered)
    told = f"{done.customer} is erased in {done.incidents} incidents; {done.files} files of letters are removed"
    typer.echo(f"{told}, {done.records} records were changed.")

"""`sla quarantine`: notifications that were refused, each with its reason."""

from pathlib import Path
from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_fields, show_json, show_table
from include.sla_logic.cli.person import By
from include.sla_logic.domain.errors import ForeseenError

app = typer.Typer(no_args_is_help=True, help="See refused notifications, and accept them after all.")
Number = Annotated[int, typer.Argument(help="The entry's id in `sla quarantine list`.")]


class UnableToDismiss(ForeseenError):
    """A report of a customer is never dismissed."""


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Also those that were accepted later.")] = False,
    imports: Annotated[bool, typer.Option("--imports", help="Rejected rows of imports in place of reports.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List refused notifications with field and reason; rejected rows of imports are a list of their own."""
    use_cases = open_use_cases()
    entries = use_cases.quarantine.entries(state=None if everything else "waiting", imports=imports, limit=limit)
    if as_json:
        show_json(entries)
        return
    show_table(
        ("id", "received", "origin", "run", "field", "reason", "state"),
        [(e.id, e.received_at, e.origin, e.run_id, e.field, e.reason, e.ticket or e.state) for e in entries],
        empty="The quarantine is empty.",
    )
    if not imports and use_cases.quarantine.entries(imports=True, limit=1):
        typer.echo("Rejected rows of imports are a list of their own: `sla quarantine list --imports`.")


@app.command("dismiss")
def dismiss(
    by: By,
    imports: Annotated[bool, typer.Option("--imports", help="The rejected rows of all imports.")] = False,
    reason: Annotated[str, typer.Option(help="Kept in the audit.")] = "",
) -> None:
    """Forget all rejected rows of imports: the files that they came from still have them."""
    if not imports:
        raise UnableToDismiss("Say --imports: a customer's refused report is accepted or stays.")
    count = open_use_cases().quarantine.dismiss_imports(by=by, reason=reason)
    typer.echo(f"{count} rejected rows of imports were dismissed.")


@app.command("show")
def show(number: Number, as_json: AsJson = False) -> None:
    """Show one refused notification as it came in."""
    entry = open_use_cases().quarantine.entry(number)
    if as_json:
        show_json(entry)
        return
    show_fields({name: value for name, value in vars(entry).items() if name != "body"})
    typer.echo(entry.body)


@app.command("retry")
def retry(
    number: Number,
    by: By,
    corrected: Annotated[
        Path | None, typer.Option("--corrected", "--mended", help="JSON file with the corrected notification.")
    ] = None,
) -> None:
    """Accept a notification after all, as it came or corrected; then clear the first task of its run in Airflow."""
    from include.sla_logic.domain.notification_text import read_notification

    conf = None if corrected is None else read_notification(corrected.read_bytes(), name=str(corrected))
    ticket = open_use_cases().quarantine.retry(number, by=by, conf=conf)
    typer.echo(f"Accepted as {ticket.id}. Clear the task enter_problem_report of the run {ticket.run_id} to go on.")

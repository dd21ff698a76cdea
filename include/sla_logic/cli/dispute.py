"""`sla dispute`: what customers contest, recorded by one person and decided by another."""

from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_fields, show_json, show_table
from include.sla_logic.cli.period import read_instant
from include.sla_logic.cli.person import By

app = typer.Typer(no_args_is_help=True, help="Record, list and decide disputes.")

Reference = Annotated[str, typer.Argument(help="The dispute's reference in `sla dispute list`.")]
Reason = Annotated[str, typer.Option(help="Why; the customer reads it in the next letter.")]
_KINDS = "outages, attributions, samples, maintenance, holds or unobserved"


@app.command()
def record(
    contested: Annotated[str, typer.Option(help=f"Which records are contested: {_KINDS}.")],
    words: Annotated[str, typer.Option(help="What the customer says; the letters quote it.")],
    by: By,
    reference: Annotated[str | None, typer.Argument(help="Ticket (TT-000001), external reference or run id.")] = None,
    customer: Annotated[str | None, typer.Option(help="Without a ticket: whose window.")] = None,
    service: Annotated[str | None, typer.Option(help="Without a ticket: of which service.")] = None,
    at: Annotated[str | None, typer.Option(help="Without a ticket: an instant in the window.")] = None,
) -> None:
    """Record what a customer contests, of the window of an incident or of one that is named; it is frozen then."""
    disputes, named = open_use_cases().disputes, (customer, service, at)
    if reference is not None and named == (None, None, None):
        done = disputes.record(reference, contested=contested, words=words, by=by)
    elif reference is None and customer is not None and service is not None and at is not None:
        moment = read_instant(at)
        done = disputes.record_window(customer, service, at=moment, contested=contested, words=words, by=by)
    else:
        msg = "Name a ticket, or --customer, --service and --at of a window."
        raise typer.BadParameter(msg)
    typer.echo(f"{done.reference} is recorded: nothing is booked for {done.window} until another person decides it.")


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also those that are decided.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the disputes that wait for a decision, oldest first."""
    found = open_use_cases().disputes.listed(state=None if every else "open", size=limit).rows
    if as_json:
        show_json([one.model_dump(mode="json") for one in found])
        return
    columns = ("reference", "customer", "service", "window", "contested", "state", "ticket", "recorded by", "since")
    rows = [
        (
            *(one.reference, one.customer, one.service, one.window, one.contested, one.state, one.ticket),
            *(one.recorded_by, one.recorded_at),
        )
        for one in found
    ]
    show_table(columns, rows, empty="No dispute waits for a decision.", less=("ticket", "recorded by"))


@app.command()
def show(reference: Reference, as_json: AsJson = False) -> None:
    """Show one dispute with the customer's words, and how it was decided."""
    found = open_use_cases().disputes.of(reference)
    if as_json:
        show_json(found.model_dump(mode="json"))
        return
    decided = None if found.decided_by is None else f"{found.decided_by}, {found.decided_at:%Y-%m-%d %H:%M} UTC"
    show_fields(
        {
            "Dispute": found.reference,
            "State": found.state,
            "Customer": found.customer,
            "Service": found.service,
            "Window": found.window,
            "Ticket": found.ticket,
            "Contested": found.contested,
            "Words": found.words,
            "Recorded by": f"{found.recorded_by}, {found.recorded_at:%Y-%m-%d %H:%M} UTC",
            "Decided by": decided,
            "Reason": found.reason,
            "Corrected": ", ".join(found.changed) or None,
        }
    )


@app.command()
def accept(reference: Reference, reason: Reason, by: By) -> None:
    """Agree with the customer, after the facts were corrected; the window is judged again."""
    done = open_use_cases().disputes.accept(reference, by=by, reason=reason)
    typer.echo(f"{done.reference} is accepted; corrected: {', '.join(done.changed) or 'nothing on record'}.")


@app.command()
def decline(reference: Reference, reason: Reason, by: By) -> None:
    """Let the records stand; the window is judged as it is on record."""
    done = open_use_cases().disputes.decline(reference, by=by, reason=reason)
    typer.echo(f"{done.reference} is declined; the next letter to the customer says why.")

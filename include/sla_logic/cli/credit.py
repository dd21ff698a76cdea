"""`sla credit`: credits that wait for a second person, or for the customer's claim."""

from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson, Reason
from include.sla_logic.cli.output import show_json, show_table
from include.sla_logic.cli.period import read_instant
from include.sla_logic.cli.person import By

app = typer.Typer(no_args_is_help=True, help="Approve, decline and claim credits that wait.")

Reference = Annotated[str, typer.Argument(help="The credit's reference in `sla credit list`.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the credits that wait to be decided, claimed or paid out, oldest first; without an amount, enter one."""
    waiting = open_use_cases().credits.waiting()
    if as_json:
        show_json(waiting)
        return
    show_table(
        ("reference", "customer", "service", "amount", "state", "since", "claim until", "reason"),
        [
            (c.reference, c.customer_name, c.service, c.amount, c.state, c.recorded_at, c.claim_until, c.reason)
            for c in waiting
        ],
        empty="No credit waits for a decision.",
    )


@app.command("approve")
def approve(reference: Reference, reason: Reason, by: By) -> None:
    """Book a held credit as it was held."""
    amount = open_use_cases().credits.approve(reference, by=by, reason=reason)
    typer.echo(f"{amount} are booked for {reference}.")


@app.command("enter")
def enter(
    reference: Reference,
    amount: Annotated[str, typer.Option(help="What the customer is credited, in the credit's currency, as 12.50.")],
    reason: Reason,
    by: By,
) -> None:
    """Name the amount of a held credit; another person then approves it."""
    named = open_use_cases().credits.enter(reference, amount=amount, by=by, reason=reason)
    typer.echo(f"{named} are entered for {reference}: another person approves them.")


@app.command("paid-out")
def paid_out(reference: Reference, reason: Reason, by: By) -> None:
    """Note that a credit of an account without an open invoice was paid out in another way."""
    amount = open_use_cases().credits.paid_out(reference, by=by, reason=reason)
    typer.echo(f"{amount} were paid out for {reference}.")


@app.command("decline")
def decline(reference: Reference, reason: Reason, by: By) -> None:
    """Decline a held credit for good."""
    open_use_cases().credits.decline(reference, by=by, reason=reason)
    typer.echo(f"{reference} is declined; nothing is booked.")


@app.command("claim")
def claim(
    reference: Reference,
    by: By,
    claimed_at: Annotated[
        str | None, typer.Option(help="The day or the moment at which the customer claimed it; now, if not given.")
    ] = None,
) -> None:
    """Book a credit that the customer has claimed in time; a late claim is refused."""
    from include.sla_logic.domain.instants import read_day

    filed = None if claimed_at is None else read_day(claimed_at) or read_instant(claimed_at)
    amount = open_use_cases().credits.claim(reference, by=by, claimed_at=filed)
    typer.echo(f"{amount} are booked for {reference}.")

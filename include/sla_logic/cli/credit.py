"""`sla credit`: credits that wait for a second person, or for the customer's claim."""

from typing import Annotated

import typer

from include.sla_logic.cli.output import show_json, show_table
from include.sla_logic.cli.person import By

app = typer.Typer(no_args_is_help=True, help="Approve, decline and claim credits that wait.")

Reference = Annotated[str, typer.Argument(help="The credit's reference in `sla credit list`.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit.")]


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the credits that wait to be decided, claimed or paid out, oldest first; without an amount, enter one."""
    from include.sla_logic.services import Settings, UseCases

    waiting = UseCases(Settings.from_environment()).credits.waiting()
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
    from include.sla_logic.services import Settings, UseCases

    amount = UseCases(Settings.from_environment()).credits.approve(reference, by=by, reason=reason)
    typer.echo(f"{amount} are booked for {reference}.")


@app.command("enter")
def enter(
    reference: Reference,
    amount: Annotated[str, typer.Option(help="What the customer is credited, in the credit's currency, as 12.50.")],
    reason: Reason,
    by: By,
) -> None:
    """Name the amount of a held credit; another person then approves it."""
    from include.sla_logic.services import Settings, UseCases

    named = UseCases(Settings.from_environment()).credits.enter(reference, amount=amount, by=by, reason=reason)
    typer.echo(f"{named} are entered for {reference}: another person approves them.")


@app.command("paid-out")
def paid_out(reference: Reference, reason: Reason, by: By) -> None:
    """Note that a credit of an account without an open invoice was paid out in another way."""
    from include.sla_logic.services import Settings, UseCases

    amount = UseCases(Settings.from_environment()).credits.paid_out(reference, by=by, reason=reason)
    typer.echo(f"{amount} were paid out for {reference}.")


@app.command("decline")
def decline(reference: Reference, reason: Reason, by: By) -> None:
    """Decline a held credit for good."""
    from include.sla_logic.services import Settings, UseCases

    UseCases(Settings.from_environment()).credits.decline(reference, by=by, reason=reason)
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
    from include.sla_logic.cli.assess import read_instant
    from include.sla_logic.domain.instants import read_day
    from include.sla_logic.services import Settings, UseCases

    filed = None if claimed_at is None else read_day(claimed_at) or read_instant(claimed_at)
    amount = UseCases(Settings.from_environment()).credits.claim(reference, by=by, claimed_at=filed)
    typer.echo(f"{amount} are booked for {reference}.")

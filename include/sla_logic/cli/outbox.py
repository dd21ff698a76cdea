"""`sla outbox`: messages to customers and billing, and what keeps them."""

from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_json, show_table
from include.sla_logic.cli.person import By

app = typer.Typer(no_args_is_help=True, help="See what is sent to customers and billing, and send it again.")


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="waiting, claimed, sent or dead; all without it.")] = None,
    incident: Annotated[str | None, typer.Option(help="Ticket, external reference or run.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List messages with their state, their attempts and the last error."""
    messages = open_use_cases().outbox.messages(state=state, ticket=incident, limit=limit)
    if as_json:
        show_json(messages)
        return
    show_table(
        ("id", "ticket", "kind", "state", "attempts", "next attempt", "last error"),
        [
            (m.id, m.ticket, m.kind, m.state, m.attempts, _next(m.state, m.next_attempt_at), m.last_error)
            for m in messages
        ],
        empty="The outbox has no such message.",
    )


def _next(state: str, at: object) -> object:
    return at if state == "waiting" else None


@app.command("retry")
def retry(
    numbers: Annotated[list[int], typer.Argument(help="The ids of messages in `sla outbox list`.")],
    by: By,
) -> None:
    """Make messages due now, even dead ones; the next sending takes them, under their old keys."""
    use_cases = open_use_cases()
    for number in numbers:
        message = use_cases.outbox.retry(number, by=by)
        typer.echo(f"Message {message.id} is due now; `sla outbox send` sends it at once.")


@app.command("release")
def release(
    number: Annotated[int, typer.Argument(help="The message's id in `sla outbox list`.")],
    reason: Annotated[str, typer.Option(help="What you saw at the billing system; kept in the audit.")],
    by: By,
    posted: Annotated[
        str | None, typer.Option(help="The posting's id there, if it is posted; without it, it is posted once more.")
    ] = None,
) -> None:
    """Say whether billing holds a credit that may have been posted and cannot be looked for."""
    message = open_use_cases().outbox.release(number, by=by, reason=reason, posting=posted)
    then = "it is posted once more with the next sending" if posted is None else f"it counts as posted as {posted}"
    typer.echo(f"Message {message.id} is released: {then}.")


@app.command("send")
def send(
    incident: Annotated[str | None, typer.Option(help="Only of this ticket, external reference or run.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many messages.")] = 100,
) -> None:
    """Send what is due now; exit code 1 where something could not be sent."""
    report = open_use_cases().outbox.deliver(ticket=incident, limit=limit)
    typer.echo(f"{report}.")
    for key, reason in (report.put_off | report.dead).items():
        typer.echo(f"{key}: {reason}", err=True)
    if report.put_off or report.dead:
        raise typer.Exit(1)

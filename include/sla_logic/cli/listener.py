"""`sla listener`: who listens to the events of the open APIs, and which of them no longer answer."""

from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson, Reason
from include.sla_logic.cli.output import show_json, show_table
from include.sla_logic.cli.person import By

app = typer.Typer(no_args_is_help=True, help="See who listens to events, and let suspended listeners go on.")
Number = Annotated[int, typer.Argument(help="The listener's number in `sla listener list`.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List listeners with what has not reached them and the last error."""
    views = open_use_cases().open_apis.event_hub.views()
    if as_json:
        show_json([vars(one.listener) | {"callback": one.origin, "unsent": one.unsent} for one in views])
        return
    show_table(
        ("id", "partner", "api", "where", "failing since", "suspended", "not sent", "last error"),
        [
            (
                one.listener.id,
                one.listener.partner,
                one.listener.api,
                one.origin,
                one.listener.failing_since,
                one.listener.suspended_at,
                one.unsent,
                one.listener.last_error,
            )
            for one in views
        ],
        empty="Nobody listens.",
    )


@app.command("resume")
def resume(number: Number, reason: Reason, by: By) -> None:
    """Let a suspended listener have what it missed, in its order, and what happens from now on."""
    again = open_use_cases().open_apis.event_hub.resume(number, by=by, reason=reason)
    typer.echo(f"Listener {number} goes on: {again} messages are due.")


@app.command("remove")
def remove(number: Number, reason: Reason, by: By) -> None:
    """Remove a listener and what has not left for it; its partner may register again."""
    unsent = open_use_cases().open_apis.event_hub.remove(number, by=by, reason=reason)
    typer.echo(f"Listener {number} is removed: {unsent} messages will not reach it.")


@app.command("tell")
def tell() -> None:
    """Tell listeners what is due now; exit code 1 where one did not take it."""
    report = open_use_cases().outbox.deliver_events()
    typer.echo(f"{report}.")
    for key, reason in (report.put_off | report.dead).items():
        typer.echo(f"{key}: {reason}", err=True)
    if report.put_off or report.dead:
        raise typer.Exit(1)

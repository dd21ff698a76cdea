"""`sla feed`: how far each feed was read, and reading one again."""

from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_json, show_table
from include.sla_logic.cli.period import read_instant
from include.sla_logic.cli.person import By

app = typer.Typer(no_args_is_help=True, help="See what is collected from other systems.")


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the feeds: when each was read, how far without a hole, and what went wrong."""
    found = open_use_cases().feeds.states()
    if as_json:
        show_json([{**vars(one), "complete_until": one.complete_until} for one in found])
        return
    names = ("name", "kind", "last_read_at", "known_since", "complete_until", "rejected", "last_error")
    rows = [tuple(getattr(one, name) for name in names) for one in found]
    columns = ("feed", "kind", "last read", "complete from", "until", "rejected", "error")
    show_table(columns, rows, empty="No feed was read yet.", less=("last read", "error"))


@app.command()
def check() -> None:
    """Read the file of feeds that TELECO_FEEDS names, and say what it describes."""
    found = open_use_cases().feeds.configured()
    rows = [(one.name, one.kind, one.way, one.connection, one.mapping) for one in found.values()]
    show_table(("feed", "kind", "by", "connection", "mapping"), rows, empty="TELECO_FEEDS names no file of feeds.")


@app.command()
def again(
    name: Annotated[str, typer.Argument(help="The feed.")],
    since: Annotated[str, typer.Option(help="The instant from which it is read once more.")],
    by: By,
) -> None:
    """Read again what a feed has brought since an instant, or the files that were read since then."""
    state = open_use_cases().feeds.again(name, since=read_instant(since), by=by)
    moment = state.read_until or read_instant(since)
    typer.echo(f"The feed {state.name} is read again since {moment:%Y-%m-%d %H:%M} UTC, in the next run.")

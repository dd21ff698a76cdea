"""`sla export`: what happened, for programs that analyse processes."""

from pathlib import Path
from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.output import private
from include.sla_logic.cli.period import Since, Until, read_period
from include.sla_logic.cli.progress import counting

app = typer.Typer(no_args_is_help=True, help="Export the process log.")

_ENDINGS = {"ocel2": "json", "xes": "xes", "csv": "csv"}


@app.callback()
def _group() -> None:
    """Keep `sla export` a group, whatever it has."""


@app.command()
def events(
    form: Annotated[str, typer.Option("--format", help="ocel2 (OCEL 2.0, JSON), xes or csv.")] = "ocel2",
    since: Since = None,
    until: Until = None,
    into: Annotated[
        Path | None,
        typer.Option("--file", help="Write to this file; its owner alone can read it. Else process-log.…, here."),
    ] = None,
    names: Annotated[
        bool, typer.Option("--names", help="Show customers, people and what they wrote; else pseudonyms, no texts.")
    ] = False,
) -> None:
    """Write every step, decision, wait, hold, message, act, credit and correction, incident by incident.

    What belongs to no incident follows, by when it was recorded.
    """
    from include.sla_logic.services.process_log import FORMATS

    if form not in FORMATS:
        raise typer.BadParameter(f"{form!r} is not one of {', '.join(FORMATS)}.", param_hint="--format")
    log, period = open_use_cases().process_log, read_period(since, until)
    into = into or Path(f"process-log.{_ENDINGS[form]}")
    part = into.with_name(f"{into.name}.part")
    with counting("Export", "events") as count:
        try:
            with open(part, "w", encoding="utf-8", newline="", opener=private) as out:
                written = log.write(out, form, since=period[0], until=period[1], names=names, count=count)
            part.replace(into)
        finally:
            part.unlink(missing_ok=True)
    typer.echo(f"{into} has {written} events{'' if names else ', with pseudonyms for customers and people'}.")

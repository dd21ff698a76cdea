"""`sla alarm`: what monitoring systems have sent, what it hits, and whose incidents it has opened."""

from dataclasses import asdict
from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_fields, show_json, show_table

app = typer.Typer(no_args_is_help=True, help="See alarms of monitoring systems, and what they hit.")
Limit = Annotated[int, typer.Option(min=1, help="At most this many.")]


@app.command("list")
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    unknown: Annotated[bool, typer.Option("--unknown", help="Only those that name what is not on record.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the alarms that are raised, the last first."""
    found = open_use_cases().alarm_views.listed(raised_only=not every, unknown_only=unknown, size=limit)
    if as_json:
        show_json([asdict(one) for one in found.rows])
        return
    columns = ("alarm", "code", "severity", "names", "services", "raised", "ended")
    rows = [
        (
            one.id,
            one.code,
            one.severity,
            one.names,
            len(one.services) if one.object else "?",
            one.raised_at,
            one.ended_at,
        )
        for one in found.rows
    ]
    show_table(columns, rows, empty="There are no such alarms.")


@app.command()
def show(alarm: Annotated[str, typer.Argument(help="Alarm (AL-000001).")], as_json: AsJson = False) -> None:
    """Show one alarm with the services that it hits."""
    one = open_use_cases().alarm_views.find(alarm)
    if as_json:
        show_json(asdict(one))
        return
    show_fields(
        {
            "Alarm": one.id,
            "Source": f"{one.source}, as {one.source_id}",
            "Code": one.code,
            "Severity": one.severity,
            "Text": one.text,
            "Names": one.names,
            "Is about": one.object or "nothing on record",
            "Raised": one.raised_at,
            "Ended": one.ended_at,
            "Received": one.received_at,
            "Received last": one.last_received_at,
            "In doubt": "said to be raised after it was cleared" if one.doubtful else None,
            "Services": ", ".join(one.services),
        }
    )


@app.command()
def hit(
    problem: Annotated[str | None, typer.Option(help="Only those of this service problem (SP-000001).")] = None,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only those that wait for an incident.")] = False,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List the customers' services that alarms hit, those that wait for an incident first."""
    found = open_use_cases().alarm_views.hit(problem=problem, waiting_only=waiting, size=limit)
    if as_json:
        show_json([asdict(one) for one in found.rows])
        return
    columns = ("service", "customer", "at", "alarm", "problem", "ticket", "state")
    rows = [(o.service, o.customer, o.object, o.alarm, o.problem, o.ticket, o.state) for o in found.rows]
    show_table(columns, rows, empty="No alarm that opens incidents hits a service.")

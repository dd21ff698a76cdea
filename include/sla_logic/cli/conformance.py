"""`sla conformance`: what incidents did, compared with the process."""

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_json, show_table
from include.sla_logic.cli.period import Since, Until, read_period

app = typer.Typer(help="Compare what incidents did with the process.")


@app.callback(invoke_without_command=True)
def conformance(
    since: Since = None,
    until: Until = None,
    as_json: AsJson = False,
) -> None:
    """Print the share of incidents without a deviation, the share of events that fit, and each deviation.

    An event is a step that an incident has taken; the check is I11 of `sla doctor`. Shares are cut after four places.
    """
    found = open_use_cases().conformance.of(*read_period(since, until))
    if as_json:
        shares = {"share_of_incidents": found.share_of_incidents, "share_of_events": found.share_of_events}
        show_json({**vars(found), **shares, "deviations": [one._asdict() for one in found.deviations]})
        return
    if not found.incidents:
        typer.echo("No incident that was reported in this time has taken a step.")
        return
    fitting, events = f"{found.incidents_that_fit} of {found.incidents}", f"{found.events_that_fit} of {found.events}"
    typer.echo(f"Incidents without a deviation: {fitting} ({found.share_of_incidents})")
    typer.echo(f"Events that fit: {events} ({found.share_of_events})")
    rows = [(one.ticket, one.step, one.says) for one in found.deviations]
    show_table(("incident", "step", "deviation"), rows, empty="There is no deviation.", less=("step",))

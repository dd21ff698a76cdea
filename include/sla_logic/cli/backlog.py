"""`sla backlog`: what waits, in which order, and why; enter notifications that may wait."""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_fields, show_json, show_table, shown

app = typer.Typer(no_args_is_help=True, help="See what waits to be processed, and enter notifications that may wait.")
Now = Annotated[bool, typer.Option("--now", help="Let a run of sla_backlog start at once, not on its schedule.")]
_REFUSED = 3
_STDIN = "-"


@app.command("list")
def list_(
    waiting_only: Annotated[bool, typer.Option("--waiting", help="Only tickets that no run has started.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most this many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List open tickets in queue order, with the seconds left on each clock and the money at stake."""
    found = open_use_cases().backlog.open_incidents(waiting_only=waiting_only, limit=limit)
    if as_json:
        show_json(found)
        return
    show_table(
        ("ticket", "priority", "left", "until", "at stake", "held", "status", "customer", "service", "waits"),
        [_row(line) for line in found],
        empty="Nothing is open.",
        less=("customer", "service", "status", "held", "at stake"),
    )


@app.command("show")
def show(as_json: AsJson = False) -> None:
    """Count the active incidents, and the waiting tickets by what they wait for."""
    summary = open_use_cases().backlog.summary()
    if as_json:
        show_json(summary)
        return
    show_fields(
        {
            "active": summary.active,
            "waiting, ready": summary.waiting.ready,
            "waiting, customer unknown": summary.waiting.unknown_customer,
            "waiting, no agreement in force": summary.waiting.no_agreement,
        }
    )


@app.command("enter")
def enter(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="JSON lines, one notification each; - for stdin.")],
    now: Now = False,
) -> None:
    """Enter notifications that wait for the next run of sla_backlog; the same one again changes nothing.

    Exit code 3: some were refused and are in quarantine, all others wait.
    """
    from include.sla_logic.domain.notification_text import refuse_other_encodings
    from include.sla_logic.services import UnableToAcceptNotification

    use_cases = open_use_cases()
    refused = waiting = 0
    sent = sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    refuse_other_encodings(sent, name="standard input" if file == _STDIN else file)
    for number, line in enumerate(sent.split(b"\n"), start=1):  # JSON may hold every other line break
        if not line.strip():
            continue
        conf = _json(line)
        try:
            ticket, waits = use_cases.backlog.enter(conf, run_id=_run_id(conf, line), origin="backlog")
        except UnableToAcceptNotification as error:
            refused += 1
            typer.echo(shown(f"line {number}: {error}"), err=True)
            continue
        waiting += waits
        typer.echo(
            f"{ticket.id} waits." if waits else f"It is processed already as {ticket.id} by run {ticket.run_id}."
        )
    if now and waiting:
        announce()
    if refused:
        raise typer.Exit(_REFUSED)


def announce() -> None:
    """Tell Airflow that tickets wait."""
    from include.sla_logic.cli.airflow_runs import Airflow, announce_waiting

    announce_waiting(Airflow.found(None))
    typer.echo("A run of sla_backlog takes them now.", err=True)


def _json(line: bytes) -> Any:
    """Return what the line holds; text that is no JSON goes to the quarantine as text."""
    try:
        return json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return line.decode("utf-8", "backslashreplace")


def _run_id(conf: Any, line: bytes) -> str:
    """Name the run as `sla incident start` does, or after the text of what is no notification."""
    from pydantic import ValidationError

    from include.sla_logic.domain.notification import ProblemNotification
    from include.sla_logic.domain.run_ids import run_id_of

    try:
        return run_id_of(ProblemNotification.model_validate(conf))
    except ValidationError:
        return f"incident.{sha256(line).hexdigest()[:32]}"


def _row(line: Any) -> tuple[object, ...]:
    hold = line.clock.holds[-1] if line.clock.holds and line.clock.holds[-1].end is None else None
    held = f"{hold.owner}: {hold.reason}" if hold else line.stands and f"stands until {line.stands}"
    priority = f"{line.priority}, protected" if line.protected else line.priority
    waits = (line.why or "for the next run") if line.backlog == "waiting" else line.backlog
    where = (line.status, line.customer, line.service)
    return (line.ticket, priority, _span(line.seconds_left), line.until, line.at_stake, held, *where, waits)


def _span(seconds: int | None) -> str | None:
    """Write seconds for people: -1 d 02:03:04."""
    if seconds is None:
        return None
    import pendulum

    left = pendulum.duration(seconds=abs(seconds))
    days = f"{left.days} d " if left.days else ""
    return f"{'-' if seconds < 0 else ''}{days}{left.hours:02d}:{left.minutes:02d}:{left.remaining_seconds:02d}"

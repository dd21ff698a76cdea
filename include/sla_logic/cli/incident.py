"""`sla incident`: start an incident, look at it, release or reject its restoration request."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from include.sla_logic.cli import follow_ups
from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson, Incident
from include.sla_logic.cli.output import show_json, show_table, write_private
from include.sla_logic.cli.person import By
from include.sla_logic.domain.trouble_ticket import TroubleTicket

if TYPE_CHECKING:
    from include.sla_logic.domain.notification import ProblemNotification
    from include.sla_logic.domain.standing import Standing
    from include.sla_logic.services.cohorts import Member

app = typer.Typer(no_args_is_help=True, help="Start an incident, look at it, act on it.")
Reason = Annotated[str, typer.Option(help="Why; kept with the request and in the audit.")]
for command in (follow_ups.record, follow_ups.measure, follow_ups.resolve, follow_ups.reopen, follow_ups.write):
    app.command()(command)
_STDIN = "-"


@app.command("start")
def start_(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="JSON file with the notification, or - for stdin.")],
    airflow: Annotated[str | None, typer.Option(help="Address of Airflow; default TELECO_AIRFLOW_URL.")] = None,
    as_json: AsJson = False,
) -> None:
    """Start one run of sla_violation; the same notification again is the same run."""
    from include.sla_logic.cli.airflow_runs import Airflow, start
    from include.sla_logic.domain.run_ids import run_id_of

    conf = _read(file)
    run_id = run_id_of(_checked(conf))
    started = start(Airflow.found(airflow), conf, run_id=run_id)
    if as_json:
        show_json(started)
        return
    typer.echo(f"{'Already started' if started.before else 'Started'}: {started.run_id}")
    typer.echo(started.link)


@app.command("list")
def list_(
    open_only: Annotated[bool, typer.Option("--open", help="Only tickets that are not resolved.")] = False,
    escalated: Annotated[bool, typer.Option("--escalated", help="Only escalated tickets.")] = False,
    customer: Annotated[str | None, typer.Option(help="Only this customer's.")] = None,
    run: Annotated[str | None, typer.Option(help="Only those that this run works on or has carried.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List tickets, the newest first; for a run, with what became of each in it."""
    from include.sla_logic.services.lookups import TicketFilter

    wanted = TicketFilter(customer=customer, open_only=open_only, escalated=True if escalated else None, run=run)
    use_cases = open_use_cases()
    tickets = use_cases.lookups.tickets(wanted, limit=limit)
    members = {member.ticket: member for member in use_cases.cohorts.members(run)} if run else {}
    clocks = use_cases.lookups.clocks(tickets)
    if as_json:
        show_json([_as_json(ticket, clocks.get(ticket.id)) | _in_run(members.get(ticket.id)) for ticket in tickets])
        return
    if members:
        show_table(
            ("ticket", "status", "customer", "service", "with", "opened", "reference", "in the run", "why"),
            [(*_row(ticket), *_in_run(members[ticket.id]).values()) for ticket in tickets if ticket.id in members],
            empty="The run has no such tickets.",
        )
        return
    show_table(
        ("ticket", "status", "clock", "customer", "service", "with", "opened", "reference"),
        [_row(ticket, clocks.get(ticket.id) or "settled") for ticket in tickets],
        empty="System T has no such tickets.",
        less=("clock", "with", "opened", "reference"),
    )


@app.command("show")
def show(reference: Incident, as_json: AsJson = False) -> None:
    """Show one incident: status, timeline, path, documents, money."""
    from include.sla_logic.cli.incident_view import show_case

    case = open_use_cases().lookups.incident(reference)
    if as_json:
        show_json(case.model_dump(mode="json"))
    else:
        show_case(case)


@app.command("letter")
def letter(
    reference: Incident,
    pdf: Annotated[Path | None, typer.Option(help="Write the letter to this file as PDF.")] = None,
) -> None:
    """Print the newest letter to the customer as text, or write it as PDF."""
    letters = open_use_cases().letters
    if pdf is None:
        typer.echo(letters.as_text(reference))
        return
    write_private(pdf, letters.as_pdf(reference))
    typer.echo(f"The letter of {reference} is in {pdf}.")


@app.command("release")
def release(reference: Incident, reason: Reason, by: By) -> None:
    """Send the held restoration request now; refused after its deadline."""
    wait = open_use_cases().restorations.release(reference, by=by, reason=reason)
    typer.echo(f"The restoration request of {wait.ticket} is sent; its run goes on within a minute.")


@app.command("reject")
def reject(reference: Incident, reason: Reason, by: By) -> None:
    """Give the held restoration request up: Resource Provisioning ends its part."""
    wait = open_use_cases().restorations.reject(reference, by=by, reason=reason)
    typer.echo(f"The restoration request of {wait.ticket} is rejected; its run goes on within a minute.")


def _in_run(member: "Member | None") -> dict[str, str | None]:
    """Say what became of a ticket in the run that carries it with others."""
    return {"in_run": member.state, "set_aside_because": member.reason} if member else {}


def _as_json(ticket: TroubleTicket, clock: "Standing | None") -> dict[str, object]:
    return ticket.model_dump(mode="json") | {"clock": clock and clock.model_dump(mode="json")}


def _row(ticket: TroubleTicket, *clock: object) -> tuple[object, ...]:
    status = f"{ticket.status}, escalated" if ticket.escalated else ticket.status
    where = (ticket.customer, ticket.service, ticket.assigned_to)
    return (ticket.id, status, *clock, *where, ticket.created_at, ticket.external_reference)


def _read(file: str) -> dict[str, Any]:
    from include.sla_logic.domain.notification_text import read_notification

    sent = sys.stdin.buffer.read() if file == _STDIN else Path(file).read_bytes()
    return read_notification(sent, name="standard input" if file == _STDIN else file)


def _checked(conf: dict[str, Any]) -> "ProblemNotification":
    """Check as the first task will, so that every mistake is reported before a run exists."""
    from sqlalchemy.exc import InterfaceError, OperationalError

    from include.sla_logic.services import UnableToUseDatabase

    try:
        return open_use_cases().intake.check(conf)
    except (UnableToUseDatabase, OperationalError, InterfaceError):
        notification = _checked_alone(conf)
        typer.echo("sla: No contract register is at hand; the first task checks customer and service.", err=True)
        return notification


def _checked_alone(conf: dict[str, Any]) -> "ProblemNotification":
    """Check without the contract register, which may be on another machine."""
    from datetime import UTC, datetime

    from include.sla_logic.domain.notification_check import Refusal, receive
    from include.sla_logic.domain.notification_text import UnableToReadNotification

    received = receive(conf, now=datetime.now(UTC))
    if received.sent is None or isinstance(received.result, Refusal):
        raise UnableToReadNotification(f"{received.result}.")
    return received.sent

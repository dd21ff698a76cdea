"""One incident as people read it in a terminal."""

from typing import TYPE_CHECKING

import typer

from include.sla_logic.cli.output import show_fields, show_table

if TYPE_CHECKING:
    from include.sla_logic.services.lookups import Case

_NAMED = 10  # more tickets of one service problem are counted, not named


def show_case(case: "Case") -> None:
    """Print everything about one incident: its state first, then its histories, oldest first."""
    _show_ticket(case)
    _show_problems(case)
    _show_money(case)
    _show_restoration(case)
    for one in case.disputes:
        decided = f" by {one.decided_by}: {one.reason}" if one.decided_by else f", recorded by {one.recorded_by}"
        typer.echo(f"Dispute {one.reference} ({one.contested}) is {one.state}{decided}")
    _heading("Path")
    typer.echo(" → ".join(step.task for step in case.path) or "No step is done yet.")
    _heading("Timeline")
    show_table(("at", "department", "event"), [(e.at, e.lane, e.event) for e in case.timeline], empty="Nothing yet.")
    if case.attachments:
        _heading("Attachments")
        sent = {number for note in case.notes for number in note.attachments}
        files = [
            (a.id, a.name, a.size, a.author, a.attached_at, "yes" if a.id in sent else "no") for a in case.attachments
        ]
        show_table(("number", "name", "bytes", "by", "attached", "sent to the customer"), files, empty="")
    _heading("Documents")
    documents = [(document.written_at, document.kind, document.round, document.task) for document in case.documents]
    show_table(("written", "document", "round", "by"), documents, empty="None yet.")
    _heading("Outbox")
    messages = [(m.created_at, m.kind, m.state, m.attempts, m.last_error) for m in case.outbox]
    show_table(("since", "kind", "state", "attempts", "last error"), messages, empty="No messages.")
    for letter in case.letters:
        typer.echo(f"Letter: {letter}")


def _show_ticket(case: "Case") -> None:
    ticket, closed = case.ticket, case.closed
    show_fields(
        {
            "Ticket": f"{ticket.id}{' (escalated)' if ticket.escalated else ''}",
            "Status": " → ".join(change.status for change in case.status_history),
            "With": ticket.assigned_to,
            "Outcome": f"{closed.ending}: {closed.outcome}" if closed else "in progress",
            "Clock": case.clock and str(case.clock),
            "Customer": ticket.customer,
            "Service": ticket.service,
            "Reference": ticket.external_reference,
            "Run": ticket.run_id,
            "Origin": case.origin,
            "Opened": ticket.created_at,
            "Child tickets": ", ".join(case.children),
        }
    )


def _show_problems(case: "Case") -> None:
    for problem in case.problems:
        others = [ticket for ticket in problem.tickets if ticket != case.ticket.id]
        with_whom = f"with {len(others)} more: {', '.join(others[:_NAMED])}" if others else "alone"
        more = ", …" if len(others) > _NAMED else ""
        typer.echo(f"Service problem {problem.id} ({problem.status}) at {problem.resource}, {with_whom}{more}")


def _show_money(case: "Case") -> None:
    if case.rebate is None:
        return
    _heading("Money")
    rebate, booked = case.rebate, case.adjustment
    show_fields({"Rebate": f"{rebate.total}{' (provisional)' if rebate.provisional else ''}", "Reason": rebate.reason})
    for line in rebate.lines:
        for step in line.arithmetic:
            typer.echo(f"  {step}")
    if booked is not None:
        invoice = booked.invoice or "none open"
        before_after = f"{booked.invoice_before} → {booked.invoice_after}" if booked.invoice_before else None
        show_fields({"Booked": booked.booked, "Account": booked.account, "Invoice": invoice, "Its total": before_after})


def _show_restoration(case: "Case") -> None:
    wait = case.restoration
    if wait is None:
        return
    _heading("Restoration request")
    show_fields(
        {
            "Deadline": wait.deadline,
            "Held because": wait.held_because,
            "Sent": wait.sent_at and f"{wait.sent_at:%Y-%m-%d %H:%M:%S} UTC by {wait.sent_by}",
            "Rejected": wait.rejected_at and f"{wait.rejected_at:%Y-%m-%d %H:%M:%S} UTC by {wait.rejected_by}",
            "Outcome": wait.outcome or "still waiting",
        }
    )


def _heading(text: str) -> None:
    typer.echo(f"\n{text}")

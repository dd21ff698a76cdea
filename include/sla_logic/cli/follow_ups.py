"""`sla incident record`, `measure`, `resolve`, `reopen` and `write`: what is done after the run of an incident."""

from typing import Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import Incident
from include.sla_logic.cli.period import read_instant
from include.sla_logic.cli.person import By
from include.sla_logic.domain.follow_up import Basis

Reason = Annotated[str, typer.Option(help="Why; kept in the case file and in the audit.")]


def record(
    reference: Incident,
    done: Annotated[str, typer.Option(help="What was done about the service.")],
    done_at: Annotated[str, typer.Option(help="When it was done, as 2026-11-20T14:30+01:00; UTC without an offset.")],
    by: By,
) -> None:
    """Record what was done about the service of an incident whose run has ended."""
    follow_ups = open_use_cases().follow_ups
    ticket = follow_ups.record(reference, done=done, done_at=read_instant(done_at), by=by)
    typer.echo(f"The work on {ticket.id} is recorded.")


def measure(reference: Incident, reason: Reason, by: By) -> None:
    """Measure the service of an incident again, as the process measures it."""
    use_cases = open_use_cases()
    ticket = use_cases.follow_ups.measure(reference, by=by, reason=reason)
    typer.echo(use_cases.lookups.incident(ticket.id).timeline[-1].event)


def resolve(
    reference: Incident,
    basis: Annotated[Basis, typer.Option(help="What it rests on: the newest measurement, or the reason alone.")],
    reason: Reason,
    by: By,
    with_children: Annotated[bool, typer.Option(help="Resolve open tickets of the extra process too.")] = False,
) -> None:
    """Resolve an incident that its run left open: the money is judged again and the customer is told."""
    follow_ups = open_use_cases().follow_ups
    ticket = follow_ups.resolve(reference, basis=basis, by=by, reason=reason, with_children=with_children)
    typer.echo(f"{ticket.id} is resolved.")


def reopen(reference: Incident, reason: Reason, by: By) -> None:
    """Open a resolved incident again."""
    ticket = open_use_cases().follow_ups.reopen(reference, by=by, reason=reason)
    typer.echo(f"{ticket.id} is open again; nothing was written to the customer.")


def write(reference: Incident, reason: Reason, by: By) -> None:
    """Judge the money again, and tell the customer in a letter how the incident stands."""
    ticket = open_use_cases().follow_ups.write(reference, by=by, reason=reason)
    typer.echo(f"The letter about {ticket.id} is in the outbox.")

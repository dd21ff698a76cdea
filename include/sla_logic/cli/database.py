"""`sla database`: migrate the operations database, see what it is, and move it, or resume after a restore."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson, Reason
from include.sla_logic.cli.output import show_fields, show_json
from include.sla_logic.cli.person import By

if TYPE_CHECKING:
    from include.sla_logic.cli.airflow_api import AirflowApi

app = typer.Typer(no_args_is_help=True, help="Migrate the operations database, see its contents, move or restore it.")

Address = Annotated[str | None, typer.Option(help="Address of the Airflow that works it; default TELECO_AIRFLOW_URL.")]


@app.command("migrate")
def migrate() -> None:
    """Bring the operations database to the newest revision; running it again changes nothing."""
    revision = open_use_cases().work.migrate()
    typer.echo(f"The operations database is at revision {revision}.")


@app.command("status")
def status(as_json: AsJson = False) -> None:
    """Show id, revision and contents; exit code 1 where the database must be migrated first."""
    state = open_use_cases().lookups.database_status()
    (show_json if as_json else show_fields)(state)


@app.command("adopt")
def adopt(
    name: Annotated[str, typer.Argument(help="The installation in `sla database status`.")],
    reason: Reason,
    by: By,
    copy: Annotated[
        bool, typer.Option("--copy", help="It stays in use elsewhere: give this copy an id of its own, send nothing.")
    ] = False,
    airflow: Address = None,
) -> None:
    """Give this database to one Airflow, which may work it from now on; every other is refused."""
    from include.sla_logic.cli.airflow_records import RestNotebook

    with _airflow(airflow) as api:
        use_cases = open_use_cases()
        moved = use_cases.installation.adopt(name, RestNotebook(api), by=by, reason=reason, as_copy=copy)
        typer.echo(f"The Airflow at {api.address} works the operations database {moved.installation}.")
    if copy:
        typer.echo(f"{moved.withheld} messages that {name} sends are given up here.")


@app.command("restored")
def restored(
    reason: Reason,
    by: By,
    above: Annotated[str | None, typer.Option(help="A ticket higher than every one that was given out.")] = None,
    airflow: Address = None,
) -> None:
    """Resume work after a backup was restored: no number is given out twice, and what is lost is named."""
    from include.sla_logic.cli.airflow_records import RestNotebook, RestRecords

    with _airflow(airflow) as api:
        use_cases, number = open_use_cases(), _number(above)
        found = use_cases.restored_database.resume(
            RestNotebook(api), RestRecords(api), by=by, reason=reason, above=number
        )
    typer.echo(f"The next ticket is {found.next_ticket}.")
    known = ", ".join(f"{source} {number}" for source, number in found.highest.items() if number)
    typer.echo(f"Highest numbers known: {known or 'none'}.")
    for sentence in found.lost:
        typer.echo(f"Lost: {sentence}")


@contextmanager
def _airflow(address: str | None) -> Iterator["AirflowApi"]:
    from include.sla_logic.cli.airflow_runs import Airflow

    with Airflow.found(address).api() as api:
        yield api


def _number(ticket: str | None) -> int | None:
    from include.sla_logic.services.lookups import ticket_number

    if ticket is None:
        return None
    if (number := ticket_number(ticket)) is None:
        raise typer.BadParameter(f"{ticket} is no ticket id such as TT-000001.", param_hint="--above")
    return number

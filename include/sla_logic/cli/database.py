"""`sla database`: migrate the operations database, and see its revision and contents."""

from typing import Annotated

import typer

from include.sla_logic.cli.output import show_fields, show_json

app = typer.Typer(no_args_is_help=True, help="Migrate the operations database, and see its revision and contents.")


@app.command("migrate")
def migrate() -> None:
    """Bring the operations database to the newest revision; running it again changes nothing."""
    from include.sla_logic.services import Settings, UseCases

    revision = UseCases(Settings.from_environment()).work.migrate()
    typer.echo(f"The operations database is at revision {revision}.")


@app.command("status")
def status(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Show revision and contents; exit code 1 where the database must be migrated first."""
    from include.sla_logic.services import Settings, UseCases

    state = UseCases(Settings.from_environment()).lookups.database_status()
    (show_json if as_json else show_fields)(state)

"""`sla doctor --setup`: what is missing before the first incident, each with the command to type."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from include.sla_logic.cli.output import show_json, shown
from include.sla_logic.services import UseCases

if TYPE_CHECKING:
    from include.sla_logic.services.setup import Gap


def show_setup(use_cases: UseCases, airflow: str | None, *, as_json: bool) -> None:
    """Print the gaps in the order in which they are closed; exit code 1 where one of them is needed."""
    gaps = [*use_cases.setup.gaps(), *_airflow(airflow)]
    if as_json:
        show_json(gaps)
    else:
        for gap in gaps:
            typer.echo(f"{'Missing' if gap.needed else 'Optional'}: {shown(gap.what)}\n    {gap.command}")
    if any(gap.needed for gap in gaps):
        raise typer.Exit(1)
    if not as_json:
        typer.echo("Nothing is missing: an incident can be started.\n    sla incident start report.json")


def _airflow(address: str | None) -> Iterator["Gap"]:
    """Ask Airflow whether it knows the process and runs it."""
    from include.sla_logic.cli.airflow_api import UnableToReachAirflow
    from include.sla_logic.cli.airflow_runs import DAG, Airflow, UnableToStartIncident
    from include.sla_logic.services.setup import Gap

    try:
        with Airflow.found(address).api() as api:
            if api.call("GET", f"/api/v2/dags/{DAG}")["is_paused"]:
                yield Gap(f"{DAG} is paused: its runs wait.", f"airflow dags unpause {DAG}")
    except (UnableToReachAirflow, UnableToStartIncident) as error:
        yield Gap(str(error), "make up")

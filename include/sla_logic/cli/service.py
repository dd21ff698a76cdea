"""`sla service`: what is used and left of each promise, and what it is judged by."""

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_table
from include.sla_logic.cli.period import read_instant

if TYPE_CHECKING:
    from include.sla_logic.domain.budget import ObjectiveBudget, ServiceBudget

app = typer.Typer(no_args_is_help=True, help="See what is used and left of each promise.")
_COLUMNS = (
    "service",
    "objective",
    "state",
    "promised",
    "measured",
    "used",
    "left",
    "next tier",
    "costs more",
    "credited",
    "right to leave",
)


@app.callback()
def _service() -> None:
    """Keep `sla service` a group."""


@app.command("budget")
def budget(
    services: Annotated[list[str] | None, typer.Argument(help="Only these services; all if none is named.")] = None,
    after: Annotated[str, typer.Option(help="Go on after this service: the last one of the page before.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most this many services.")] = 100,
    as_of: Annotated[str | None, typer.Option(help="As it was known then, in the window of then; else now.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show how much of each promise is used and left in the current window, and what the next tier costs.

    Exit code 1 where a service that was named has no agreement in force.
    """
    moment: datetime | None = None if as_of is None else read_instant(as_of)
    use_cases = open_use_cases()
    found = use_cases.sla_status.budgets(services or (), after=after, limit=limit, as_of=moment)
    if as_json:
        typer.echo(f"[{','.join(entry.model_dump_json() for entry in found)}]")
    else:
        rows = [_row(entry, objective) for entry in found for objective in entry.objectives]
        show_table(_COLUMNS, rows, empty="No agreement is in force.")
    if len(found) == limit:
        typer.echo(f"There may be more: --after {found[-1].service}", err=True)
    _miss(services or (), found)


@app.command("facts")
def facts(
    service: Annotated[str, typer.Argument(help="The service.")],
    customer: Annotated[str | None, typer.Option(help="Whose subscription, where several have the service.")] = None,
    at: Annotated[str | None, typer.Option(help="An instant in the window; else now.")] = None,
    as_of: Annotated[str | None, typer.Option(help="The moment up to which facts are known; else now.")] = None,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Without names of services and records, causes and reasons.")
    ] = False,
) -> None:
    """Print what a window of a service is judged by, as a facts file for `sla assess CONTRACT FACTS`."""
    from include.sla_logic.cli.assess import from_database
    from include.sla_logic.domain.facts_export import write_facts

    assessed = from_database(service, customer, at, as_of)
    window = assessed.comparison.contract_window or assessed.comparison.window
    typer.echo(write_facts(assessed.facts, window, anonymous=anonymous))


def _miss(services: list[str] | tuple[()], found: list["ServiceBudget"]) -> None:
    if len(found) and (missing := sorted(set(services) - {entry.service for entry in found})):
        typer.echo(f"No agreement is in force for {', '.join(missing)}.", err=True)
    if set(services) - {entry.service for entry in found}:
        raise typer.Exit(1)


def _row(entry: "ServiceBudget", objective: "ObjectiveBudget") -> tuple[object, ...]:
    from include.sla_logic.domain.durations import show_duration

    step = objective.next_tier
    left = objective.left_seconds
    tier = None
    if step is not None:
        distance = step.value_left if step.seconds_left is None else show_duration(step.seconds_left)
        tier = f"{step.tier} in {distance}"
    return (
        entry.service,
        objective.objective,
        objective.verdict,
        _number(objective.target, objective.unit),
        _number(objective.measured, objective.unit),
        None if objective.used_seconds is None else show_duration(objective.used_seconds),
        None if left is None else show_duration(left) if left >= 0 else f"overspent by {show_duration(-left)}",
        tier,
        None if step is None else step.costs_more,
        entry.credited,
        None if entry.chronic is None else entry.chronic.state.replace("_", " "),
    )


def _number(value: Decimal | None, unit: str) -> str | None:
    return None if value is None else f"{round(value, 4).normalize():f} {unit}"

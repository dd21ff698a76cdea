"""`sla problem`: one cause behind many incidents, and the incidents."""

from typing import TYPE_CHECKING, Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.output import show_fields, show_json, show_table

if TYPE_CHECKING:
    from include.sla_logic.services.lookups import ProblemView

app = typer.Typer(no_args_is_help=True, help="See service problems: one cause behind many incidents.")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, as TMF656 v5 has it.")]


@app.command("list")
def list_(
    open_only: Annotated[bool, typer.Option("--open", help="Only problems that are not over.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most this many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List service problems, the newest first."""
    from include.sla_logic.domain.open_apis.service_problem import service_problem

    found = open_use_cases().lookups.service_problems(open_only=open_only, limit=limit)
    if as_json:
        show_json([service_problem(view) for view in found])
        return
    show_table(
        ("problem", "status", "resource", "type", "since", "priority", "incidents"),
        [_row(view) for view in found],
        empty="There are no such service problems.",
    )


@app.command("show")
def show(problem: Annotated[str, typer.Argument(help="Service problem (SP-000001).")], as_json: AsJson = False) -> None:
    """Show one service problem with the incidents that are tied to it."""
    from include.sla_logic.domain.open_apis.service_problem import service_problem

    use_cases = open_use_cases()
    view = use_cases.lookups.service_problem(problem)
    if as_json:
        show_json(service_problem(view))
        return
    waiting = use_cases.alarm_views.hit(problem=problem, waiting_only=True, size=1)
    one = view.problem
    more = f"{waiting.total}, see: sla alarm hit --problem {one.id}" if waiting.total else None
    show_fields(
        {
            "Problem": one.id,
            "Status": f"{view.status}{f' ({one.end})' if one.end else ''}",
            "Priority": f"{view.priority} of 10",
            "Resource": one.resource,
            "Type": one.type_of_problem,
            "Reason": one.reason,
            "Since": one.began_at,
            "Opened": one.opened_at,
            "Released": one.released_at,
            "Over": one.closed_at,
            "Analysed as": one.analysed_as,
            "Waiting for a release": view.held,
            "Services": ", ".join(view.services),
            "Incidents": ", ".join(view.tickets),
            "Hit, no incident yet": more,
        }
    )


def _row(view: "ProblemView") -> tuple[object, ...]:
    one = view.problem
    return (one.id, view.status, one.resource, one.type_of_problem, one.began_at, view.priority, len(view.tickets))

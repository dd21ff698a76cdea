"""The demo's result as one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from deploy.demo.incidents import DemoIncident
from include.sla_logic.adapters.case_view import Case
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.service_performance import ObjectivePerformance

COLUMNS = ("incident", "path", "promised", "measured", "outcome", "credit", "letter")


@dataclass(frozen=True)
class Result:
    """Hold one incident with what is wrong about its end."""

    incident: DemoIncident
    case: Case | None
    wrong: tuple[str, ...]


def table_of(results: Sequence[Result], *, beside: Path) -> Table:
    """Put one row per incident; the places of letters are told from the folder `beside`."""
    table = Table(title="What became of the incidents", show_lines=True)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for result in results:
        mark = "[red]✗[/red]" if result.wrong else "[green]✓[/green]"
        table.add_row(*_row(result, mark, beside))
    return table


def _row(result: Result, mark: str, beside: Path) -> list[str]:
    case, path = result.case, f"{mark} {result.incident.title}"
    report = case.document(CustomerReport) if case else None
    if case is None or case.closed is None or report is None:
        return [case.ticket.id if case else "none", path, "", "", "not ended", "", ""]
    shown = _most_telling(report.performance.objectives)
    return [
        case.ticket.id,
        path,
        f"{shown.metric} {'≥' if shown.at_least else '≤'} {_figure(shown.promised, shown.unit)}" if shown else "",
        _figure(shown.measured, shown.unit) if shown else "",
        f"{case.closed.outcome.value.replace('_', ' ')}, {case.closed.ending.value}",
        f"{case.closed.credit} {case.closed.credit_state.value.replace('_', ' ')}",
        "\n".join(_near(place, beside) for place in case.letters),
    ]


def _most_telling(objectives: Sequence[ObjectivePerformance]) -> ObjectivePerformance | None:
    """Prefer the objective that was missed: it is what the incident is about."""
    order = ("breached", "at_risk", "unknown", "met")
    return min(objectives, key=lambda objective: order.index(objective.state.value), default=None)


def _figure(value: object, unit: str) -> str:
    return f"{value} {unit}" if value is not None else "not known"


def _near(place: str, beside: Path) -> str:
    return str(Path(place).relative_to(beside)) if Path(place).is_relative_to(beside) else place

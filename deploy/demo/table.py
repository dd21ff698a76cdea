"""The demo's result as one table."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from rich.table import Table

from deploy.demo.incidents import DemoIncident
from deploy.demo.verdict import first_comparison, judgement_of
from include.sla_logic.services.lookups import Case

SHOWN = Decimal("0.0001")
COLUMNS = ("incident", "way", "promised", "measured", "outcome", "credit", "letter")


@dataclass(frozen=True)
class Result:
    """Hold one incident with what is wrong about its end."""

    incident: DemoIncident
    case: Case | None
    wrong: tuple[str, ...]


def table_of(results: Sequence[Result], *, beside: Path) -> Table:
    """Put one row per incident; letters are named from the folder `beside`, the page where there are page and mail."""
    table = Table(title="What became of the incidents", show_lines=True)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")
    for result in results:
        mark = "[red]✗[/red]" if result.wrong else "[green]✓[/green]"
        table.add_row(*_row(result, mark, beside))
    return table


def _row(result: Result, mark: str, beside: Path) -> list[str]:
    case, expected = result.case, result.incident.expected
    way = f"{mark} {expected.title}"
    judged = judgement_of(first_comparison(case), expected.objective) if case else None
    if case is None or case.closed is None or judged is None:
        return [case.ticket.id if case else "none", way, "", "", "not ended", "", ""]
    closed = case.closed
    return [
        case.ticket.id,
        way,
        f"{judged.title}\n{_figure(judged.target, expected.unit)}",
        _figure(judged.measured, expected.unit),
        f"{closed.outcome.value.replace('_', ' ')}, {closed.ending.value}",
        f"{closed.credit} {closed.credit_state.value.replace('_', ' ')}",
        "\n".join(_near(place, beside) for place in case.letters if not place.endswith(".eml")),
    ]


def _figure(value: Decimal | None, unit: str) -> str:
    return f"{value.quantize(SHOWN).normalize():f} {unit}" if value is not None else "not known"


def _near(place: str, beside: Path) -> str:
    return str(Path(place).relative_to(beside)) if Path(place).is_relative_to(beside) else place

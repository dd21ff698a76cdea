"""`sla replay`: past incidents decided again under other business tables; nothing is written."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from include.sla_logic.cli.contract import read_text
from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.output import show_json, show_table
from include.sla_logic.cli.period import read_instant
from include.sla_logic.cli.progress import counting
from include.sla_logic.domain.errors import ForeseenError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from include.sla_logic.services.replay import Replay, Replayed, ReplayedIncident

app = typer.Typer(help="Decide past incidents again under other business tables.")
_Judgements = Annotated[
    bool, typer.Option("--judgements", help="Judge settled windows again instead; exit code 1 where any differs.")
]
_COLUMNS = ("ticket", "decision", "was", "would be", "row")


class UnableToCombineOptions(ForeseenError):
    """Options were given of which one takes no notice of the others."""


class UnableToReadGoldenFile(ForeseenError):
    """The file holds no decisions."""


@app.command()
def replay(  # noqa: PLR0913 - one parameter for each option
    *,
    policies: Annotated[
        Path | None, typer.Option(help="A folder with the tables that change; of the others those in force are taken.")
    ] = None,
    first: Annotated[str | None, typer.Option("--from", help="Incidents opened at this moment or later.")] = None,
    last: Annotated[str | None, typer.Option("--to", help="Incidents opened before this moment.")] = None,
    golden: Annotated[
        Path | None, typer.Option(help="Compare with what `--json` wrote there before; exit code 1 where they differ.")
    ] = None,
    judgements: _Judgements = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many rows.")] = 50,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print one row for each decision that changes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Decide past incidents again: priorities, significance, diagnosis, route, remedy, due times, what is held."""
    from include.sla_logic.services.replay import read_tables

    replays = open_use_cases().replay
    if judgements:
        _check_alone(policies, first, last, golden)
        _judge(replays, limit, as_csv=as_csv, as_json=as_json)
        return
    tables = None if policies is None else read_tables(policies)
    since, until = (None if text is None else read_instant(text) for text in (first, last))
    kept = None if golden is None else _read(golden)
    with counting("Deciding", "incidents") as progress:
        found = replays.incidents(tables, since=since, until=until, progress=progress)
    changed = found.changed if kept is None else found.differs_from(kept)
    if as_json:
        show_json(_fields(found, changed))
    elif as_csv:
        from include.sla_logic.services.tables import as_csv as written

        typer.echo(written(_COLUMNS, _rows(changed)), nl=False)
    else:
        _show(found, changed, limit, kept or {})
    if kept is not None and changed:
        raise typer.Exit(1)


def _check_alone(*others: object) -> None:
    if any(one is not None for one in others):
        said = "--judgements takes every settled window: leave out --policies, --from, --to and --golden."
        raise UnableToCombineOptions(said)


def _judge(replays: "Replay", limit: int, *, as_csv: bool, as_json: bool) -> None:
    from include.sla_logic.services.tables import as_csv as written

    with counting("Judging", "windows") as progress:
        found = replays.judgements(progress=progress)
    columns = ("round", "customer", "service", "window", "contract", "was", "now")
    rows = [tuple(str(getattr(one, column)) for column in columns) for one in found.differences]
    if as_json:
        show_json({"windows": found.windows, "differences": found.differences})
    elif as_csv:
        typer.echo(written(columns, rows), nl=False)
    else:
        show_table(columns, rows[:limit], empty="No settled window comes out otherwise.", less=("contract",))
        typer.echo(f"{len(rows)} of {found.windows} settled windows come out otherwise.")
    if rows:
        raise typer.Exit(1)


def _read(file: Path) -> dict[str, dict[str, str]]:
    try:
        kept = json.loads(read_text(file))["decisions"]
        return {str(ticket): {str(name): str(value) for name, value in said.items()} for ticket, said in kept.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnableToReadGoldenFile(f"{file} holds no decisions: write it with `sla replay --json`.") from error


def _fields(found: "Replayed", changed: "Sequence[ReplayedIncident]") -> dict[str, object]:
    return {
        "versions": dict(found.versions),
        "incidents": len(found.incidents),
        "changed": [{"ticket": one.ticket, "changes": list(one.changes)} for one in changed],
        "rows": dict(found.rows),
        "not_decided": {one.ticket: one.why_not for one in found.undecided},
        "decisions": {one.ticket: dict(one.decisions) for one in found.incidents},
    }


def _rows(changed: "Sequence[ReplayedIncident]") -> list[tuple[str, ...]]:
    return [(one.ticket, each.decision, each.was, each.would_be, each.row) for one in changed for each in one.changes]


def _show(found: "Replayed", changed: "Sequence[ReplayedIncident]", limit: int, kept: "Mapping[str, object]") -> None:
    rows = _rows(changed)
    show_table(_COLUMNS, rows[:limit], empty="No incident would have gone another way.", less=("row",))
    if len(rows) > limit:
        typer.echo(f"and {len(rows) - limit} more rows: --limit {len(rows)}, --csv or --json has them.")
    typer.echo(f"{len(changed)} of {len(found.incidents)} incidents would have gone another way.")
    for one in found.undecided[:limit]:
        typer.echo(f"{one.ticket} cannot be decided again: {one.why_not}.")
    if len(found.undecided) > limit:
        typer.echo(f"and {len(found.undecided) - limit} more that cannot be decided again: see --json.")
    if left_out := len(found.outside & kept.keys()):
        typer.echo(f"{left_out} incidents of the file were opened at another time and are not compared.")

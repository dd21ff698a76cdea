"""`sla assess`: judge measurements against a contract, on paper or from the database, without Airflow."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from include.sla_logic.cli.contract import read_text
from include.sla_logic.domain.contract import Contract, read_contract
from include.sla_logic.domain.facts_file import FactsFile, read_facts
from include.sla_logic.domain.period import Period, calendar_window
from include.sla_logic.domain.sla import SlaComparison, compare

app = typer.Typer(help="Judge measurements against a contract.")

# What judges a subscribed service at a moment from the database: (service, moment or None for now).
FromDatabase = Callable[[str, datetime | None], SlaComparison]
from_database: FromDatabase | None = None


class UnableToAssess(Exception):
    """The command does not say what to judge."""


@app.command()
def assess(
    contract: Annotated[Path | None, typer.Argument(help="Contract file (YAML).")] = None,
    facts: Annotated[Path | None, typer.Argument(help="Facts file (YAML or JSON).")] = None,
    service: Annotated[str | None, typer.Option(help="Judge this service from the database instead.")] = None,
    at: Annotated[str | None, typer.Option(help="An instant in the window to judge; else the facts' own.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Until when the facts are known; else the facts' own.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the judgement as JSON.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Also draw the window (.svg or .png).")] = None,
) -> None:
    """Print what was promised, what happened, what it counts for and what is owed, to check by hand."""
    comparison = _judge(contract, facts, service, at, as_of)
    typer.echo(comparison.model_dump_json(indent=2) if as_json else comparison.explain())
    if picture is not None:
        _draw(comparison, picture)


def _judge(
    contract: Path | None, facts: Path | None, service: str | None, at: str | None, as_of: str | None
) -> SlaComparison:
    if service is not None:
        if contract is not None or from_database is None:
            raise UnableToAssess("Give either a contract and a facts file, or --service with a database.")
        return from_database(service, None if at is None else _instant(at))
    if contract is None or facts is None:
        raise UnableToAssess("Give a contract file and a facts file, or --service.")
    terms = read_contract(read_text(contract), name=contract.name)
    known = read_facts(read_text(facts), name=facts.name)
    window = _window(terms, known, at)
    now = _instant(as_of) if as_of else known.as_of or max([window.end, *_ends(known)])
    return compare(terms, known.facts(), window=window, as_of=now)


def _ends(known: FactsFile) -> list[datetime]:
    """Return the recorded ends: without a stated moment, everything on record is known."""
    return [outage.end for outage in known.outages if outage.end is not None]


def _window(terms: Contract, known: FactsFile, at: str | None) -> Period:
    if at is None and known.window is not None:
        return known.window
    moment = _instant(at) if at else known.as_of
    if moment is None:
        raise UnableToAssess("Say which window to judge: --at, or window or as_of in the facts file.")
    return calendar_window(terms.window, terms.zone, moment, billing_day=terms.billing_day)


def _instant(text: str) -> datetime:
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise UnableToAssess(f"{text!r} is no instant: write 2025-04-10 or 2025-04-10T08:00:00Z.") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def _draw(comparison: SlaComparison, file: Path) -> None:
    from include.sla_logic.charts.judgement import UnableToDraw, as_png, as_svg

    if file.suffix == ".svg":
        file.write_text(as_svg(comparison), encoding="utf-8")
    elif file.suffix == ".png":
        file.write_bytes(as_png(comparison))
    else:
        raise UnableToDraw(f"{file} is neither .svg nor .png.")

"""`sla assess`: judge measurements against a contract, from files or from the database, without Airflow."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from include.sla_logic.cli.contract import read_text
from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.output import write_private
from include.sla_logic.cli.period import read_instant
from include.sla_logic.domain import calendars
from include.sla_logic.domain.contract import Contract, read_contract
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.facts_file import FactsFile, read_facts
from include.sla_logic.domain.facts_use import check_names, left_over
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.service_performance import draw
from include.sla_logic.domain.sla import Assessed, check_claims, choose_agreement, compare

app = typer.Typer(help="Judge measurements against a contract.")


class UnableToAssess(ForeseenError):
    """The command does not say what to judge."""


@app.command()
def assess(  # noqa: PLR0913 - one parameter for each option
    contract: Annotated[Path | None, typer.Argument(help="Contract file (YAML).")] = None,
    facts: Annotated[Path | None, typer.Argument(help="Facts file (YAML or JSON).")] = None,
    *,
    service: Annotated[str | None, typer.Option(help="Judge this service from the database instead.")] = None,
    under: Annotated[
        Path | None, typer.Option("--contract", help="With --service: as if this contract (YAML) had been agreed.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Whose subscription, where several have the service.")] = None,
    at: Annotated[
        str | None, typer.Option(help="An instant in the window to judge; else the facts' own, or now.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(help="The moment up to which facts are known; else the facts' own, or now.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the judgement as JSON.")] = False,
    picture: Annotated[Path | None, typer.Option(help="Also draw the window (.svg or .png).")] = None,
) -> None:
    """Print what was promised, what happened, what it counts for and what is owed, to check by hand."""
    if service is not None:
        if contract is not None:
            raise UnableToAssess("Give either a contract and a facts file, or --service, perhaps with --contract.")
        assessed = from_database(service, customer, at, as_of, under)
    elif under is not None:
        raise UnableToAssess("--contract goes with --service; to a facts file the contract is the first argument.")
    else:
        assessed = _from_files(contract, facts, at, as_of)
    comparison = assessed.comparison
    typer.echo(comparison.model_dump_json(indent=2) if as_json else comparison.explain())
    if picture is not None:
        _draw(assessed, picture)


def from_database(
    service: str, customer: str | None, at: str | None, as_of: str | None, under: Path | None = None
) -> Assessed:
    """Judge a service of the database in the window that holds `at`, as known at `as_of`; both now if not given."""
    moment, known = (None if text is None else read_instant(text) for text in (at, as_of))
    return open_use_cases().sla_status.assess_with_facts(
        service,
        at=moment,
        as_of=known,
        customer=customer,
        under=None if under is None else read_contract(read_text(under), name=under.name),
    )


def _from_files(contract: Path | None, facts: Path | None, at: str | None, as_of: str | None) -> Assessed:
    if contract is None or facts is None:
        raise UnableToAssess("Give a contract file and a facts file, or --service.")
    terms = read_contract(read_text(contract), name=contract.name)
    known = read_facts(read_text(facts), name=facts.name)
    if known.agreements:
        terms = terms.begun_on(calendars.local_day(min(one.start for one in known.agreements), terms.zone))
    window = _window(terms, known, at)
    now = read_instant(as_of) if as_of else known.as_of or max([window.end, *_ends(known)])
    facts_ = known.facts(until=now)
    if at is not None:
        facts_ = choose_agreement(terms, facts_, read_instant(at))
    check_names(terms, facts_)
    if unused := ", ".join(left_over(terms, facts_)):
        typer.echo(f"sla: the contract promises nothing about: {unused}", err=True)
    comparison = compare(terms, facts_, window=window, as_of=now)
    check_claims(facts_, comparison.window, terms, now=now)
    return Assessed(terms, facts_, comparison)


def _ends(known: FactsFile) -> list[datetime]:
    """Return the recorded ends and claims: without a stated moment, everything on record is known."""
    ends = [outage.end for outage in known.outages if outage.end is not None]
    return [*ends, *(claim.filed_at for claim in known.claims_filed)]


def _window(terms: Contract, known: FactsFile, at: str | None) -> Period:
    stated = known.window if at is None else None
    moment = stated.start if stated else read_instant(at) if at else known.as_of
    if moment is None:
        raise UnableToAssess("Say which window to judge: --at, or window or as_of in the facts file.")
    calendar = terms.window_at(moment)
    if stated is None:
        return calendar
    if not stated.seconds or not (calendar.start <= stated.start and stated.end <= calendar.end):
        reason = f"The window {stated} is neither a {terms.window} of the contract nor a part of one"
        raise UnableToAssess(f"{reason}: counted in {terms.zone}, the {terms.window} is {calendar}.")
    return stated


def _draw(assessed: Assessed, file: Path) -> None:
    from include.sla_logic.letters.charts.judgement import UnableToDraw, as_png, as_svg

    courses = draw(assessed.facts, assessed.comparison, assessed.contract, actions=None)
    if file.suffix == ".svg":
        write_private(file, as_svg(assessed.comparison, courses).encode())
    elif file.suffix == ".png":
        write_private(file, as_png(assessed.comparison, courses))
    else:
        raise UnableToDraw(f"{file} is neither .svg nor .png.")

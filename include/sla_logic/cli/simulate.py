"""`sla simulate`: what past windows would have cost under another contract; nothing is written."""

import re
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from include.sla_logic.cli.contract import read_text
from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.period import read_instant
from include.sla_logic.cli.progress import counting
from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.instants import read_day

if TYPE_CHECKING:
    from include.sla_logic.cli.simulated import Shown
    from include.sla_logic.services.simulation import Asked

app = typer.Typer(help="See what past windows would have cost under another contract.")

_Contract = Annotated[Path, typer.Option(help="The new contract (YAML).")]
_Old = Annotated[str | None, typer.Option(help="The contract on record: ID or ID@VERSION; else the id of the new one.")]
_From = Annotated[str, typer.Option("--from", help="Windows that begin on this day or later.")]
_To = Annotated[str, typer.Option("--to", help="Windows that end when this day begins, or before.")]
_Customers = Annotated[Path | None, typer.Option(help="Count only these customers: a file with one id a line.")]
_Claimed = Annotated[bool, typer.Option("--all-claimed", help="As if every credit had been claimed in time.")]
_AsOf = Annotated[str | None, typer.Option(help="Take the facts as they were known at this moment, not now.")]
_Vary = Annotated[str | None, typer.Option(help="One term over a range: objectives.availability.target=99.5..99.99.")]
_Steps = Annotated[int, typer.Option(help="With --vary: how many values, evenly apart, both ends included.")]
_Growth = Annotated[str, typer.Option(help="A factor: with 1.5 every outage lasts one and a half times as long.")]
_Draws = Annotated[
    int, typer.Option(min=0, max=100_000, help="Add what a year costs, with an interval from this number of draws.")
]
_Seed = Annotated[int, typer.Option(min=0, help="With --bootstrap: the same seed gives the same interval.")]
_Picture = Annotated[Path | None, typer.Option(help="With --vary: also draw the curve (.svg).")]
_Limit = Annotated[int, typer.Option(min=1, help="Show at most this many rows of each list.")]
_AsCsv = Annotated[
    bool, typer.Option("--csv", help="Print each window that changes or was not judged; with --vary each step.")
]
_AsJson = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


class UnableToReadOption(ForeseenError):
    """An option cannot be read."""


@app.command()
def simulate(  # noqa: PLR0913 - one parameter for each option
    *,
    contract: _Contract,
    instead_of: _Old = None,
    first: _From,
    last: _To,
    customers: _Customers = None,
    all_claimed: _Claimed = False,
    as_of: _AsOf = None,
    vary: _Vary = None,
    steps: _Steps = 11,
    picture: _Picture = None,
    growth: _Growth = "1",
    bootstrap: _Draws = 0,
    seed: _Seed = 1,
    limit: _Limit = 20,
    as_csv: _AsCsv = False,
    as_json: _AsJson = False,
) -> None:
    """Judge all past windows of a contract's agreements under another contract too, and compare."""
    from include.sla_logic.cli.simulated import Shown
    from include.sla_logic.services.simulation import Asked

    asked = Asked(
        new=read_contract(read_text(contract), name=contract.name),
        first=_day(first, "--from"),
        last=_day(last, "--to"),
        old=instead_of,
        customers=None if customers is None else frozenset(read_text(customers).split()),
        claimed=all_claimed,
        as_of=None if as_of is None else read_instant(as_of),
        growth=_factor(growth),
    )
    _check(vary, picture, interval=bootstrap > 0, as_csv=as_csv)
    shown = Shown(asked, limit, as_csv=as_csv, as_json=as_json, picture=picture)
    if vary is None:
        _once(asked, shown, bootstrap, seed)
    else:
        _sweep(asked, shown, contract, vary, steps)


def _once(asked: "Asked", shown: "Shown", draws: int, seed: int) -> None:
    simulations = open_use_cases().simulations
    with counting("Judging", "services") as progress:
        found = simulations.simulate(asked, progress=progress)
    shown.simulation(found, found.interval(draws=draws, seed=seed) if draws else None)


def _sweep(asked: "Asked", shown: "Shown", file: Path, vary: str, steps: int) -> None:
    from include.sla_logic.domain.contract.varying import variants

    tried = variants(read_text(file), vary, steps=steps, name=file.name)
    simulations = open_use_cases().simulations
    contracts = [one.contract for one in tried if one.contract is not None]
    with counting("Judging", f"services at {len(contracts)} values") as progress:
        found = iter(simulations.sweep(asked, contracts, progress=progress) if contracts else [])
    shown.curve(vary, [(one, None if one.contract is None else next(found)) for one in tried])


def _day(text: str, option: str) -> date:
    found = read_day(text)
    if found is None:
        raise UnableToReadOption(f"{option} {text!r} is no day: write 2026-10-01.")
    return found


def _check(vary: str | None, picture: Path | None, *, interval: bool, as_csv: bool) -> None:
    if interval and (vary is not None or as_csv):
        raise UnableToReadOption("--bootstrap: leave out --vary and --csv, which show no interval.")
    if picture is not None and (vary is None or picture.suffix != ".svg"):
        raise UnableToReadOption(f"--picture {picture}: give --vary, and the name of an .svg file.")


def _factor(text: str) -> Fraction:
    if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,4})?", text, re.ASCII) is None or not Fraction(text):
        raise UnableToReadOption(f"--growth {text!r} is no factor: write 1.5.")
    return Fraction(text)

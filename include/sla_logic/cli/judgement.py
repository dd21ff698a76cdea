"""`sla judgement`: what differs between two judgements."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from include.sla_logic.cli.contract import read_text
from include.sla_logic.cli.output import show_json, shown
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.fault_words import fault_in_words
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.sla.judgement_diff import differences

app = typer.Typer(no_args_is_help=True, help="See what differs between two judgements.")


class UnableToReadJudgement(ForeseenError):
    """The file holds no judgement."""


@app.callback()
def _judgement() -> None:
    """Keep `sla judgement` a group."""


@app.command()
def diff(
    first: Annotated[Path, typer.Argument(help="A judgement, as `sla assess --json` prints it.", metavar="A")],
    second: Annotated[Path, typer.Argument(help="Another one.", metavar="B")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the sentences as JSON.")] = False,
) -> None:
    """Say what B finds otherwise than A, and by which clause; exit code 1 where they differ."""
    found = differences(_read(first), _read(second))
    if as_json:
        show_json(found)
    else:
        for line in found or ["The two judgements agree."]:
            typer.echo(shown(line))
    if found:
        raise typer.Exit(1)


def _read(file: Path) -> SlaComparison:
    try:
        return SlaComparison.model_validate_json(read_text(file))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the text"
        raise UnableToReadJudgement(
            f"{file} holds no judgement of `sla assess --json`: {field}: {fault_in_words(first)}."
        ) from error

"""`sla contract`: what is wrong with a contract file, and how one is written."""

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_json
from include.sla_logic.domain.contract import Contract, Finding, check_contract
from include.sla_logic.domain.contract.migration import NEWEST_FORMAT, migrate
from include.sla_logic.domain.contract.schema import contract_schema
from include.sla_logic.domain.errors import ForeseenError

app = typer.Typer(no_args_is_help=True, help="Check and explain contracts.")


_GALLERY = Path(__file__).parents[3] / "docs" / "gallery"


class UnableToReadFile(ForeseenError):
    """The file is not there, or holds no text."""


@app.command("check")
def check(
    files: Annotated[list[Path], typer.Argument(help="Contract files (YAML).", metavar="FILE…")],
    as_json: AsJson = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
) -> None:
    """Find holes, overlaps and contradictions; exit code 1 where a file would not be loaded."""
    found = {str(file): check_contract(read_text(file), name=file.name) for file in files}
    if as_json:
        show_json({name: [finding.model_dump() for finding in findings] for name, (_c, findings) in found.items()})
    else:
        for name, (contract, findings) in found.items():
            _show(name, contract, findings)
    failing = {"refuses", "warns"} if strict else {"refuses"}
    if any(finding.level in failing for _contract, findings in found.values() for finding in findings):
        raise typer.Exit(1)


def _show(name: str, contract: Contract | None, findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        typer.echo(f"{name}: {finding}")
    if contract is not None and not any(finding.level == "refuses" for finding in findings):
        count = len(contract.objectives)
        typer.echo(f"{name}: {contract.id} version {contract.version} can be loaded: {count} objective(s)")


@app.command("new")
def new(
    name: Annotated[str | None, typer.Argument(help="A contract of the gallery; without it they are listed.")] = None,
) -> None:
    """Print a contract of the gallery to start from (docs/gallery)."""
    known = {file.parent.name: file for file in sorted(_GALLERY.glob("*/contract.yaml"))}
    if name is None:
        for known_name, file in known.items():
            typer.echo(f"{known_name}: {read_text(file).splitlines()[0].removeprefix('# ')}")
    elif name in known:
        typer.echo(read_text(known[name]), nl=False)
    else:
        raise UnableToReadFile(f"The gallery has no contract {name}: sla contract new lists them.")


@app.command("migrate")
def migrate_files(
    files: Annotated[list[Path], typer.Argument(help="Contract files (YAML).", metavar="FILE…")],
    write: Annotated[bool, typer.Option("--write", help="Rewrite the files instead of printing them.")] = False,
) -> None:
    """Rewrite contracts in the newest format, comments included; what is judged differently is named."""
    for file in files:
        text, notes = migrate(read_text(file), name=file.name)
        for note in notes:
            typer.echo(f"{file.name}: {note}", err=True)
        if write:
            file.write_text(text, encoding="utf-8")
            typer.echo(f"{file.name}: written in format {NEWEST_FORMAT}")
        else:
            typer.echo(text, nl=False)


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of contract files."""
    typer.echo(schema_text())


def schema_text() -> str:
    """Return the JSON Schema as it is published."""
    text = json.dumps(contract_schema(), indent=2, ensure_ascii=False)
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda found: f"[{' '.join(found[1].split())}]", text)  # lists of words


def read_text(file: Path) -> str:
    """Return the text of a file; raise `UnableToReadFile` where there is none."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UnableToReadFile(f"{file}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnableToReadFile(f"{file} is no UTF-8 text.") from error

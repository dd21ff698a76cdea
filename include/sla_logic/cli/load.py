"""`sla load`: the small TELECO, and contracts from YAML files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from include.sla_logic.cli.opening import open_use_cases
from include.sla_logic.cli.options import AsJson
from include.sla_logic.cli.output import show_json
from include.sla_logic.domain.errors import ForeseenError

if TYPE_CHECKING:
    from include.sla_logic.sample_data import Sample
    from include.sla_logic.services import UseCases

app = typer.Typer(no_args_is_help=True, help="Load reference data: the small TELECO, contracts.")


class UnableToLoadContracts(ForeseenError):
    """A contract file cannot be read, or is no contract; nothing was loaded."""


@app.command("small-teleco")
def load_sample(
    notifications: Annotated[
        Path | None, typer.Option(help="Folder into which the notifications and expectations.json are written.")
    ] = None,
    anchor: Annotated[
        datetime | None, typer.Option(help="The moment on which everything is hung, in UTC; now, if not given.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Draws what the catalogue leaves to chance.")] = None,
    as_json: AsJson = False,
) -> None:
    """Generate and load a whole telecom provider, with one incident for each way through the process.

    Where it is loaded already, nothing changes and the same notifications are written again.
    """
    from include.sla_logic.sample_data import DEFAULT_SEED, write_notifications

    use_cases = open_use_cases()
    sample, new = _load(use_cases, anchor, DEFAULT_SEED if seed is None else seed)
    written = write_notifications(sample, notifications) if notifications else []
    if as_json:
        show_json({"anchor": sample.anchor, "seed": sample.seed, "loaded": new, "written": [str(p) for p in written]})
        return
    state = "loaded" if new else "was loaded before"
    typer.echo(f"The small TELECO of {sample.anchor:%Y-%m-%d %H:%M:%S} UTC is {state}: {_contents(sample)}.")
    if written:
        typer.echo(f"{len(sample.notifications)} notifications and expectations.json are in {notifications}.")


def _load(use_cases: "UseCases", anchor: datetime | None, seed: int) -> tuple["Sample", bool]:
    from include.sla_logic import sample_data as small

    with use_cases.work.writing() as connection:
        known = small.loaded_anchor(connection)
        moment = anchor.replace(tzinfo=anchor.tzinfo or UTC) if anchor else use_cases.work.database.now(connection)
        sample = small.make_sample(seed, known or moment)
        if known is None:
            with _progress(sum(map(len, sample.rows.values()))) as advance:
                small.load_sample(connection, sample, progress=advance)
        return sample, known is None


@contextmanager
def _progress(total: int) -> Iterator[Callable[[str, int], None]]:
    """Show how many rows have gone in."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("Loading the small TELECO", total=total)
        yield lambda table, rows: progress.update(task, advance=rows, description=f"Loading {table}")


def _contents(sample: "Sample") -> str:
    counts = {name: len(sample.rows[name]) for name in ("customers", "contracts", "resources", "outages", "samples")}
    return ", ".join(f"{count} {name}" for name, count in counts.items())


@app.command("contracts")
def load_contracts(
    paths: Annotated[list[Path], typer.Argument(help="YAML files, or folders of them.", exists=True)],
    as_json: AsJson = False,
) -> None:
    """Validate contracts and keep them, all or none; a version once loaded never changes."""
    texts = ((path.name, _text(path)) for path in _files(paths))
    loaded = open_use_cases().imports.contracts(texts)
    if as_json:
        show_json([{"id": c.id, "version": c.version, "title": c.title, "new": new} for c, new in loaded])
        return
    for contract, new in loaded:
        typer.echo(f"{contract.id} {contract.version}: {'loaded' if new else 'known already'}")


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")]) if path.is_dir() else [path]
        if not found:
            msg = f"The folder {path} holds no .yaml file."
            raise UnableToLoadContracts(msg)
        yield from found


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        msg = f"{path.name} is not UTF-8."
        raise UnableToLoadContracts(msg) from error

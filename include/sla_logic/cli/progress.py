"""Show the progress of long work: a moving line on a terminal, now and then a line elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import typer

EVERY = 10.0  # seconds between two lines where there is no terminal


@contextmanager
def counting(what: str, unit: str, *, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Yield a function that adds to the count, which goes to standard error; `total` is an estimate, where known."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(what, unit, total).add
        return
    count = "{task.completed}" if total is None else "{task.completed} of about {task.total}"
    columns = (SpinnerColumn(), TextColumn(f"{{task.description}}: {count} {unit}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda portion: progress.advance(task, portion)


class _Lines:
    def __init__(self, what: str, unit: str, total: int | None) -> None:
        self._what, self._unit = what, unit
        self._of = "" if total is None else f" of about {total}"
        self._count, self._printed_at = 0, monotonic()

    def add(self, portion: int) -> None:
        """Count, and print a line if the last one was a while ago."""
        self._count += portion
        if monotonic() - self._printed_at >= EVERY:
            self._printed_at = monotonic()
            typer.echo(f"{self._what}: {self._count}{self._of} {self._unit}", err=True)

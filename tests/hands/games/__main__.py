"""Play games on a real Airflow: `python -m tests.hands.games [--games N] [--first SEED] [--operations WHICH]`."""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.hands.games.rounds import AT_ONCE, Result, open_airflow, play
from tests.hands.games.series import Button

COLUMNS = ("operations", "seeds", "games", "hands", "healed by the operator", "findings", "seconds", "seconds a game")
SHARE = 7  # every seventh game is played with the operations database on SQLite


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--games", type=int, default=300, help="how many, each with a seed of its own")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="seed of the first game; at least 1")
    parser.add_argument("--operations", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help="games that are played at the same time")
    parser.add_argument("--minutes", type=float, help="begin no game after so long, for each database")
    parser.add_argument("--log", type=Path, help="add to this file what was pressed, and when")
    given = parser.parse_args()
    console, table, pressed = Console(highlight=False, width=160), Table(*COLUMNS), Counter[Button]()
    failed = False
    for operations, seeds in _shares(given.operations, range(given.first, given.first + given.games)):
        with (
            tempfile.TemporaryDirectory(prefix="hands-") as folder,
            open_airflow(Path(folder), operations=operations) as opened,
        ):
            result = play(opened, seeds, at_once=given.at_once, minutes=given.minutes)
        for seed, says in result.findings:
            console.print(f"seed {seed}: {says}", markup=False)
        if given.log:
            with given.log.open("a") as log:
                log.writelines(f"{line}\n" for line in _told(result))
        table.add_row(*_row(operations, result))
        pressed += result.hands
        failed |= bool(result.findings)
    console.print(table)
    console.print(", ".join(f"{button} {count}" for button, count in pressed.most_common()))
    return int(failed)


def _shares(operations: str, seeds: Sequence[int]) -> Iterator[tuple[str, list[int]]]:
    """Yield each database with its seeds."""
    if operations != "both":
        yield operations, [*seeds]
        return
    for kind in ("postgres", "sqlite"):
        if mine := [seed for seed in seeds if (seed % SHARE == 0) is (kind == "sqlite")]:
            yield kind, mine


def _row(operations: str, result: Result) -> Iterator[str]:
    games, hands = len(result.games), sum(result.hands.values())
    seeds = [game.series.seed for game in result.games]
    yield from (operations, f"{min(seeds)}-{max(seeds)}")
    yield from map(str, (games, hands, result.healed, len(result.findings), round(result.seconds)))
    yield f"{result.seconds / games:.1f}"


def _told(result: Result) -> Iterator[str]:
    for game in sorted(result.games, key=lambda game: game.series.seed):
        for line in game.buttons.log:
            yield f"seed {game.series.seed} {game.series.key} {line}"


if __name__ == "__main__":
    sys.exit(main())

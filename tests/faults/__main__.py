"""Run the faults: `python -m tests.faults [--rounds N] [--seed S] [--operations sqlite|postgres] [--only WORD …]`."""

import argparse
import sys
import tempfile
import time
import traceback
from pathlib import Path
from random import Random, SystemRandom

from rich.console import Console
from rich.table import Table

from tests.faults.house import House, house
from tests.faults.scenarios import FAULTS, Fault, play

COLUMNS = ("operations", "fault", "rounds", "incidents", "lost", "doubled", "letters repeated", "postings repeated")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="so often for each fault")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--operations", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--only", nargs="+", default=[], help="faults whose name has one of these words")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else SystemRandom().randrange(10**6)
    console = Console(highlight=False, width=160)
    console.print(f"seed {seed}")
    chosen = [fault for fault in FAULTS if not given.only or any(word in fault.name for word in given.only)]
    kinds = ["sqlite", "postgres"] if given.operations == "both" else [given.operations]
    table, failed = Table(*COLUMNS, title=f"seed {seed}"), False
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder, house(Path(folder), operations=kind) as opened:
            for fault in chosen:
                row, good = _rounds(console, opened, fault, kind, given.rounds, seed)
                table.add_row(*row)
                failed |= not good
    console.print(table)
    return int(failed)


def _rounds(console: Console, opened: House, fault: Fault, kind: str, rounds: int, seed: int) -> tuple[list[str], bool]:
    before, trouble = opened.judge(), ""
    began = time.monotonic()
    for number in range(rounds):
        chance = Random(f"{seed} {fault.name} {number}")  # noqa: S311 - faults, not secrets
        mark = f"F{[f.name for f in FAULTS].index(fault.name):02}-{number}"
        try:
            play(opened, fault, chance, mark)
        except Exception:  # noqa: BLE001 - the table says it, and the next fault is tried
            trouble = traceback.format_exc()
            console.print(trouble, markup=False)
            break
    now = opened.judge()
    lost, doubled = set(now.lost) - set(before.lost), set(now.doubled) - set(before.doubled)
    for line in sorted(lost | doubled):
        console.print(f"  {line}", markup=False)
    incidents = now.incidents - before.incidents
    letters = now.repeated_letters - before.repeated_letters
    postings = now.repeated_postings - before.repeated_postings
    played = f"{rounds}" if not trouble else f"{number}, then stuck"
    cells = [kind, fault.name, played, *map(str, (incidents, len(lost), len(doubled), letters, postings))]
    console.print(" | ".join(cells), f"({time.monotonic() - began:.0f} s)", markup=False)
    return cells, not (lost or doubled or trouble)


if __name__ == "__main__":
    sys.exit(main())

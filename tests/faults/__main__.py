"""Run the faults: `python -m tests.faults [--rounds N] [--seed S] [--operations sqlite|postgres] [--only WORD …]`."""

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random, SystemRandom

from rich.console import Console
from rich.table import Table

from tests.faults.checking import Verdict
from tests.faults.installation import Installation, open_installation
from tests.faults.many_waits import ManyWaits
from tests.faults.scenarios import FAULTS, Fault, play

COLUMNS = ("operations", "fault", "rounds", "incidents", "lost", "doubled", "letters repeated", "postings repeated")
Play = Callable[[Random, int], object]
Judge = Callable[[], Verdict]


class Report:
    """Plays one fault after the other, prints each row when it is known, and all rows at the end."""

    def __init__(self, seed: int, rounds: int) -> None:
        self.console = Console(highlight=False, width=160)
        self.table = Table(*COLUMNS, title=f"seed {seed}")
        self.seed, self.rounds, self.failed = seed, rounds, False

    def add(self, kind: str, name: str, play: Play, judge: Judge) -> None:
        """Play the fault; what the verdict gains meanwhile is its doing."""
        before, played, began = judge(), 0, time.monotonic()
        try:
            for number in range(self.rounds):
                chance = Random(f"{self.seed} {name} {number}")  # noqa: S311 - faults, not secrets
                play(chance, number)
                played += 1
        except Exception:  # noqa: BLE001 - the table says it, and the next fault is tried
            self.console.print(traceback.format_exc(), markup=False)
        now = judge()
        lost, doubled = set(now.lost) - set(before.lost), set(now.doubled) - set(before.doubled)
        for line in sorted(lost | doubled):
            self.console.print(f"  {line}", markup=False)
        incidents = now.incidents - before.incidents
        letters = now.repeated_letters - before.repeated_letters
        postings = now.repeated_postings - before.repeated_postings
        rounds = str(played) if played == self.rounds else f"{played}, then stuck"
        cells = [kind, name, rounds, *map(str, (incidents, len(lost), len(doubled), letters, postings))]
        self.table.add_row(*cells)
        self.console.print(" | ".join(cells), f"({time.monotonic() - began:.0f} s)", markup=False)
        self.failed |= bool(lost or doubled) or played < self.rounds


def main() -> int:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1, help="times that each fault is played")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--operations", choices=["sqlite", "postgres", "both"], default="both")
    parser.add_argument("--only", nargs="+", default=[], help="faults whose name has one of these words")
    parser.add_argument("--waits", type=int, default=1_000, help="number of waits on one triggerer; 0 for none")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else SystemRandom().randrange(10**6)
    report = Report(seed, given.rounds)
    report.console.print(f"seed {seed}")

    def wanted(name: str) -> bool:
        return not given.only or any(word in name for word in given.only)

    name_of_waits = f"triggerer killed twice with {given.waits:,} waits"
    for kind in ["sqlite", "postgres"] if given.operations == "both" else [given.operations]:
        if chosen := [fault for fault in FAULTS if wanted(fault.name)]:
            with (
                tempfile.TemporaryDirectory(prefix="faults-") as folder,
                open_installation(Path(folder), operations=kind, on_small_disk=True) as opened,
            ):
                for fault in chosen:
                    report.add(kind, fault.name, _in(opened, fault), opened.judge)
        if given.waits and wanted(name_of_waits):
            waits = ManyWaits(kind, given.waits)
            report.add(kind, name_of_waits, waits.play, waits.judge)
    report.console.print(report.table)
    return int(report.failed)


def _in(opened: Installation, fault: Fault) -> Play:
    def played(chance: Random, number: int) -> None:
        try:
            play(opened, fault, chance, f"F{FAULTS.index(fault):02}-{number}")
        finally:
            opened.restore()

    return played


if __name__ == "__main__":
    sys.exit(main())

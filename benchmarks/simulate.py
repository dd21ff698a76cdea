"""A register simulated under another contract, against judging every window of both contracts exactly.

Run with `make bench BENCH="simulate [--windows 100000]"`; always on PostgreSQL. CPU time is that of this process and of
PostgreSQL's together; both ways read the same facts from the same database.
"""

import argparse
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path

from benchmarks.aims import aim
from benchmarks.growth import spent
from benchmarks.judgement import TEXT
from benchmarks.settlement import FIRST, MONTHS, NOW, open_register
from deploy.postgres import PostgresServer
from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.simulation import Simulation
from include.sla_logic.services.simulation import Asked

EXACTLY = 100  # services whose windows are judged exactly for comparison


def new_contract() -> Asked:
    """Ask what a contract would have cost that pays twice as much."""
    terms = TEXT.replace("    MEASURE\n", "").replace("cap:", "claim: {automatic: true}\ncap:")
    changed = read_contract(terms.replace("10%", "20%"), name="new").model_copy(update={"version": "2"})
    return Asked(changed, FIRST, date(NOW.year, NOW.month, 1), old="BENCH@1", as_of=NOW)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--windows", type=int, default=100_000)
    windows = options.parse_args().windows // MONTHS * MONTHS
    with (
        tempfile.TemporaryDirectory() as name,
        PostgresServer() as server,
        open_register(server, Path(name), windows, percent=1) as use_cases,
    ):
        asked, found = new_contract(), list[Simulation]()
        some = frozenset(f"K-{number}" for number in range(1, EXACTLY + 1))
        exact = replace(asked, customers=some, exactly=True)
        slow = spent(lambda: found.append(use_cases.simulations.simulate(exact))) / (EXACTLY * MONTHS)
        whole = spent(lambda: found.append(use_cases.simulations.simulate(asked))) / windows
        few = use_cases.simulations.simulate(replace(asked, customers=some))
    assert found[0].total == few.total
    assert found[1].total.new_windows == found[1].total.old_windows == windows
    changed = len(found[1].changed)
    print(f"{windows:,} windows under two contracts, {changed:,} of which change: {whole * 1e6:.0f} us CPU a window")
    print(f"exactly, as {EXACTLY * MONTHS:,} of them were judged: {slow * 1e6:.0f} us CPU a window")
    aim("simulation, times faster than judging every window exactly", slow / whole, at_least=30)


if __name__ == "__main__":
    main()

"""Rows a second and peak memory of imports, and whether the speed holds against another commit, in one run.

Run with `make bench BENCH="imports [--rows 1000000] [--before HEAD~1] [--rounds 5]"`. Each import is a process of its
own on a new SQLite database; the two commits take turns, and the median of their ratios counts. Memory is flat where
ten times the rows need hardly more of it. Commits are compared by CPU seconds: other work disturbs these less.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
KINDS = ("samples", "outages", "nameless", "tickets")  # nameless: outages without a reference of their own
SERVICES, START = 500, datetime(2024, 1, 1, tzinfo=UTC)
_STATES = ("acknowledged", "closed")
_MAPPING = """\
title: samples
sections:
  samples:
    columns: {service: service, at: at}
    series: [{metric: latency, unit: ms, from: value, step_seconds: 60}]
"""


def write_rows(kind: str, rows: int, file: Path) -> None:
    """Write a CSV file of this kind with this many rows; the services take turns."""
    head = {
        "samples": "service,at,value",
        "outages": "service,reference,started_at,ended_at,cause",
        "nameless": "service,started_at,ended_at,cause",
        "tickets": "external_reference,status,at,customer,service,description",
    }
    with file.open("w", encoding="utf-8") as text:
        text.write(head[kind] + "\n")
        for number in range(rows):
            service = f"S-{number % SERVICES}"
            at = START + timedelta(minutes=number // SERVICES)
            ends = at + timedelta(seconds=50)
            row = {
                "samples": f"{service},{at:%Y-%m-%dT%H:%M:%SZ},{number % 90}.5",
                "outages": f"{service},O-{number},{at:%Y-%m-%dT%H:%M:%SZ},{ends:%Y-%m-%dT%H:%M:%SZ},line cut",
                "nameless": f"{service},{at:%Y-%m-%dT%H:%M:%SZ},{ends:%Y-%m-%dT%H:%M:%SZ},line cut",
                "tickets": f"T-{number // 2},{_STATES[number % 2]},{at:%Y-%m-%dT%H:%M:%SZ},C-1,S-1,Slow",
            }
            text.write(row[kind] + "\n")


def bring_in(kind: str, file: Path, folder: Path) -> dict[str, float]:
    """Import the file into a new database in this process; return seconds, rows that came in, and the peak in MiB."""
    from include.sla_logic.importers import KINDS as RECORDS
    from include.sla_logic.importers import plain_mapping, read_mapping
    from include.sla_logic.importers.tickets import TicketImport, read_ticket_mapping
    from include.sla_logic.services import UseCases
    from include.sla_logic.settings import Settings

    use_cases = UseCases(Settings(f"sqlite:///{folder / 'teleco.db'}", folder / "letters"))
    use_cases.work.migrate()

    def records(source: Path, name: str, mapping: str | None = None) -> int:
        plain = plain_mapping(name, RECORDS[name].record.model_fields)
        used = read_mapping(mapping) if mapping else plain
        report = use_cases.imports.records(
            source, kind=name, mapping=used, as_of=date(2026, 1, 1), progress=lambda _: None
        )
        assert not report.rejected, report.rejected[0]
        return report.added

    services = folder / "services.csv"
    services.write_text("id,name\n" + "".join(f"S-{n},line {n}\n" for n in range(SERVICES)), "utf-8")
    records(services, "services")
    (folder / "mapping.yaml").write_text(_MAPPING, "utf-8")
    began, clock = time.process_time(), time.perf_counter()
    if kind == "tickets":
        work = TicketImport(mapping=read_ticket_mapping("plain"), source="bench")
        done = use_cases.imports.tickets(file, work, progress=lambda _: None).rows
    elif kind == "samples":
        done = records(file, "samples", str(folder / "mapping.yaml"))
    else:
        done = records(file, "outages")
    took = {"cpu": time.process_time() - began, "seconds": time.perf_counter() - clock}
    return took | {"rows": done, "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def measure(kind: str, file: Path, checkout: Path) -> dict[str, float]:
    """Import the file in a process of its own with the code of this checkout."""
    with tempfile.TemporaryDirectory() as folder:
        paths = os.pathsep.join([str(checkout), str(checkout / "plugins")])
        done = subprocess.run(
            [sys.executable, __file__, "--child", kind, str(file), folder],
            cwd=checkout, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        return answer


def compare(folder: Path, kind: str, options: argparse.Namespace, before: Path) -> None:
    """Print the memory at a tenth and at all of the rows, and the speed of both commits."""
    from benchmarks.aims import aim

    sizes = {"a tenth": options.rows // 10, "all": options.rows}
    files = {name: folder / f"{kind}-{rows}.csv" for name, rows in sizes.items()}
    for name, rows in sizes.items():
        write_rows(kind, rows, files[name])
    least = measure(kind, files["a tenth"], ROOT)["mib"]
    whole = measure(kind, files["all"], ROOT)
    print(f"{kind}: {whole['rows']:.0f} rows, {whole['rows'] / whole['seconds']:.0f} a second, {whole['mib']:.0f} MiB")
    aim(f"{kind}: MiB more for ten times the rows", whole["mib"] - least, at_most=16)
    measure(kind, files["a tenth"], before)  # compiles what that checkout imports
    ratios = []
    for _ in range(options.rounds):
        found = [measure(kind, files["a tenth"], checkout) for checkout in (before, ROOT)]
        there, here = (one["rows"] / one["cpu"] for one in found)
        print(f"{kind}: rows a second of CPU {there:.0f} at {options.before}, {here:.0f} here")
        ratios.append(here / there)
    aim(f"{kind}: rows a second of CPU against {options.before}", median(ratios), at_least=0.95)


def main() -> None:
    """Measure every kind against another commit, which is checked out beside for as long as this runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--before", default="HEAD~1", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--child", nargs=3, metavar=("KIND", "FILE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        kind, file, folder = options.child
        print(json.dumps(bring_in(kind, Path(file), Path(folder))))
        return
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        subprocess.run(
            ["/usr/bin/env", "git", "worktree", "add", "-q", "--detach", str(before), options.before],
            cwd=ROOT,
            check=True,
        )
        try:
            for kind in options.kinds:
                compare(Path(folder), kind, options, before)
        finally:
            subprocess.run(["/usr/bin/env", "git", "worktree", "remove", "--force", str(before)], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()

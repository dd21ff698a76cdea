"""A whole register settled: judging in columns against the exact judgement, and all of it against a bare COPY.

Run with `make bench BENCH="settlement [--sizes 10000 100000 1000000] [--letters 25000]"`; always on PostgreSQL. CPU
time is that of this process and of PostgreSQL's together.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from benchmarks.aims import aim
from benchmarks.growth import spent
from benchmarks.judgement import TEXT
from deploy.postgres import PostgresServer
from include.sla_logic.domain.settlement import Preview
from include.sla_logic.domain.sla import compare
from include.sla_logic.domain.sla.quiet_windows import ColumnarContract, FactColumns, JudgedColumns, WindowColumns
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.settlement import subscriptions
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.services.ended_windows import windows_until

MONTHS, OUTAGES = 12, 7  # of a service; in a month
FIRST, NOW = date(2025, 1, 1), datetime(2026, 1, 20, 6, tzinfo=UTC)
EXACTLY = 300  # windows judged exactly for comparison
GIB = 2**30
# Seven outages of up to 5 minutes keep the promise of 99.9 %; where the first lasts 90 minutes longer, 10 % are owed.
FILL = """
INSERT INTO outages (service, reference, started_at, ended_at, attribution, degraded)
SELECT 'S-' || s, 'O-' || m || '-' || k, at, at + (20 + hashint4(s * 97 + m * 7 + k) % 140 + 140) * interval '1 s'
       + CASE WHEN k = 0 AND (s * :months + m) % 100 < :percent THEN interval '90 min' ELSE interval '0' END,
       'provider', false
FROM generate_series(1, :services) s, generate_series(0, :months - 1) m, generate_series(0, :outages - 1) k,
     LATERAL (SELECT timestamptz '2025-01-01 00:00+00' + m * interval '1 month' + (k * 4 + 1) * interval '1 day'
                     + (hashint4(s * 31 + k) % 40000 + 40000) * interval '1 s' AS at) moment
"""
REGISTER = (
    "INSERT INTO customers (id, name, locale, protected) SELECT 'K-' || s, 'Customer ' || s, 'en', false",
    "INSERT INTO billing_accounts (id, customer, currency) SELECT 'B-' || s, 'K-' || s, 'EUR'",
    "INSERT INTO services (id, name, kind) SELECT 'S-' || s, 'Line ' || s, 'internet_access'",
    """INSERT INTO agreements (id, customer, service, account, contract, contract_version, starts,
    monthly_charge, currency)
    SELECT 'A-' || s, 'K-' || s, 'S-' || s, 'B-' || s, 'BENCH', '1', date '2025-01-01', 10000, 'EUR'""",
)


class Timed:
    """Adds up what judging in columns takes, wherever it is done."""

    seconds = 0.0
    windows = 0

    def __init__(self) -> None:
        judge = ColumnarContract.judge

        def timed(contract: ColumnarContract, windows: WindowColumns, facts: FactColumns) -> JudgedColumns:
            began = time.process_time()
            found = judge(contract, windows, facts)
            self.seconds += time.process_time() - began
            self.windows += windows.place.size
            return found

        ColumnarContract.judge = timed  # type: ignore[method-assign, assignment]


@contextmanager
def open_register(server: PostgresServer, folder: Path, windows: int, *, percent: int) -> Iterator[UseCases]:
    """Fill a database with that many windows, of which that many in a hundred owe money."""
    services = windows // MONTHS
    settings = Settings(server.create_database(f"settled_{windows}"), folder / f"letters-{windows}")
    use_cases = UseCases(settings, clock=lambda: NOW)
    use_cases.work.migrate()
    terms = TEXT.replace("    MEASURE\n", "").replace("cap:", "claim: {automatic: true}\ncap:")
    use_cases.imports.contracts([("bench.yaml", terms)])
    with use_cases.work.writing() as connection:
        for statement in REGISTER:
            connection.execute(text(f"{statement} FROM generate_series(1, :services) s"), {"services": services})
        sizes = {"services": services, "months": MONTHS, "outages": OUTAGES, "percent": percent}
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # each service is known to be there
        for index in t.outages.indexes:
            index.drop(connection)
        connection.execute(text(FILL), sizes)
        for index in t.outages.indexes:
            index.create(connection)
    use_cases.imports.complete("outages", until=NOW, by="bench", source="bench")
    with use_cases.work.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    try:
        yield use_cases
    finally:
        use_cases.work.database.engine.dispose()
        server.drop_database(f"settled_{windows}")


def copy(connection: Connection) -> int:
    """Copy the outages out of PostgreSQL, and do nothing with them."""
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy("COPY outages TO STDOUT (FORMAT BINARY)") as rows:
        return sum(map(len, rows))


def exact_seconds(use_cases: UseCases) -> float:
    """Return the CPU seconds of one exact judgement of a window whose facts are known."""
    with use_cases.work.reading() as connection:
        some = subscriptions(connection)[: EXACTLY // MONTHS]
        register = ContractRegister(connection=connection, subscriptions=some)
        measured = MeasurementRegister(connection=connection, contracts=register, subscriptions=some)
        ended = [one for name in some for one in windows_until(register, NOW, name) if one.window.end <= NOW]
        known = [(one, measured.facts(one.agreement, one.calendar, as_of=NOW)) for one in ended]
    began = time.process_time()
    for one, facts in known:
        compare(one.contract, facts, window=one.calendar, as_of=NOW)
    return (time.process_time() - began) / len(known)


def measure(use_cases: UseCases, windows: int, timed: Timed) -> tuple[float, float]:
    """Print what a size takes; return how much faster columns are, and how many copies the whole takes."""
    exact = exact_seconds(use_cases)

    def bare() -> None:
        with use_cases.work.reading() as connection:
            copy(connection)

    copying = min(spent(bare) for _ in range(2))
    timed.seconds, timed.windows = 0.0, 0
    found: list[Preview] = []
    began = time.perf_counter()
    whole = spent(lambda: found.append(use_cases.settlement.preview(at=NOW)))
    wall = time.perf_counter() - began
    owing = sum(line.windows for line in found[0].lines if line.credit)
    assert timed.windows == sum(line.windows for line in found[0].lines) == windows
    judging = timed.seconds / windows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB
    told = f"{windows:9,d} {owing:7,d} {exact * 1e6:9.0f} {judging * 1e6:9.2f} {copying:8.2f} {whole:8.2f} {wall:8.1f}"
    print(f"{told} {whole / windows * 1e6:9.1f} {peak:6.2f}", flush=True)
    return exact / judging, whole / copying


def letters(server: PostgresServer, folder: Path, windows: int) -> None:
    """Settle a register of which eight windows in a hundred owe money, with the letters about it; then once more."""
    with open_register(server, folder, windows, percent=8) as use_cases:
        run = use_cases.settlement.open(by="bench", shards=4)
        for shard in range(run.shards):
            use_cases.settlement.look(run.number, shard)
        use_cases.settlement.check(run.number, limit=10**9)

        def settle() -> None:
            for shard in range(run.shards):
                use_cases.settlement.settle(run.number, shard)
            use_cases.settlement.end(run.number)

        first = spent(settle)
        again = spent(lambda: use_cases.settlement.run(by="bench", limit=10**9, shards=4))
        counts = use_cases.settlement.windows(limit=1).counts
        owed = sum(float(one.booked.amount) for one in counts)
        print(f"settling {windows:,} windows, {owed:,.2f} EUR booked: {first / windows * 1e3:.3f} CPU ms a window")
        print(f"a run after which nothing has changed: {again / windows * 1e3:.3f} CPU ms a window", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    options.add_argument("--letters", type=int, default=25_000)
    chosen = options.parse_args()
    timed = Timed()
    with tempfile.TemporaryDirectory() as name, PostgresServer() as server:
        print("  windows    owed  exact us  columns us  copy s  whole s   wall s  whole us   peak GiB")
        for size in chosen.sizes:
            with open_register(server, Path(name), size - size % MONTHS, percent=1) as use_cases:
                faster, copies = measure(use_cases, size - size % MONTHS, timed)
        aim("columns, times faster than the exact judgement", faster, at_least=50)
        aim("all of it, in bare copies of the same rows", copies, at_most=8)
        aim("peak memory, GiB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB, at_most=2)
        if chosen.letters:
            letters(server, Path(name), chosen.letters - chosen.letters % MONTHS)


if __name__ == "__main__":
    main()

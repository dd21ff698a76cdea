"""Settled windows of an earlier commit, as a small file: `python -m tests.simulation.stored_windows FILE`.

Run there with the code of that commit; the file is the database as SQL, packed.
"""

import gzip
import random
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from include.sla_logic.persistence.database import open_database
from include.sla_logic.persistence.migrations import migrate
from tests.assessment.provider import Provider
from tests.kept_connections import whole

ROOT = Path(__file__).resolve().parents[2]
GALLERY = sorted((ROOT / "docs" / "gallery").glob("*/contract.yaml"))
BEGIN, MONTHS = datetime(2026, 9, 1, tzinfo=UTC), (10, 11, 12)


def empty_database(folder: Path) -> bytes:
    """Migrate a database in that folder."""
    database = open_database(f"sqlite:///{folder / 'empty.db'}")
    migrate(database)
    database.engine.dispose()
    return whole(folder / "empty.db").read_bytes()


def field(text: str, name: str) -> str:
    """Return a plain field of a contract file."""
    return next(line.split(":", 1)[1].strip().strip('"') for line in text.splitlines() if line.startswith(f"{name}:"))


def fill(provider: Provider) -> None:
    """Subscribe a service under every contract of the gallery and of the provider, with outages and planned work."""
    chance = random.Random(11)  # noqa: S311 - seeded
    texts = [file.read_text("utf-8") for file in GALLERY]
    provider.use_cases.imports.contracts([(field(text, "id"), text) for text in texts])
    kinds = [(field(text, "id"), field(text, "version"), field(text, "currency")) for text in texts]
    kinds += [("K-1", version, "EUR") for version in ("1", "2", "3")] * 4
    rows, outages, work = [], "", ""
    for number, (name, version, currency) in enumerate(kinds):
        starts = BEGIN - timedelta(days=chance.choice((400, 31, 0, -9)))
        rows.append(f"A-{number},K-1,S-{number},{name},{version},{starts:%Y-%m-%d},,120,{currency},B-{currency},")
        for count in range(chance.randrange(9)):
            at = BEGIN + timedelta(seconds=chance.randrange(90 * 86_400))
            end = at + timedelta(seconds=chance.choice((20, 400, 3_000, 20_000, 90_000)))
            outages += f"S-{number},O-{number}-{count},{at.isoformat()},{end.isoformat()}\n"
        at = BEGIN + timedelta(seconds=chance.randrange(90 * 86_400))
        told = at - timedelta(days=chance.choice((0, 3, 20)))
        work += f"S-{number},M-1,{at.isoformat()},{(at + timedelta(hours=5)).isoformat()},{told.isoformat()}\n"
    assert provider.agree(*rows) == []
    assert provider.bring("outages", f"service,reference,started_at,ended_at\n{outages}") == []
    assert provider.bring("maintenance", f"service,reference,starts_at,ends_at,announced_at\n{work}") == []
    for kind in ("outages", "samples"):
        provider.use_cases.imports.complete(kind, until=datetime(2027, 1, 10, tzinfo=UTC), by="ann", source="x")


def settle(provider: Provider) -> None:
    """Settle as of the fifth of each month, with a second person."""
    settlement = provider.use_cases.settlement
    for month in MONTHS:
        run = settlement.run(by="ann", at=datetime(2026, month, 5, tzinfo=UTC), shards=1)
        if run.state == "held":
            settlement.release(run.number, by="ben", reason="checked")
            settlement.run(by="ann")


def main(file: Path) -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as name:
        provider = Provider(Path(name), empty_database(Path(name)))
        fill(provider)
        settle(provider)
        with sqlite3.connect(Path(name) / "provider.db") as connection:
            text = "\n".join(connection.iterdump())
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def load(file: Path, database: Path) -> None:
    """Open the file as a database."""
    with sqlite3.connect(database) as connection:
        connection.executescript(gzip.decompress(file.read_bytes()).decode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))

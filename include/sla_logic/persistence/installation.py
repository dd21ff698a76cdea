"""The row of the installation: its id, and the Airflow that works it."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, func, select, text, update

from include.sla_logic.domain.installation import DatabaseMark, Whereabouts
from include.sla_logic.persistence.schema.installation import installation
from include.sla_logic.persistence.schema.problems import service_problems

_FIELDS = ("airflow", "beat", "address", "place", "bound_at")


def installation_id(connection: Connection) -> str:
    """Return the id with which every key begins that leaves this installation."""
    return str(connection.execute(select(installation.c.id)).scalar_one())


def new_id() -> str:
    """Make an id for an installation or an Airflow."""
    return uuid4().hex[:8]


def new_beat(number: int) -> str:
    """Make a beat that no copy makes too."""
    return f"{number}-{new_id()}"


def read_mark(connection: Connection, *, lock: bool = False) -> DatabaseMark:
    """Return what the database knows of itself; `lock` holds the row until the transaction ends."""
    query = select(installation.c.id, *(installation.c[name] for name in _FIELDS))
    row = connection.execute(query.with_for_update() if lock else query).one()
    return DatabaseMark(*row)


def change_mark(connection: Connection, **values: Any) -> None:
    """Write some of the fields."""
    connection.execute(update(installation).values(**values))


def last_comparison(connection: Connection) -> datetime | None:
    """Return when the tickets were last compared with the runs of Airflow."""
    last: datetime | None = connection.execute(select(installation.c.compared_at)).scalar_one()
    return last


def follow_beat(connection: Connection, before: str | None, beat: str, *, airflow: str) -> bool:
    """Write the next beat; False where somebody else was faster."""
    mine = (installation.c.airflow == airflow) & installation.c.beat.is_not_distinct_from(before)
    return connection.execute(update(installation).where(mine).values(beat=beat)).rowcount == 1


def whereabouts(connection: Connection) -> Whereabouts:
    """Say where this database is: every copy of it, and every database that a backup is read into, is elsewhere."""
    url = connection.engine.url
    if connection.dialect.name != "postgresql":
        file = Path(url.database or "").resolve()
        return Whereabouts(str(file), f"file {file.stat().st_ino}")
    allowed = connection.scalar(text("SELECT has_function_privilege('pg_control_system()', 'execute')"))
    server = connection.scalar(text("SELECT system_identifier FROM pg_control_system()")) if allowed else "unknown"
    number = connection.scalar(text("SELECT oid FROM pg_database WHERE datname = current_database()"))
    port = f":{url.port}" if url.port else ""
    return Whereabouts(f"{url.host or 'localhost'}{port}/{url.database}", f"server {server}, database {number}")


def highest_numbers(connection: Connection) -> tuple[int, int]:
    """Return the highest number that a ticket and a service problem have been given, or are kept from being given."""
    counter = "SELECT seq FROM sqlite_sequence WHERE name = 'tickets'"
    if connection.dialect.name == "postgresql":
        counter = "SELECT pg_sequence_last_value(pg_get_serial_sequence('tickets', 'number')::regclass)"
    given = select(func.max(service_problems.c.number)).scalar_subquery()
    problem, least = connection.execute(select(given, installation.c.problems_from)).one()
    return connection.scalar(text(counter)) or 0, max(problem or 0, least - 1)


def go_on_above(connection: Connection, *, ticket: int, problem: int) -> None:
    """Let the next ticket and the next service problem have higher numbers than these; the counters never go back."""
    known, last_problem = highest_numbers(connection)
    change = "UPDATE sqlite_sequence SET seq = :last WHERE name = 'tickets'"
    if connection.dialect.name == "postgresql":
        change = "SELECT setval(pg_get_serial_sequence('tickets', 'number'), :last)"
    elif not known:
        change = "INSERT INTO sqlite_sequence (name, seq) VALUES ('tickets', :last)"
    connection.execute(text(change), {"last": max(ticket, known)})
    change_mark(connection, problems_from=max(problem, last_problem) + 1)

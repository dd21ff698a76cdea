"""The same SQL means the same on both databases; what fails leaves nothing."""

import os
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, Table, insert, select, text
from sqlalchemy.exc import StatementError

from include.sla_logic.domain.money import Money, minor_digits
from include.sla_logic.persistence.database import UnableToOpenDatabase, open_database
from include.sla_logic.persistence.schema.columns import (
    Instant,
    Json,
    UnableToKeepAmount,
    from_minor_units,
    metadata,
    to_minor_units,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def things(database):
    table = Table(
        "things",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("at", Instant),
        Column("said", Json),
        extend_existing=True,
    )
    with database.write() as connection:
        table.create(connection)
    yield table
    metadata.remove(table)


def test_a_transaction_that_fails_leaves_nothing(database, things):
    def fail() -> None:
        with database.write() as connection:
            connection.execute(insert(things), [{"id": 1}])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as connection:
        assert connection.execute(select(things)).all() == []


def test_a_reader_sees_one_moment_and_does_not_hold_up_a_writer(database, things):
    with database.read() as reader:
        assert reader.execute(select(things)).all() == []
        with database.write() as writer:
            writer.execute(insert(things), [{"id": 1}])
        assert reader.execute(select(things)).all() == []
    with database.read() as reader:
        assert len(reader.execute(select(things)).all()) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.datetimes(
        min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001
        timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
    st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), st.lists, max_leaves=5),
)
def test_instants_and_json_come_back_as_they_were(database, things, instant, said):
    with database.write() as connection:
        connection.execute(text("DELETE FROM things"))
        connection.execute(insert(things), [{"id": 1, "at": instant, "said": said}])
        row = connection.execute(select(things)).one()
    assert row.at == instant
    assert row.at.utcoffset() == timedelta(0)
    assert row.said == said


def test_instants_are_compared_in_sql_whatever_their_zone(database, things):
    kiev = timezone(timedelta(hours=2))
    earlier, later = NOON.astimezone(kiev), NOON + timedelta(microseconds=1)
    with database.write() as connection:
        connection.execute(insert(things), [{"id": 1, "at": later}, {"id": 2, "at": earlier}])
        assert list(connection.scalars(select(things.c.id).order_by(things.c.at))) == [2, 1]
        assert list(connection.scalars(select(things.c.id).where(things.c.at <= earlier))) == [2]


def test_naive_instants_and_json_without_meaning_are_refused(database, things):
    for row in ({"id": 1, "at": datetime(2026, 1, 1)}, {"id": 1, "said": float("nan")}):  # noqa: DTZ001
        with pytest.raises(StatementError), database.write() as connection:
            connection.execute(insert(things), [row])


@given(st.integers(-(10**14), 10**14), st.sampled_from(["EUR", "JPY", "KWD"]))
def test_minor_units_are_exact(amount, currency):
    money = from_minor_units(amount, currency)
    assert to_minor_units(money) == amount
    assert money.amount == Decimal(amount).scaleb(-minor_digits(currency))


def test_an_amount_finer_than_a_cent_is_not_kept():
    with pytest.raises(UnableToKeepAmount, match=r"0\.001 EUR is finer"):
        to_minor_units(Money(amount=Decimal("0.001"), currency="EUR"))


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://u@h/d", "mysql are not supported"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
    ],
)
def test_a_url_that_names_no_usable_database_is_refused(url, sentence):
    with pytest.raises(UnableToOpenDatabase, match=sentence):
        open_database(url)


@pytest.mark.parametrize("url", ["postgresql://u@h/d", "postgres://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_way_of_writing_postgresql_means_psycopg(url):
    assert open_database(url).engine.url.drivername == "postgresql+psycopg"


def test_a_password_is_never_shown():
    engine = open_database("postgresql://u:geheim@h/d").engine
    assert "geheim" not in str(engine.url)
    assert "geheim" not in repr(engine)


def test_one_url_has_one_engine(tmp_path):
    url = f"sqlite:///{tmp_path / 'deep' / 'er' / 'teleco.db'}"
    assert open_database(url).engine is open_database(url).engine
    assert Path(tmp_path / "deep" / "er").is_dir()


def test_a_forked_child_opens_connections_of_its_own(database, things):
    """A connection that crosses a fork would be answered twice, or closed under the parent."""
    with database.write() as connection:
        connection.execute(insert(things), [{"id": 1}])
    url, pool = database.engine.url.render_as_string(hide_password=False), database.engine.pool
    child = os.fork()
    if child == 0:
        try:
            again = open_database(url)
            with again.write() as connection:
                connection.execute(insert(things), [{"id": 2}])
            os._exit(0 if again.engine.pool is not pool else 3)
        finally:
            os._exit(4)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with database.read() as connection:
        assert sorted(connection.scalars(select(things.c.id))) == [1, 2]


def test_an_sqlite_file_and_its_companions_are_readable_by_their_owner_alone(tmp_path):
    database = open_database(f"sqlite:///{tmp_path / 'teleco.db'}")
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE held (id integer)")
        assert {file.name: file.stat().st_mode & 0o077 for file in tmp_path.iterdir()} == dict.fromkeys(
            ["teleco.db", "teleco.db-wal", "teleco.db-shm"], 0
        )

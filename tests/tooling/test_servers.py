"""The servers that tests and demo start are real and leave nothing behind."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from deploy.kept_postgres import KeptServer
from deploy.postgres import PostgresServer, UnableToStartPostgres


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""))


@pytest.fixture
def kept_servers(tmp_path: Path) -> Iterator[Callable[..., KeptServer]]:
    """Make kept servers in folders of this test, and remove at its end what they have kept, wherever that lies."""
    made: list[KeptServer] = []

    def make(name: str, password: str, **options: Path) -> KeptServer:
        made.append(KeptServer(tmp_path / name, password, **options))
        return made[-1]

    yield make
    for server in made:
        shutil.rmtree(server.folder, ignore_errors=True)


def test_each_test_gets_a_postgres_database_of_its_own(postgres_url: str) -> None:
    with _connect(postgres_url) as connection:
        connection.execute("CREATE TABLE held (id integer)")
        assert connection.execute("SELECT count(*) FROM held").fetchone() == (0,)


@pytest.mark.more
def test_a_postgres_server_ends_with_its_context_and_takes_its_folder_along() -> None:
    with PostgresServer() as server:
        process = psutil.Process(server._process.pid)
        home = server._home
        url = server.url
        assert process.is_running()
    assert not process.is_running()
    assert not home.exists()
    with pytest.raises(psycopg.OperationalError):
        _connect(url)


@pytest.mark.more
def test_a_kept_server_keeps_its_data_and_its_copy_has_a_password_of_its_own(
    kept_servers: Callable[..., KeptServer],
) -> None:
    with kept_servers("kept", "first") as server:
        url, folder = server.create_database("held"), server.folder
        with _connect(url) as connection:
            connection.execute("CREATE TABLE held (id integer)")
        server.comment("held", "of today")
    with kept_servers("copy", "second", like=folder / "data") as copy:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            _connect(copy.url_of("held").replace("second", "first"))
        assert copy.comments()["held"] == "of today"
    with kept_servers("copy", "second") as again, _connect(again.url_of("held")) as connection:
        assert connection.execute("SELECT count(*) FROM held").fetchone() == (0,)


@pytest.mark.more
def test_data_that_a_server_works_on_are_refused_to_a_second_one_and_a_crash_leaves_them_free(
    kept_servers: Callable[..., KeptServer],
) -> None:
    with kept_servers("kept", "secret") as server:
        with pytest.raises(UnableToStartPostgres, match="is in use: another `make up` of this checkout runs"):
            kept_servers("kept", "secret").__enter__()
        with _connect(server.url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        psutil.Process(server._process.pid).kill()
        server._process.wait()
    with kept_servers("kept", "secret") as again, _connect(again.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_airflow_has_a_home_of_the_tests_own() -> None:
    assert "airflow-tests-" in os.environ["AIRFLOW_HOME"]

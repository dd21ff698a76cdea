"""The servers that tests and demo start are real and leave nothing behind."""

import os

import psutil
import psycopg
import pytest

from deploy.postgres import PostgresServer


def _connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""))


def test_each_test_gets_a_postgres_database_of_its_own(postgres_url: str) -> None:
    with _connect(postgres_url) as connection:
        connection.execute("CREATE TABLE held (id integer)")
        assert connection.execute("SELECT count(*) FROM held").fetchone() == (0,)


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


def test_airflow_has_a_home_of_the_tests_own() -> None:
    assert "airflow-tests-" in os.environ["AIRFLOW_HOME"]

"""Airflow's connections name the database and the mail server; nothing is guessed where they are missing."""

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from airflow.sdk import Connection

from include.sla_logic.settings import (
    BillingProfile,
    BillingSystem,
    MailTls,
    NetworkSystem,
    Settings,
    Smtp,
    UnableToReadSettings,
)
from sla_airflow.connections import OperationsDatabaseUnknown, network, settings, settings_inside

DATABASE, MAIL, NETWORK, BILLING = (f"AIRFLOW_CONN_TELECO_{name}" for name in ("DB", "SMTP", "NETWORK", "BILLING"))


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ("TELECO_DB_URL", "TELECO_LETTERS", *(f"TELECO_{name}_URL" for name in ("SMTP", "NETWORK", "BILLING")))
    for name in (DATABASE, MAIL, NETWORK, BILLING, *ours):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("sqlite:////srv/teleco.db", "sqlite+pysqlite:////srv/teleco.db"),
        (json.dumps({"conn_type": "sqlite", "host": "/srv/teleco.db"}), "sqlite+pysqlite:////srv/teleco.db"),
        ("postgres://ada:s%40fe@db:5433/teleco", "postgresql+psycopg://ada:s%40fe@db:5433/teleco"),
        ("postgresql://db/teleco", "postgresql+psycopg://db/teleco"),
        ("postgresql+psycopg://db/teleco?sslmode=require", "postgresql+psycopg://db/teleco?sslmode=require"),
        (
            json.dumps({"conn_type": "postgres", "host": "db", "schema": "teleco", "login": "ada", "password": "p/w"}),
            "postgresql+psycopg://ada:p%2Fw@db/teleco",
        ),
    ],
)
def test_the_database_url_names_its_driver(monkeypatch: pytest.MonkeyPatch, given: str, url: str) -> None:
    monkeypatch.setenv(DATABASE, given)
    assert settings().database_url == url


def test_letters_lie_beside_the_sqlite_file_unless_a_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATABASE, "sqlite:////srv/teleco.db")
    assert settings().letters_folder == Path("/srv/letters")
    monkeypatch.setenv("TELECO_LETTERS", "/srv/post")
    assert settings().letters_folder == Path("/srv/post")


def test_the_environment_names_the_database_where_there_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELECO_DB_URL", "sqlite:////srv/other.db")
    assert settings().database_url == "sqlite:////srv/other.db"


def test_a_lost_connection_never_leads_to_another_database() -> None:
    with pytest.raises(OperationsDatabaseUnknown, match="teleco_db"):
        settings()


def test_without_a_mail_connection_letters_are_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DATABASE, "sqlite:////srv/teleco.db")
    assert settings().smtp is None


@pytest.mark.parametrize(
    ("extra", "tls"),
    [
        ("", MailTls.IMPLICIT),
        ("?disable_tls=true", MailTls.IMPLICIT),
        ("?disable_ssl=true", MailTls.STARTTLS),
        ("?disable_ssl=true&disable_tls=true", MailTls.NONE),
    ],
)
def test_the_mail_connection_is_read_as_airflows_smtp_provider_reads_it(
    monkeypatch: pytest.MonkeyPatch, extra: str, tls: MailTls
) -> None:
    monkeypatch.setenv(DATABASE, "sqlite:////srv/teleco.db")
    monkeypatch.setenv(MAIL, f"smtp://sla:s3cret@mail.example:587/{extra}")
    smtp = settings().smtp
    assert smtp is not None
    assert (smtp.host, smtp.port, smtp.login, smtp.password) == ("mail.example", 587, "sla", "s3cret")
    assert (smtp.tls, smtp.verified) == (tls, True)


@pytest.mark.parametrize(("extra", "port"), [("", 465), ("?disable_ssl=true", 25)])
def test_a_mail_connection_without_a_port_means_that_of_its_encryption(
    monkeypatch: pytest.MonkeyPatch, extra: str, port: int
) -> None:
    monkeypatch.setenv(DATABASE, "sqlite:////srv/teleco.db")
    monkeypatch.setenv(MAIL, f"smtp://mail.example/{extra}")
    assert settings().smtp == Smtp("mail.example", port, tls=MailTls.STARTTLS if extra else MailTls.IMPLICIT)


def test_a_task_that_sends_nothing_asks_airflow_for_the_database_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("sla_airflow.connections.Connection.get", lambda name: asked.append(name) or _database())
    assert settings_inside().smtp is None
    assert asked == ["teleco_db"]
    settings()
    assert asked == ["teleco_db", "teleco_db", "teleco_smtp", "teleco_billing"]


@pytest.mark.parametrize(
    ("url", "system"),
    [
        ("simulated", "simulated"),
        ("https://me:p%40ss@net.example:8443/api", NetworkSystem("https://net.example:8443/api", "me", "p@ss")),
        ("http://net.example?timeout=5&token=T", NetworkSystem("http://net.example", token="T", timeout=5)),
        ("http://[::1]:8080", NetworkSystem("http://[::1]:8080")),
    ],
)
def test_the_environment_names_the_network_and_airflow_is_not_asked(monkeypatch, url, system):
    monkeypatch.setenv("TELECO_NETWORK_URL", url)
    monkeypatch.setattr("sla_airflow.connections.Connection.get", pytest.fail)
    assert network() == Settings.from_environment().network == system


@pytest.mark.parametrize(
    ("connection", "system"),
    [
        ("http://net.example:8080", NetworkSystem("http://net.example:8080")),
        (
            '{"conn_type": "http", "host": "https://net.example", "extra": {"token": "T", "path": "/a", "timeout": 3}}',
            NetworkSystem("https://net.example/a", token="T", timeout=3),
        ),
    ],
)
def test_the_network_connection_is_read_as_the_http_provider_does(monkeypatch, connection, system):
    monkeypatch.setenv(NETWORK, connection)
    assert network() == system
    monkeypatch.delenv(NETWORK)
    assert network() is None


LAGO = {"profile": BillingProfile.LAGO, "token": "T", "wallet": "sla"}
KILL_BILL = {"profile": BillingProfile.KILL_BILL, "api_key": "bob", "api_secret": "lazar"}


@pytest.mark.parametrize(
    ("place", "options", "system"),
    [
        ("bill.example/tmf", {"timeout": "5"}, BillingSystem("https://bill.example/tmf", timeout=5)),
        ("me:p%40ss@kb.example:8080", KILL_BILL, BillingSystem("https://kb.example:8080", "me", "p@ss", **KILL_BILL)),
        ("api.getlago.com", LAGO, BillingSystem("https://api.getlago.com", **LAGO)),
    ],
)
def test_connection_and_environment_name_the_same_billing_system(monkeypatch, place, options, system):
    monkeypatch.setenv(DATABASE, "sqlite:////srv/teleco.db")
    monkeypatch.setenv("TELECO_BILLING_URL", f"https://{place}?{urlencode(options)}")
    assert settings().billing == Settings.from_environment().billing == system
    monkeypatch.delenv("TELECO_BILLING_URL")
    kept = {"conn_type": "http", "host": system.url, "login": system.login, "password": system.password}
    monkeypatch.setenv(BILLING, json.dumps(kept | {"extra": options}))
    assert settings().billing == system


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"profile": "sap"}, "the unknown profile sap; there are tmf678, killbill, lago"),
        ({"profile": "killbill", "api_key": "bob"}, "lacks login and api_secret for the profile killbill"),
        ({"profile": "lago"}, "lacks token for the profile lago"),
        ({"timeout": "soon"}, "the timeout soon"),
    ],
)
def test_a_billing_connection_that_lacks_something_is_refused(monkeypatch, extra, says):
    monkeypatch.setenv(DATABASE, "sqlite:////srv/teleco.db")
    monkeypatch.setenv(BILLING, json.dumps({"conn_type": "http", "host": "https://bill.example", "extra": extra}))
    with pytest.raises(UnableToReadSettings, match=f"connection teleco_billing.*{says}"):
        settings()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("net.example", "must look like https://login:password@host:port/path"),
        ("ftp://net.example", "must look like"),
        ("http://net.example:port", "a port that is not a number"),
        ("http://net.example?timeout=soon", "the timeout soon: write seconds, such as 20"),
        ("http://net.example?timeout=0", "the timeout 0"),
        ("http://net.example?timeout=nan", "the timeout nan"),
        ("http://net.example?time=3", "the unknown option time; it knows timeout and token"),
    ],
)
def test_a_network_that_means_nothing_is_refused(monkeypatch, url, says):
    with pytest.raises(UnableToReadSettings, match=f"TELECO_NETWORK_URL.*{says}"):
        Settings.from_environment({"TELECO_DB_URL": "sqlite:////x", "TELECO_NETWORK_URL": url})


def _database() -> Connection:
    return Connection(conn_id="teleco_db", conn_type="sqlite", host="/srv/teleco.db")


def test_the_mail_connection_names_operators_and_team(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELECO_DB_URL", "sqlite:////srv/other.db")
    monkeypatch.setenv("TELECO_TEAM", "desk@example.net")
    assert settings().team == "desk@example.net"
    extra = {"operators": "noc@example.net", "team": "night@example.net"}
    monkeypatch.setenv(MAIL, json.dumps({"conn_type": "smtp", "host": "mail", "extra": extra}))
    assert (settings().operators, settings().team) == ("noc@example.net", "night@example.net")

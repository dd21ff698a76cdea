"""Each way to a mail server, with and without a login, as Airflow's connection and our address name it."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from include.sla_logic.gateways.smtp import deliver_mail
from include.sla_logic.settings import Smtp
from sla_airflow.connections import settings
from tests.letters.postbox import LOGIN, PASSWORD, Postbox, Server, authenticate, serve
from tests.letters.test_delivery import posted

# How the connection and the address say it, and what the server insists on.
WAYS = {
    "implicit": ({}, "smtps://{}"),
    "starttls": ({"disable_ssl": "true"}, "smtp://{}?starttls=true"),
    "plain": ({"disable_ssl": "true", "disable_tls": "true"}, "smtp://{}"),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[True, False], ids=["login", "no login"])
def login(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture
def mail_server(way: str, login: bool, request: pytest.FixtureRequest) -> Iterator[Server]:
    """Return a server that takes letters in one way only."""
    options = {"authenticator": authenticate, "auth_required": login, "auth_require_tls": way == "starttls"}
    if way != "plain":
        context = request.getfixturevalue("encryption")
        options |= {"implicit": {"ssl_context": context}, "starttls": {"tls_context": context}}[way]
        options["require_starttls"] = way == "starttls"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS", UserWarning)
        yield from serve(Postbox(), **options)


@pytest.fixture(params=["connection", "address"])
def smtp(
    way: str,
    login: bool,
    mail_server: Server,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> Smtp:
    extra, address = WAYS[way]
    port = mail_server.smtp.port
    monkeypatch.setenv("TELECO_DB_URL", "sqlite:////srv/teleco.db")
    if request.param == "address":
        who = f"{LOGIN}:{quote(PASSWORD)}@" if login else ""
        monkeypatch.setenv("TELECO_SMTP_URL", address.format(f"{who}127.0.0.1:{port}"))
    else:
        who = {"login": LOGIN, "password": PASSWORD} if login else {}
        said = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": {**extra, "timeout": 60}, **who}
        monkeypatch.setenv("AIRFLOW_CONN_TELECO_SMTP", json.dumps(said))
    found = settings().smtp
    assert found is not None
    return found


def test_a_letter_takes_every_way_to_a_server_that_takes_no_other(smtp: Smtp, mail_server: Server, tmp_path: Path):
    deliver_mail(posted(), smtp=smtp, folder=tmp_path)
    assert len(mail_server.postbox.kept) == 1

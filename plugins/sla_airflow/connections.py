"""Make our settings of the Airflow connections `teleco_db`, `teleco_smtp`, `teleco_billing` and `teleco_network`."""

import os
from dataclasses import replace
from pathlib import Path

from airflow.sdk import Connection
from airflow.sdk.exceptions import AirflowNotFoundException

from include.sla_logic.settings import (
    NetworkChoice,
    NetworkSystem,
    Settings,
    billing_system,
    letters_beside,
    read_timeout,
)

DATABASE = "teleco_db"
MAIL = "teleco_smtp"
BILLING = "teleco_billing"
NETWORK = "teleco_network"


class OperationsDatabaseUnknown(Exception):
    """Neither Airflow nor the environment names our database; worth a retry: a silent api-server looks the same."""


class AirflowSilent(Exception):
    """Airflow did not say whether a connection exists; worth a retry: no letter must become a file meanwhile."""


def settings_inside() -> Settings:
    """Ask for the database only: a task that sends nothing needs no other server."""
    return _with_database(_find(DATABASE))


def settings_outside() -> Settings | None:
    """Read the database's address from the environment alone; None where Airflow keeps it elsewhere."""
    written = os.environ.get(f"AIRFLOW_CONN_{DATABASE.upper()}", "").strip()
    if written:
        as_json = written.startswith("{")
        return _with_database(
            Connection.from_json(written, conn_id=DATABASE) if as_json else Connection.from_uri(written, DATABASE)
        )
    return Settings.from_environment() if "TELECO_DB_URL" in os.environ else None


def settings() -> Settings:
    """Compose the settings from Airflow's connections, else from the environment."""
    found = settings_inside()
    mail, billing = _find(MAIL), _find(BILLING)
    found = found if mail is None else _with_mail(found, mail)
    return found if billing is None else _with_billing(found, billing)


async def database_url() -> str:
    """Return the address of the operations database without blocking the triggerer's event loop."""
    try:
        connection = await Connection.async_get(DATABASE)
    except AirflowNotFoundException:
        connection = None
    return _with_database(connection).database_url


def _find(name: str) -> Connection | None:
    try:
        found: Connection = Connection.get(name)
    except AirflowNotFoundException as error:
        if not _surely_missing(name):
            raise AirflowSilent(f"Airflow does not say whether the connection {name} exists.") from error
        return None
    return found


def _surely_missing(name: str) -> bool:
    """Ask once more: Airflow 3.3 also calls a connection missing when its api-server does not answer."""
    try:
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS
    except ImportError:
        return True  # outside a task only the environment was asked
    from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
    from airflow.sdk.execution_time.comms import ErrorResponse, GetConnection

    try:
        answer = SUPERVISOR_COMMS.send(GetConnection(conn_id=name))
    except AirflowRuntimeError as error:
        answer = error.error
    return isinstance(answer, ErrorResponse) and answer.error == ErrorType.CONNECTION_NOT_FOUND


def _with_database(connection: Connection | None) -> Settings:
    """Never fall back to the default file: a task without its connection would work on another database."""
    given = Settings.from_environment()
    if connection is None:
        if "TELECO_DB_URL" not in os.environ:
            raise OperationsDatabaseUnknown(f"Create the Airflow connection {DATABASE} or set TELECO_DB_URL.")
        return given
    url = sqlalchemy_url(connection)
    letters = given.letters_folder if "TELECO_LETTERS" in os.environ else letters_beside(url)
    return replace(given, database_url=url, letters_folder=letters)


def sqlalchemy_url(connection: Connection) -> str:
    """Write a connection as SQLAlchemy reads it, the driver spelled out.

    An SQLite file stands in the host, as Airflow's own hook has it, or in the schema, where a URL puts it.
    """
    from sqlalchemy import URL

    if (connection.conn_type or "").startswith("sqlite"):
        file = connection.host or connection.schema or ""
        return URL.create("sqlite+pysqlite", database=str(Path(file))).render_as_string()
    options = {key: str(value) for key, value in connection.extra_dejson.items() if not key.startswith("__")}
    url = URL.create(
        "postgresql+psycopg" if (connection.conn_type or "").startswith("postgres") else str(connection.conn_type),
        username=connection.login,
        password=connection.password,
        host=connection.host,
        port=connection.port,
        database=connection.schema,
        query=options,
    )
    return url.render_as_string(hide_password=False)


def _with_mail(settings: Settings, connection: Connection) -> Settings:
    """Read what Airflow's SMTP provider knows, as it means it.

    TLS is implicit unless `disable_ssl`; then it is STARTTLS unless `disable_tls`. `ssl_context` is default or none.
    """
    from include.sla_logic.settings import IMPLICIT_TLS_PORT, MailTls, Smtp

    extra = connection.extra_dejson
    plain = MailTls.NONE if _says_yes(extra.get("disable_tls", False)) else MailTls.STARTTLS
    tls = plain if _says_yes(extra.get("disable_ssl", False)) else MailTls.IMPLICIT
    smtp = Smtp(
        host=connection.host or "localhost",
        port=connection.port or (IMPLICIT_TLS_PORT if tls is MailTls.IMPLICIT else 25),
        login=connection.login or None,
        password=connection.password or None,
        tls=tls,
        verified=extra.get("ssl_context") != "none",
        sender=extra.get("from_email") or None,
        timeout=float(extra.get("timeout", 20)),
    )
    told = {name: extra.get(name) or getattr(settings, name) for name in ("operators", "team")}
    return replace(settings, smtp=smtp, **told)


def network() -> NetworkChoice:
    """Say which network is chosen; the environment comes first, since asking Airflow costs more than a step."""
    if (said := Settings.from_environment().network) is not None:
        return said
    connection = _find(NETWORK)
    if connection is None:
        return None
    timeout = read_timeout(f"The connection {NETWORK}", str(connection.extra_dejson.get("timeout", 20)))
    return NetworkSystem(*address_and_login(connection), token=_token(connection), timeout=timeout)


def _with_billing(settings: Settings, connection: Connection) -> Settings:
    place = address_and_login(connection)
    return replace(settings, billing=billing_system(f"The connection {BILLING}", place, connection.extra_dejson))


def address_and_login(connection: Connection) -> tuple[str, str | None, str | None]:
    """Read an HTTP connection as Airflow's HTTP provider does: the scheme may stand in the host or in the schema."""
    host = connection.host or "localhost"
    base = host if "://" in host else f"{connection.schema or 'http'}://{host}"
    port = f":{connection.port}" if connection.port else ""
    url = f"{base.rstrip('/')}{port}{connection.extra_dejson.get('path', '')}"
    return url, connection.login or None, connection.password or None


def _token(connection: Connection) -> str | None:
    return connection.extra_dejson.get("token") or None


def _says_yes(value: object) -> bool:
    return str(value).lower() in {"true", "1", "yes"}

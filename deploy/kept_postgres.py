"""A PostgreSQL server whose data outlive it, for a local Airflow that is started again and again."""

import hashlib
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import Self

import psutil
from psycopg import sql

from deploy.postgres import PostgresServer, UnableToStartPostgres

SHARED = Path("/var/tmp")  # noqa: S108  (survives a restart of the machine, unlike /tmp)


class KeptServer(PostgresServer):
    """Keep the data in a folder of this name, so that the next start finds them; a password is asked for.

    Where there are none, they are copied from `like`, another kept server's folder that is not in use, or made new.
    Where root starts it below a folder that PostgreSQL's user may not enter, the data lie under /var/tmp.
    """

    _is_kept = True

    def __init__(self, folder: Path, password: str, *, like: Path | None = None) -> None:
        super().__init__(password=password)
        self.folder = _reachable(folder.resolve())
        self._like = like if like and like.exists() else None

    def __enter__(self) -> Self:
        if self._is_in_use():
            reason = f"{self.folder} is in use: another `make up` of this checkout runs; stop it first."
            raise UnableToStartPostgres(reason)
        return super().__enter__()

    def _is_in_use(self) -> bool:
        """Tell whether a server runs on the data; a server that was killed leaves the file behind."""
        running = self.folder / "data" / "postmaster.pid"
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            return psutil.Process(int(running.read_text().split()[0])).name() == "postgres"
        return False

    def _make_home(self) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def _prepare_data(self) -> None:
        data = self.folder / "data"
        if data.exists():
            return
        if not self._like:
            self._initialise()
            return
        copied = self.folder / "copied"
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(self._like, copied)
        give_to(copied, self._user)
        change = sql.SQL("ALTER ROLE postgres PASSWORD {}").format(sql.Literal(self._password))
        self._run([self._binaries / "postgres", "--single", "-D", copied, "postgres"], change.as_string())
        copied.rename(data)


def give_to(folder: Path, user: str | None) -> None:
    """Let a user own the folder and all that is in it."""
    if user:
        for path in [folder, *folder.rglob("*")]:
            shutil.chown(path, user)


def _reachable(folder: Path) -> Path:
    """Name a folder that PostgreSQL's user can enter."""
    closed = [above for above in folder.parents if above.exists() and not above.stat().st_mode & stat.S_IXOTH]
    if os.geteuid() != 0 or not closed:
        return folder
    return SHARED / f"teleco-{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"

"""Airflow's metadata database: migrated once for each release of Airflow, kept, and copied.

A stack keeps its metadata in the PostgreSQL that comes with the environment (ADR 0011); `dag.test()` in SQLite.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path

from deploy.kept_postgres import KeptServer

KEPT = ".airflow/templates"
DATABASE = "airflow"
RELEASE = version("apache-airflow-core")


def kept_file(root: Path) -> Path:
    """Name the migrated file of this checkout for the installed release of Airflow."""
    return root / KEPT / f"metadata-{RELEASE}.db"


def copy_kept(root: Path, file: Path) -> bool:
    """Copy the kept file to where no database is yet; tell whether that was possible."""
    if file.exists() or not kept_file(root).exists():
        return False
    shutil.copyfile(kept_file(root), file)
    return True


def keep(root: Path, file: Path) -> None:
    """Keep a database that Airflow has just migrated and not used; several at once do no harm."""
    kept = kept_file(root)
    kept.parent.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(f".{os.getpid()}")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(unfinished)) as target:
        source.backup(target)
    unfinished.replace(kept)


class BundledMetadata(KeptServer):
    """Keep a stack's metadata in a PostgreSQL server of its own, below the stack's home."""

    def __init__(self, home: Path, root: Path, password: str) -> None:
        self._template = kept_file(root).with_suffix(".postgres")
        super().__init__(home / "postgres", password, like=self._template)

    @property
    def metadata_url(self) -> str:
        """Name the metadata database."""
        return self.url_of(DATABASE)

    def open(self, migrate: Callable[[], None]) -> None:
        """Start the server, on a copy of the kept data where it has none; migrate what another release has left."""
        self.__enter__()
        databases = self.comments()
        if databases.get(DATABASE) == RELEASE:
            return
        is_new = DATABASE not in databases
        if is_new:
            self.create_database(DATABASE)
        migrate()
        self.comment(DATABASE, RELEASE)
        if is_new and not self._template.exists():
            self._keep()

    def _keep(self) -> None:
        """Keep what has just been migrated and not been used; several at once do no harm."""
        self.close()
        unfinished = self._template.with_suffix(f".{os.getpid()}")
        shutil.copytree(self.folder / "data", unfinished)
        with suppress(OSError):  # another stack was quicker
            unfinished.rename(self._template)
        shutil.rmtree(unfinished, ignore_errors=True)
        self.start_again()

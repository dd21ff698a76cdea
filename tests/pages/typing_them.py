"""A reader who types the blocks of a page beside a running `make up`."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from unittest.mock import patch

from typer.testing import CliRunner

from benchmarks.sample import load_copy, renamed
from deploy.stack.rest import StackApi
from deploy.stack.settings import sqlite_url
from include.sla_logic.cli import app
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.sample_data import DEFAULT_SEED, Sample, make_sample
from include.sla_logic.services import Settings, UseCases
from tests.pages.blocks import Block, words_of_sla
from tests.pages.making_up import MakeUp, surroundings
from tests.reference.walk import next_step

DAG = "sla_violation"
PATIENCE = 1200  # seconds for one run on a machine with much else to do
SAID = ".said"  # the variables of the reader's shell
Before = Callable[["Reader", str], str]


class Reader:
    """Types in the folder of the checkout; one shell keeps its variables from block to block.

    Commands of `sla` run in this process, unless `literally`: then as the program in `.venv/bin`, which knows nothing
    but what `make up` has written.
    """

    def __init__(self, up: MakeUp) -> None:
        self.up, self.folder = up, up.folder
        self.address = up.found("Airflow is at")
        self.api = StackApi(self.address, user="admin", password=up.password)
        self.database = url = sqlite_url(self.folder / ".teleco" / "teleco.db")
        assert up.found("operations db") == url
        self.use_cases = UseCases(Settings(url, self.folder / ".teleco" / "letters"))
        self.known = {"TELECO_AIRFLOW_URL": self.address, "COLUMNS": "80"}
        self.known |= {"TELECO_AIRFLOW_USER": "admin", "TELECO_AIRFLOW_PASSWORD": up.password}
        self._copies = 0
        (self.folder / SAID).write_text("", "utf-8")
        self.script(f"AIRFLOW={self.address} AIRFLOW_USER=admin PASSWORD={up.password} TOKEN={self.api.token()}")

    def type(self, block: Block, before: Before = lambda _, line: line, *, literally: bool = False) -> str:
        """Type a block, each part as `before` has it; return what was printed. What fails ends the test."""
        said = []
        for part in block.parts():
            line = before(self, part)
            words = words_of_sla(line)
            if block.language == "python":
                said.append(self._python(line))
            elif words and not literally:
                said.append(self.sla(words, allowing=line))
            else:
                said.append(self.script(line))
        return "".join(said)

    def script(self, text: str) -> str:
        """Let a shell run a script that fails with its first failing command."""
        script = f"set -a; . ./{SAID}; set +x\n{text}\nexport -p > {SAID}"
        done = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=surroundings(self.folder),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
        return done.stdout

    def sla(self, words: str, *, allowing: str = "") -> str:
        """Run a command of ours; a line may say which exit codes it has, and that of `sla doctor` is a finding."""
        parted = self.script(f"printf '%s\\0' {words}").split("\0")[:-1]
        named = re.search(r"--by (\w+)", words)
        account = named[1] if named else "reader"  # of the machine: each person has one of their own
        with chdir(self.folder), patch("include.sla_logic.cli.person.account", lambda: account):
            done = CliRunner().invoke(app, parted, env={**self.known, "TELECO_DB_URL": self.database})
        told = "exit code 1" if words.startswith("doctor") else allowing
        allowed = {0, *map(int, re.findall(r"exit code (\d)", told))}
        assert done.exit_code in allowed, f"{words}\n{done.output}"
        assert "nforeseen error" not in done.output
        return done.output

    def _python(self, text: str) -> str:
        (self.folder / "client.py").write_text(text, "utf-8")
        return self.script(f"{sys.executable} client.py notification.json")

    def write(self, name: str, text: str) -> None:
        """Put a file of the reader's own where the page expects it."""
        (self.folder / name).write_text(text, "utf-8")

    def until(self, reached: Callable[[], Any]) -> None:
        """Wait as a reader does who looks again."""
        end = time.monotonic() + PATIENCE
        while not reached():
            assert time.monotonic() < end, "it took too long"
            time.sleep(0.3)

    def ended(self, run_id: str) -> str:
        """Wait for the end of a run; return its state."""
        return self.api.wait_run(DAG, run_id, timeout_seconds=PATIENCE)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Let commands of `sla` work a small database of their own for a while."""
        whole, self.database = self.database, sqlite_url(self.folder / "apart.db")
        try:
            yield
        finally:
            self.database = whole

    @cached_property
    def teleco(self) -> Sample:
        return make_sample(DEFAULT_SEED, datetime.now(UTC))

    def hold(self) -> str:
        """Lead an incident to its wait, beside Airflow and at a service of its own; return its ticket."""
        self._copies += 1
        with self.use_cases.work.database.write() as connection:
            load_copy(connection, self.teleco, self._copies)
        conf = renamed(self.teleco.notifications["held_and_released"].model_dump(mode="json"), self._copies)
        run_id = f"pages-{self._copies}"
        conf |= {"external_reference": run_id}
        ticket = self.use_cases.incidents.accept(conf, run_id=run_id, origin="test")
        while (step := next_step(self.use_cases, run_id)) != WAIT:
            assert step
            self.use_cases.incidents.perform(step_named(step), run_id=run_id)
        return ticket.id

    def take(self, source: Path, name: str) -> None:
        """Copy a file or a folder of the checkout to where the page expects the reader's own."""
        self.script(f"cp -r {source} {name}")

"""The commands of docs/own-data.md, typed as they are written: section by section, in a folder like the checkout."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from include.sla_logic.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "own-data.md").read_text("utf-8")
SLA = ".venv/bin/sla "


class Typist:
    """Types what the page says, in a folder that has docs/ and nothing else of the checkout."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (folder / "docs").symlink_to(ROOT / "docs")
        monkeypatch.chdir(folder)
        self._folder = folder

    def section(self, number: int, *, ticket: str = "TT-000001") -> str:
        """Type the blocks of a section and return what was printed; a command that fails ends the test."""
        text = re.split(r"^## ", PAGE, flags=re.MULTILINE)[number]
        assert text.startswith(f"{number}. ")
        said = [self._type(part.replace("TT-000001", ticket)) for part in _parts(text)]
        assert said, f"section {number} has no commands"
        return "".join(said)

    def sla(self, line: str) -> Result:
        """Run one command, expanded as a shell does it, without a process of its own."""
        shown = subprocess.run(
            ["/bin/bash", "-euc", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=True
        )
        return CliRunner().invoke(app, shown.stdout.split("\0")[:-1])

    def _type(self, part: str) -> str:
        if part.startswith(SLA):
            done = self.sla(part.removeprefix(SLA))
            assert done.exit_code == 0, f"{part}: {done.output}"
            return done.output
        return subprocess.run(["/bin/bash", "-euc", part], capture_output=True, text=True, check=True).stdout


def _parts(section: str) -> Iterator[str]:
    """Return each command of `sla`, and what stands between them as one script."""
    for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL):
        script: list[str] = []
        for line in block.splitlines():
            if line.startswith(SLA):
                yield from filter(None, ["\n".join(script)])
                script = []
                yield line
            else:
                script.append(line)
        yield from filter(None, ["\n".join(script)])


def first_missing(printed: str) -> str | None:
    """Return the command by which `sla doctor --setup` closes the first gap that must be closed."""
    found = re.search(r"^Missing: .*\n    (.*)$", printed, re.MULTILINE)
    return None if found is None else " ".join(shlex.split(found.group(1))[:3])

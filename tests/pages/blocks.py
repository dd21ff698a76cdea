"""The blocks of commands on the pages; one that cannot be run says why, in a comment above it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LANGUAGES = {"", "sh", "bash", "python"}
EXAMPLES = {"csv", "json", "nginx", "text", "yaml"}  # of what is in a file or is printed
_REASON = r"(?:<!-- not run: (?P<reason>.+?) -->\n)?"
_BLOCK = re.compile(rf"^{_REASON}```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_SLA = re.compile(r"(?:\.venv/bin/)?sla (.+)")


@dataclass(frozen=True)
class Block:
    """What stands between two fences; `reason` says why it is not run."""

    page: str
    language: str
    text: str
    reason: str | None

    def __str__(self) -> str:
        return f"{self.page}: {self.text.splitlines()[0][:40]}"

    @property
    def holds_settings(self) -> bool:
        """Tell whether these are no commands, but variables of the environment of ours."""
        return all(line.startswith("TELECO_") for line in self.text.splitlines())

    def parts(self) -> Iterator[str]:
        """Return each command of `sla` alone, and what stands between them as one script."""
        script: list[str] = []
        for line in self.text.splitlines():
            if self.language != "python" and words_of_sla(line):
                yield from filter(None, ["\n".join(script)])
                script = []
                yield line
            else:
                script.append(line)
        yield from filter(None, ["\n".join(script)])


def words_of_sla(line: str) -> str | None:
    """Return what follows the command `sla`; None for any other line."""
    found = _SLA.fullmatch(line)
    return found[1] if found else None


def blocks() -> list[Block]:
    """Read every block of commands of every page, in the order of the pages."""
    return [
        Block(str(page.relative_to(ROOT)), found["language"], found["text"], found["reason"])
        for page in PAGES
        for found in _BLOCK.finditer(page.read_text("utf-8"))
        if found["language"] in LANGUAGES
    ]

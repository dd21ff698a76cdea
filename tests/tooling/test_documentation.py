"""What the pages name exists: files, links, commands, notifications."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.demo.table import COLUMNS
from include.sla_logic.cli import app
from include.sla_logic.sample_data.catalogue import read_catalogue
from include.sla_logic.services import Settings
from include.sla_logic.web.security import ALARMS_LIMIT, BODY_LIMIT
from tests.pages.blocks import EXAMPLES, LANGUAGES, PAGES, ROOT, Block, blocks

NOT_TYPED = 3
FOLDERS = "include|plugins|dags|config|deploy|benchmarks|tests|docs"


def _named(pattern: str, page: Path) -> list[str]:
    return re.findall(pattern, page.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_page_and_a_heading(page: Path) -> None:
    for link in _named(r"\]\((?!https?:)([^)\s]+)\)", page):
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        assert target.exists(), f"{link} leads nowhere"
        assert not heading or heading in _headings(target), f"{link} leads to no heading"


def _headings(page: Path) -> set[str]:
    titles = _named(r"^#+ (.+)$", page)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    named = _named(rf"`((?:{FOLDERS})/[\w./*-]*)`", page)
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/")))] == []


def test_a_newcomer_finds_a_place_for_each_of_ten_questions_at_least() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = page.partition("## Where would you change X?")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and not line.startswith("| to change")]
    assert len(rows) >= 10
    assert all(re.search(rf"`(?:{FOLDERS})/", row) for row in rows)


def test_every_folder_of_tests_is_explained() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    explained = set(re.findall(r"`tests/(\w+)`", page.partition("| folder | proves |")[2].partition("\n\n")[0]))
    assert {file.parent.name for file in ROOT.glob("tests/*/test_*.py")} - explained == set()


def test_every_page_that_the_desk_leads_to_is_explained() -> None:
    template = (ROOT / "include" / "sla_logic" / "web" / "templates" / "page.html.j2").read_text("utf-8")
    leads = template.partition("<nav ")[2].partition("</nav>")[0]
    explained = (ROOT / "docs" / "desk.md").read_text("utf-8").partition("| page | shows |")[2].partition("\n\n")[0]
    named = set(re.findall(r"^\| ([\w ]+) \|", explained, re.MULTILINE))
    linked = set(re.findall(r'>\{\{ _\("([\w ]+)"\) \}\}', leads))
    assert "Feeds" in linked
    assert linked - named == set()


def test_every_business_table_is_explained() -> None:
    table = (ROOT / "docs" / "process.md").read_text("utf-8").partition("## Business tables")[2]
    files = {file.name for file in (ROOT / "include" / "sla_logic" / "policies").glob("*.yaml")}
    assert set(re.findall(r"^\| `(\w+\.yaml)` \|", table, re.MULTILINE)) == files


def test_the_columns_of_the_demo_are_those_of_the_readme() -> None:
    named = re.search(r"prints a table \(([\w, ]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert named is not None
    assert tuple(named.group(1).split(", ")) == COLUMNS


def test_the_page_of_the_desk_says_how_much_each_kind_of_request_may_hold() -> None:
    line = next(line for line in _named(r"^- Requests are at most .+$", ROOT / "docs" / "desk.md"))
    sizes = {"at most": (BODY_LIMIT, 1024, "KiB"), "alarms": (ALARMS_LIMIT, 1024**2, "MiB")}
    assert [name for name, (most, unit, word) in sizes.items() if f"{name} {most // unit} {word}" not in line] == []


def test_every_import_contract_is_explained() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    explained = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("| contract | says |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", explained, re.MULTILINE) == [contract["id"] for contract in contracts]


def _commands() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        for block in re.findall(r"```(?:sh)?\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            for line in block.splitlines():
                if found := re.match(r"(?:\.venv/bin/)?sla (.+)", line):
                    yield page.name, found.group(1)


@pytest.mark.parametrize(("page", "line"), list(_commands()))
def test_every_command_that_a_page_shows_exists_with_its_options(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)
    options = {word for word in words if word.startswith("--")}
    named = [*takewhile(lambda word: not word.startswith("-"), words), "--help"]
    shown = CliRunner().invoke(app, named, env={"COLUMNS": "200"})
    assert shown.exit_code == 0, f"{page}: there is no `sla {line}`"
    assert {option for option in options if option not in shown.output} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_notification_that_a_page_names_is_written_by_make_up(page: Path) -> None:
    written = {f"{number:02}-{one.key}.json" for number, one in enumerate(read_catalogue().incidents, start=1)}
    assert set(_named(r"\.teleco/notifications/(\S+\.json)", page)) <= written


def test_every_setting_that_the_code_reads_is_explained_on_a_page() -> None:
    code = [*ROOT.glob("include/**/*.py"), *ROOT.glob("plugins/**/*.py")]
    names = {name for file in code for name in re.findall(r'"(TELECO_[A-Z_]+|teleco_[a-z]+)"', file.read_text("utf-8"))}
    assert {"TELECO_DB_URL", "TELECO_NETWORK_URL", "teleco_network"} <= names
    explained = "".join(page.read_text("utf-8") for page in PAGES if page.name != "CHANGELOG.md")
    assert {name for name in names if name not in explained} == set()


def test_every_block_says_what_it_is_and_one_that_no_test_types_says_why() -> None:
    languages = {language for page in PAGES for language in _named(r"^```(\w+)$", page)}
    assert languages <= LANGUAGES | EXAMPLES
    reasons = [block.reason for block in blocks() if block.reason]
    assert len(reasons) == NOT_TYPED
    assert all(len(reason) > 20 for reason in reasons)


@pytest.mark.parametrize("block", [block for block in blocks() if block.holds_settings], ids=str)
def test_settings_are_read_as_a_page_shows_them(block: Block) -> None:
    for line in block.text.splitlines():
        name, _, value = line.partition("=")
        assert Settings.from_environment({name: value}) != Settings.from_environment({})

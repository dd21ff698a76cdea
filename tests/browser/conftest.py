"""A real browser, the distribution's Chromium, on the real Airflow with the small TELECO loaded."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.postgres import PostgresServer
from deploy.stack import AirflowStack
from include.sla_logic.adapters.small_teleco import SmallTeleco, load_small_teleco, small_teleco
from include.sla_logic.office import Office, Settings
from tests.real_airflow import running_stack

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; it is a development need")
ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / ".screenshots"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Find the distribution's browser, or install it where that is possible; fail clearly where it is not."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and shutil.which("apt-get") and os.geteuid() == 0:
        for words in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", *words], check=False)  # noqa: S607 - where the system has it
        found = shutil.which("chromium")
    if found is None:
        pytest.fail("no Chromium: install the package chromium, or name the program in CHROMIUM")
    return found


@pytest.fixture(scope="module")
def airflow_stack(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[AirflowStack]:
    """Run an Airflow of the browser's own: what it repairs and credits would be gone for the tests at the terminal."""
    with running_stack(tmp_path_factory.mktemp("browser"), postgres_server) as stack:
        yield stack


@pytest.fixture(scope="module")
def town(airflow_stack) -> SmallTeleco:
    """Load the small TELECO into the operations database of the stack."""
    office = Office(Settings.from_environment({"TELECO_DB_URL": airflow_stack.settings.operations.url}))
    office.migrate()
    house = small_teleco(7, datetime.now(UTC))
    with office.database.write() as connection:
        load_small_teleco(connection, house)
    airflow_stack.wait_for_dags(["sla_violation"])
    return house


@pytest.fixture(scope="module")
def office(town, airflow_stack) -> Office:
    return Office(Settings.from_environment({"TELECO_DB_URL": airflow_stack.settings.operations.url}))


@pytest.fixture(scope="module")
def browser(chromium) -> Iterator[object]:
    """Open the browser; it closes with this module, as its event loop stands in the way of every other one."""
    with playwright.sync_playwright() as started:
        shown = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield shown
        shown.close()


class Visit:
    """One logged-in window, with everything that went wrong in it."""

    def __init__(self, browser, stack, login, *, width=1440, mode="light"):
        self.stack = stack
        self.wrong = []
        size = {"width": width, "height": 900}
        self.context = browser.new_context(viewport=size, color_scheme=mode, storage_state=login)
        self.context.add_init_script(f"localStorage.setItem('theme', '{mode}')")
        self.page = self.context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog {dialog.message}"))
        self.page.on("request", self._check_host)
        self.name = f"{mode}-{width}"

    def _note(self, message):
        if message.type == "error" and "incident-desk" in str(message.location):
            self.wrong.append(message.text)

    def _check_host(self, request):
        inside = request.url.startswith((self.stack.address, "data:", "blob:", "about:"))
        if not inside:
            self.wrong.append(f"asked {request.url}")

    def go(self, path):
        self.page.goto(self.stack.address + path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def shoot(self, name):
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}-{self.name}.png", full_page=True)


@pytest.fixture(scope="module")
def login(browser, airflow_stack, town):
    """Log in once through Airflow's own form and keep what the browser keeps."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(airflow_stack.address)
    page.fill("input[name=username]", airflow_stack.user)
    page.fill("input[name=password]", airflow_stack.password)
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/auth/login" not in url)
    page.wait_for_load_state("networkidle")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def visit(browser, airflow_stack, login):
    """Open windows of any size and colour mode; nothing may have gone wrong in any of them."""
    opened = []

    def open_window(**wishes):
        opened.append(Visit(browser, airflow_stack, login, **wishes))
        return opened[-1]

    yield open_window
    wrong = [each for one in opened for each in one.wrong]
    for one in opened:
        one.context.close()
    assert wrong == []

"""A real browser, the distribution's Chromium, on the real Airflow with the small TELECO loaded."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks.sample import load_copy, renamed
from deploy.stack import AirflowStack
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.persistence.quarantine import list_quarantined
from include.sla_logic.sample_data import Sample, load_sample, loaded_anchor, make_sample
from include.sla_logic.services import Settings, UseCases
from tests.system_packages import install_unless

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed; it is a development need")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is a development need")
ROOT = Path(__file__).resolve().parents[2]
SHOTS = ROOT / ".screenshots"
PATIENCE = 1200  # seconds for a run on a machine with much else to do
SLOW = 600_000  # milliseconds for the browser
COPY = 2
GRAVE = {"serious", "critical"}


@pytest.fixture(scope="session")
def chromium() -> str:
    """Find the distribution's browser, or install it where that is possible; fail clearly where it is not."""
    install_unless(lambda: _chromium() is not None, "chromium")
    found = _chromium()
    if found is None:
        pytest.fail("no Chromium: install the package chromium, or name the program in CHROMIUM")
    return found


def _chromium() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="package")
def sample(airflow_stack: AirflowStack) -> Sample:
    """Load a copy of the sample for the browser: the tests at the terminal repair and credit the first one."""
    url = airflow_stack.settings.operations.url
    use_cases = UseCases(Settings.from_environment({"TELECO_DB_URL": url}))
    use_cases.work.migrate()
    first = make_sample(7, datetime.now(UTC))
    with use_cases.work.writing() as connection:
        if loaded_anchor(connection) is None:
            load_sample(connection, first)
        load_copy(connection, first, COPY)
    airflow_stack.wait_for_dags(["sla_violation"])
    return replace(first, notifications={key: _own(said) for key, said in first.notifications.items()})


def _own(said: ProblemNotification) -> ProblemNotification:
    conf = renamed(said.model_dump(mode="json"), COPY)
    return ProblemNotification.model_validate(conf | {"external_reference": f"BROWSER-{said.external_reference}"})


@pytest.fixture(scope="package")
def use_cases(sample: Sample, airflow_stack: AirflowStack) -> UseCases:
    return UseCases(Settings.from_environment({"TELECO_DB_URL": airflow_stack.settings.operations.url}))


@pytest.fixture(scope="package")
def incidents(sample: Sample, airflow_stack: AirflowStack, use_cases: UseCases) -> SimpleNamespace:
    """Start one run of each kind that the pages need, together, and wait until each is where it stays.

    `waiting` waits for its release, `failing` is closed and escalated, `reviewed` has a credit held for a second
    person; the notification of `bad` is in quarantine.
    """
    failing = "correction_fails"
    reviewed = next(key for key, expected in sample.expectations.items() if expected.held)
    keys = {"waiting": "held_and_released", "failing": failing, "reviewed": reviewed}
    runs = {name: _start(airflow_stack, sample, key, f"browser-{name}") for name, key in keys.items()}
    runs["bad"] = _start(airflow_stack, sample, failing, "browser-bad", customer="C-none", external_reference="BAD-1")
    airflow_stack.api.wait_run(
        "sla_violation",
        runs["waiting"],
        timeout_seconds=PATIENCE,
        until=lambda _, tasks: tasks.get("await_restoration_request") == "deferred",
    )
    for name in ("failing", "reviewed", "bad"):
        airflow_stack.api.wait_run("sla_violation", runs[name], timeout_seconds=PATIENCE)
    with use_cases.work.reading() as connection:
        assert runs["bad"] in {entry.run_id for entry in list_quarantined(connection, limit=10)}
    return SimpleNamespace(**runs)


def _start(stack: AirflowStack, sample: Sample, key: str, run_id: str, **changes: str) -> str:
    conf = sample.notifications[key].model_dump(mode="json", exclude_none=True) | changes
    return stack.api.trigger_run("sla_violation", conf=conf, run_id=run_id)


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Any]:
    """Open the browser; it closes with these tests, as its event loop stands in the way of every other one."""
    with playwright.sync_playwright() as started:
        shown = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield shown
        shown.close()


def found_grave(page: Any) -> list[tuple[str, str]]:
    """Let axe-core examine a page; return each grave finding with the first element that it is about."""
    found = axe.Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"]) for each in found if each["impact"] in GRAVE]


def wait_until(frame: Any, expression: str, argument: Any = None) -> None:
    """Wait until JavaScript says yes in a frame.

    Playwright's own `wait_for_function` repeats an expression by `eval`, which the desk's content security policy
    forbids: it works only where the first answer is yes.
    """
    until = monotonic() + SLOW / 1000
    while not _says_yes(frame, expression, argument):
        assert monotonic() < until, f"never so: {expression}"
        frame.wait_for_timeout(50)


def _says_yes(frame: Any, expression: str, argument: Any) -> bool:
    try:
        return bool(frame.evaluate(expression, argument))
    except playwright.Error as error:
        if "context was destroyed" in str(error):  # the page is being left
            return False
        raise


class Visit:
    """One window, with everything that went wrong in it: errors of any page and frame, dialogs, foreign hosts."""

    def __init__(
        self,
        browser: Any,
        address: str,
        *,
        login: Any = None,
        width: int = 1440,
        mode: str = "light",
        headers: dict[str, str] | None = None,
        locale: str = "en-US",
    ) -> None:
        self.address = address
        self.wrong: list[str] = []
        self.name = f"{mode}-{width}"
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=mode,
            storage_state=login,
            locale=locale,  # dates are typed as this language writes them
            reduced_motion="reduce",
            extra_http_headers=headers or {},
        )
        self.context.set_default_timeout(SLOW)
        self.context.on("console", self._note)
        self.context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        self.context.on("dialog", self._refuse)
        self.context.on("request", self._check_host)
        self.page = self.context.new_page()

    def _note(self, message: Any) -> None:
        if message.type == "error":
            self.wrong.append(f"{message.text} ({message.location.get('url')})")

    def _refuse(self, dialog: Any) -> None:
        self.wrong.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _check_host(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:", "about:")):
            self.wrong.append(f"asked {request.url}")

    def go(self, path: str) -> Any:
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def enter(self, user: str, password: str) -> Any:
        """Log in by Airflow's own form; its start page first asks, in vain, who is there."""
        self.page.goto(self.address)
        self.sign_in(user, password)
        self.page.wait_for_url(lambda url: "/auth/login" not in url)
        self.page.get_by_role("link", name="Incidents").first.wait_for()
        self.wrong = [each for each in self.wrong if "/ui/config" not in each]
        return self.page

    def sign_in(self, user: str, password: str) -> None:
        """Fill in Airflow's form, which is shown."""
        self.page.get_by_label("Username").fill(user)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def stall(self) -> None:
        """Let no page look again by itself while it is examined."""
        self.remember("sessionStorage", "location.pathname", "'99'")

    def remember(self, storage: str, name: str, value: str) -> None:
        """Keep a value in the browser's own storage for every page that may read it; a letter may not."""
        self.context.add_init_script(f"try {{ {storage}.setItem({name}, {value}) }} catch {{}}")

    def said(self) -> str:
        """Return the address and the text of each frame that is open, for the report of a test that failed."""
        frames = [frame for page in self.context.pages for frame in page.frames]
        return "\n\n".join(f"{frame.url}\n{frame.locator('body').inner_text(timeout=5000)}" for frame in frames)

    def shoot(self, name: str, *, whole: bool = True) -> None:
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}-{self.name}.png", full_page=whole)


@pytest.fixture(scope="package")
def login(browser: Any, airflow_stack: AirflowStack, sample: Sample) -> Any:
    """Log in once and keep what the browser keeps."""
    window = Visit(browser, airflow_stack.address)
    window.enter(airflow_stack.user, airflow_stack.password)
    state = window.context.storage_state()
    window.context.close()
    return state


OPENED = pytest.StashKey[list[Visit]]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Print with a failure what the windows showed: a browser that waits in vain says only for what."""
    report = yield
    if call.when == "call" and report.failed:
        opened: list[Visit] = item.stash.get(OPENED, default=list[Visit]())
        for number, window in enumerate(opened, 1):
            try:
                shown = window.said()
            except playwright.Error as error:
                shown = str(error)
            report.sections.append((f"window {number}", shown))
    return report


@pytest.fixture
def windows(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visit]]:
    """Open windows of any size and colour mode; nothing may have gone wrong in any of them."""
    opened: list[Visit] = request.node.stash.setdefault(OPENED, [])

    def open_window(address: str, **requests: Any) -> Visit:
        opened.append(Visit(browser, address, **requests))
        return opened[-1]

    yield open_window
    wrong = [each for one in opened for each in one.wrong]
    for one in opened:
        one.context.close()
    assert wrong == []


@pytest.fixture
def visit(windows: Callable[..., Visit], airflow_stack: AirflowStack, login: Any) -> Callable[..., Visit]:
    """Open windows of the user who has logged in to Airflow."""
    return lambda **requests: windows(airflow_stack.address, login=login, **requests)

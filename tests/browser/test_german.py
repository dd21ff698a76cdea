"""A German browser is shown a German desk, also by the script that goes on with the page, and an act works there."""

import re
import threading
from collections.abc import Iterator

import pytest
import uvicorn

from deploy.ports import free_port
from include.sla_logic.process.graph import WAIT
from tests.browser.conftest import found_grave
from tests.web.desk_sample import HELD, Sample, desk_of

pytestmark = pytest.mark.more


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str, Sample]]:
    """Serve a desk without Airflow, with one incident that waits for its release: address, ticket, sample."""
    sample = Sample(tmp_path_factory.mktemp("german"))
    ticket = sample.walk(HELD, until=WAIT).id
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(desk_of(sample), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{port}", ticket, sample
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("width", [360, 1440])
def test_a_german_browser_reads_german_and_an_act_works(windows, waiting, width):
    address, ticket, sample = waiting
    window = windows(address, width=width, headers={"x-member": "operator"}, locale="de-DE")
    page = window.go("/")
    assert page.evaluate("document.documentElement.lang") == "de"
    page.get_by_role("heading", name="Entstörungsaufträge zur Freigabe").wait_for()
    page.locator("[data-zone]", has_text="UTC").wait_for()
    window.shoot("german-board")
    page.get_by_role("link", name=ticket).first.click()
    page.get_by_role("heading", name=ticket, level=1).wait_for()
    page.get_by_text("Wartet auf den Entstörungsauftrag").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    window.shoot("german-incident")
    assert found_grave(page) == []
    page.get_by_role("link", name="Zuweisen…").click()
    page.get_by_label("Begründung").fill("Spätschicht")
    page.get_by_role("button", name="Zuweisen").click()
    page.get_by_text("Das Ticket ist zugewiesen.").wait_for()
    assert any("Spätschicht" in act.detail for act in sample.use_cases.lookups.incident(ticket).audit)


def test_the_script_counts_down_and_warns_in_german(windows, waiting):
    address, _ticket, _sample = waiting
    window = windows(address, headers={"x-member": "operator"}, locale="de-DE")
    page = window.go("/")
    shown = page.locator("time[data-countdown]").first
    assert re.fullmatch(r"zu spät|[0-9]+ (Tg|Std|Min|Sek)\..*", shown.inner_text())
    assert re.match(r"2[34]\. Nov\. ", page.locator("time[data-short]").first.inner_text())
    window.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.get_by_text("Keine Verbindung seit").wait_for()
    window.context.set_offline(False)
    window.wrong = [each for each in window.wrong if "ERR_INTERNET_DISCONNECTED" not in each]

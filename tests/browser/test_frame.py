"""Board and incident inside Airflow's own frame: its size, its colours, its links."""

from urllib.parse import urljoin

import pytest

from tests.browser.conftest import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.more]
COLOURS = {"light": "rgb(244, 246, 248)", "dark": "rgb(14, 20, 27)"}


@pytest.mark.parametrize("width", [360, 1440])
def test_board_and_incident_fit_the_frame_and_follow_airflows_switch(visit, incidents, use_cases, width):
    ticket = use_cases.lookups.incident(incidents.failing).ticket
    window = visit(width=width)
    page = window.go("/")
    page.get_by_role("link", name="Incidents").first.click()
    name = page.get_by_role("link", name="Incidents").first
    assert name.evaluate("link => [link, ...link.querySelectorAll('*')].every(e => e.scrollWidth <= e.clientWidth + 1)")
    desk = page.frame_locator("iframe")
    desk.locator("table.board").get_by_role("link", name=ticket.id).wait_for()
    for mode in ("dark", "light"):
        switch(page, mode)
        inspect(window, f"frame-board-{mode}", mode)
    desk.locator("table.board").get_by_role("link", name=ticket.id).click()
    desk.get_by_role("heading", name=ticket.id, level=1).wait_for()
    for mode in ("dark", "light"):
        switch(page, mode)
        inspect(window, f"frame-incident-{mode}", mode)


def switch(page, mode):
    """Let Airflow follow its colour mode as chosen in another window: its menu moves while it is clicked."""
    other = page.context.new_page()
    other.goto(urljoin(page.url, "/incident-desk/new"))
    other.evaluate("mode => localStorage.setItem('theme', mode)", mode)
    other.close()
    wait_until(page, "mode => document.documentElement.classList.contains(mode)", mode)


def inspect(window, name, mode):
    inner = window.page.frames[1]
    wait_until(inner, "mode => document.documentElement.dataset.theme === mode", mode)
    assert inner.evaluate("getComputedStyle(document.body).backgroundColor") == COLOURS[mode]
    for frame in (window.page.main_frame, inner):
        wait_until(frame, "document.documentElement.scrollWidth <= innerWidth")
    window.shoot(name)


def test_the_incident_is_a_tab_of_its_run_and_leads_back_to_it(visit, incidents, use_cases):
    window = visit()
    page = window.go(f"/dags/sla_violation/runs/{incidents.failing}")
    page.get_by_role("link", name="Incident", exact=True).click()
    desk = page.frame_locator("iframe")
    desk.get_by_role("heading", name=use_cases.lookups.incident(incidents.failing).ticket.id, level=1).wait_for()
    page.frames[1].wait_for_load_state()  # by the desk's script alone a link leaves the frame
    desk.get_by_role("link", name=f"run {incidents.failing}").click()
    page.wait_for_url(f"**/dags/sla_violation/runs/{incidents.failing}")

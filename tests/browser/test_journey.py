"""One person's day at the desk, by mouse, inside Airflow: from the login to the letter."""

import re
from time import monotonic
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from tests.browser.conftest import PATIENCE, SLOW, playwright

pytestmark = [pytest.mark.stack, pytest.mark.more]
RESUMES = PATIENCE * 1000


def test_from_the_login_over_a_release_and_a_rebate_to_the_letter(windows, incidents, airflow_stack, sample, use_cases):
    window = windows(airflow_stack.address)
    page = window.enter(airflow_stack.user, airflow_stack.password)
    page.get_by_role("link", name="Incidents").first.click()
    desk = page.frame_locator("iframe")

    filter_the_board(page, desk, sample, use_cases.lookups.incident(incidents.waiting).ticket)
    release_the_restoration(page, desk, use_cases, airflow_stack, incidents.waiting)
    approve_the_rebate(page, desk, use_cases, use_cases.lookups.incident(incidents.reviewed).ticket)
    come_to_rest(page)
    follow_a_report_to_its_letter(window, desk, airflow_stack, sample.notifications["minor_correction"])


def filter_the_board(page, desk, sample, ticket):
    """Narrow the board down step by step; each step is in the address of the frame and of the page around it."""
    desk.get_by_role("heading", name="Restoration requests to release").wait_for()
    desk.get_by_label("Search").fill("nobody has this name")
    desk.get_by_role("button", name="Filter").click()
    desk.get_by_text("No incident matches").wait_for()
    desk.get_by_label("Search").fill("")
    desk.get_by_label("Customer", exact=True).fill(ticket.customer)
    desk.get_by_label("Service", exact=True).fill(ticket.service)
    desk.get_by_role("button", name="Filter").click()
    desk.locator("table.board").get_by_role("link", name=ticket.id).wait_for()
    assert desk.locator("table.board tbody tr").count() == 1
    come_to_rest(page)
    desk.get_by_label("Department").select_option(ticket.assigned_to)
    page.wait_for_url(re.compile(r"[?&]lane=Resource"))
    desk.locator("table.board").get_by_role("link", name=ticket.id).wait_for()
    come_to_rest(page)
    priority = desk.locator("table.board .prio").inner_text()
    desk.get_by_label("Priority").select_option(priority)
    page.wait_for_url(re.compile(f"priority={priority}"))
    wanted = {"lane": [ticket.assigned_to], "priority": [priority], "shown": ["open"]}
    wanted |= {"customer": [ticket.customer], "service": [ticket.service]}
    for address in (page.url, page.frames[1].url):
        assert parse_qs(urlsplit(address).query) == wanted
    come_to_rest(page)
    desk.locator("table.board").get_by_role("link", name=ticket.id).click()
    desk.get_by_role("heading", name=ticket.id, level=1).wait_for()


def release_the_restoration(page, desk, use_cases, stack, run_id):
    """The incident waits; released, its run continues, and the open page shows the end by itself."""
    desk.get_by_text("Waits for the restoration request").wait_for()
    assert desk.locator(".step.now").count() == 1
    come_to_rest(page)
    desk.get_by_role("link", name="Release restoration…").click()
    give_reason(page, desk, "The reserve route has room.")
    desk.get_by_role("button", name="Send the request now").click()
    desk.get_by_role("status").wait_for()
    assert "The restoration request is sent" in desk.get_by_role("status").inner_text()
    assert stack.api.wait_run("sla_violation", run_id, timeout_seconds=PATIENCE) == "success"
    desk.locator(".outcome b", has_text="Restored").wait_for(timeout=RESUMES)
    assert [(act.actor, act.detail) for act in use_cases.lookups.incident(run_id).audit] == [
        (stack.user, "The reserve route has room.")
    ]


def come_to_rest(page):
    """Wait until the frame has shown one page for a second, which the page around it has taken over as its address.

    What is chosen before the scripts ran has no effect; and where its own address lags, Airflow loads the frame again.
    """
    shown, since = None, monotonic()
    until = since + SLOW / 1000
    while shown is None or monotonic() - since < 1:
        assert monotonic() < until, f"never at rest: {page.url} around {page.frames[1].url}"
        page.wait_for_timeout(100)
        if (now := shown_in_frame(page)) != shown or now is None:
            shown, since = now, monotonic()


def shown_in_frame(page):
    """Return which document the frame shows, or None where it loads one or Airflow has another address."""
    frame, around = page.frames[1], urlsplit(page.url)
    inner = urlsplit(frame.url)
    if inner.query != around.query or not around.path.endswith(inner.path):
        return None
    try:
        loaded, began = frame.evaluate("[document.readyState, performance.timeOrigin]")
    except playwright.Error as error:
        if "context was destroyed" in str(error):  # the page is being left
            return None
        raise
    return began if loaded == "complete" else None


def give_reason(page, desk, said):
    """Type it once the frame has come to rest: what is typed while it loads may be gone."""
    desk.get_by_label("Reason").wait_for()
    come_to_rest(page)
    desk.get_by_label("Reason").fill(said)


def turn_to(page, desk, link):
    """Turn the pages of the credits until the link is there: another test may have left many before it."""
    desk.get_by_role("heading", name="Credits to decide").wait_for()
    come_to_rest(page)
    pages = desk.get_by_role("navigation", name="Pages of credits")
    while not link.count() and (following := pages.get_by_role("link", name="Next")).count():
        following.click()
        come_to_rest(page)


def approve_the_rebate(page, desk, use_cases, ticket):
    assert [credit.state for credit in use_cases.credits.waiting() if credit.ticket == ticket.id] == ["held"]
    come_to_rest(page)
    desk.get_by_role("link", name="Waiting", exact=True).click()
    approve = desk.locator(".line", has_text=ticket.id).get_by_role("link", name="Approve…")
    turn_to(page, desk, approve)
    approve.click()
    give_reason(page, desk, "The figures were checked by hand.")
    desk.get_by_role("button", name="Approve and book").click()
    desk.get_by_role("status").wait_for()
    assert "The credit is approved and booked" in desk.get_by_role("status").inner_text()
    assert [credit for credit in use_cases.credits.waiting() if credit.ticket == ticket.id] == []


def follow_a_report_to_its_letter(window, desk, stack, said):
    desk.get_by_role("link", name="New report").click()
    desk.get_by_label("Description").wait_for()
    come_to_rest(window.page)
    desk.get_by_label("Customer", exact=True).fill(said.customer)
    desk.get_by_label("Service", exact=True).fill(said.service)
    desk.get_by_label("Symptom").select_option(said.symptom.value)
    desk.get_by_label("Description").fill("The line crackles <b>since</b> this morning")
    desk.get_by_label("Observed from").fill(f"{said.observed_from:%Y-%m-%dT%H:%M}")
    desk.get_by_role("button", name="Send the report").click()
    window.page.wait_for_url("**/runs/*")
    run_id = unquote(urlsplit(window.page.url).path).rpartition("/")[2]
    assert stack.api.wait_run("sla_violation", run_id, timeout_seconds=PATIENCE) == "success"
    if desk.get_by_role("heading", name="No incident yet").count():  # it looks again for a minute only
        window.page.reload()
    desk.get_by_text("The line crackles <b>since</b> this morning").first.wait_for()
    # the open page shows the end of its run by itself
    desk.get_by_role("link", name="Read the letter").wait_for(timeout=RESUMES)
    with window.context.expect_page() as opened:
        desk.get_by_role("link", name="Read the letter").click()
    letter = opened.value
    letter.wait_for_load_state()
    assert "The line crackles <b>since</b> this morning" in letter.locator("main").inner_text()
    assert letter.evaluate("[...document.images].every(each => each.naturalWidth > 100)")
    with window.page.expect_download() as saved:
        desk.get_by_role("link", name="as PDF").click()
    assert re.fullmatch(r"TT-\d+\.pdf", saved.value.suggested_filename)
    assert saved.value.path().read_bytes().startswith(b"%PDF-")

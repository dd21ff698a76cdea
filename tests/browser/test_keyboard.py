"""With a keyboard alone: the focus is visible, goes where it must, and comes back."""

import pytest

from tests.browser.conftest import wait_until

pytestmark = [pytest.mark.stack, pytest.mark.more]
FOCUSED = "document.activeElement"
SEEN = """() => {
  const each = document.activeElement, style = getComputedStyle(each), box = each.getBoundingClientRect();
  return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 4 && box.height > 4
    && box.bottom > 0 && box.top < innerHeight;
}"""


def reach(page, selector, presses=80):
    """Press Tab until this element has the focus; every stop on the way must be visible."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        assert page.evaluate(SEEN), page.evaluate(f"{FOCUSED}.outerHTML")
        if page.evaluate(f"selector => {FOCUSED}.matches(selector)", selector):
            return
    pytest.fail(f"{selector} cannot be reached with the Tab key")


def has_focus(page, selector):
    """Wait until this element has the focus on a page whose script has run; the browser may focus a field earlier."""
    there = f"selector => document.readyState === 'complete' && {FOCUSED}?.matches(selector)"
    wait_until(page, there, selector)


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(visit, incidents):
    page = visit().go("/incident-desk/")
    page.keyboard.press("Tab")
    assert page.evaluate(f"{FOCUSED}.className") == "skip"
    assert page.evaluate(SEEN)
    page.keyboard.press("Enter")
    has_focus(page, "#main")
    page.keyboard.press("Tab")
    assert page.evaluate(f"{FOCUSED}.closest('#main') !== null")


def test_the_board_is_filtered_by_keys_and_the_focus_stays_there(visit, incidents, use_cases):
    ticket = use_cases.lookups.incident(incidents.failing).ticket
    page = visit().go("/incident-desk/?shown=all")
    reach(page, ".filters [name=lane]")
    while page.evaluate(f"{FOCUSED}.value") != ticket.assigned_to:
        page.keyboard.press("ArrowDown")
    assert "lane=" not in page.url  # an arrow only looks
    reach(page, ".filters [name=search]")
    page.keyboard.type(ticket.id)
    page.keyboard.press("Enter")
    page.wait_for_url("**lane=Customer+Service**")
    has_focus(page, ".filters [name=search]")
    assert page.locator("table.board tbody tr").count() == 1
    reach(page, "table.board tbody a")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=ticket.id, level=1).wait_for()


def test_a_ticket_is_put_on_hold_and_resumed_by_keys(visit, incidents, use_cases, airflow_stack):
    case = use_cases.lookups.incident(incidents.failing)
    page = visit().go(f"/incident-desk/incidents/{case.ticket.id}")
    hold = "a[href$='/hold']"
    reach(page, hold)
    page.keyboard.press("Enter")
    has_focus(page, "#reason")
    page.keyboard.type("x")
    page.keyboard.press("Escape")  # what was typed is not thrown away
    has_focus(page, "#reason")
    page.keyboard.press("Backspace")
    page.keyboard.press("Escape")
    page.get_by_role("heading", name=case.ticket.id, level=1).wait_for()
    has_focus(page, hold)
    assert use_cases.lookups.incident(incidents.failing).audit == case.audit

    page.keyboard.press("Enter")
    has_focus(page, "#reason")
    page.keyboard.type("Waiting for a spare part.")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    assert page.evaluate(f"{FOCUSED}.value") == "provider"
    reach(page, "button.main")
    page.keyboard.press("Enter")
    has_focus(page, ".notice")
    assert page.locator(".notice").inner_text() == "The ticket is on hold."
    reach(page, "a[href$='/resume']")
    page.keyboard.press("Enter")
    has_focus(page, "#reason")
    page.keyboard.type("The part is here.")
    reach(page, "button.main")
    page.keyboard.press("Enter")
    has_focus(page, ".notice")
    assert page.locator(".notice").inner_text() == "The ticket is resumed."
    added = use_cases.lookups.incident(incidents.failing).audit[len(case.audit) :]
    assert [(act.actor, act.detail) for act in added] == [
        (airflow_stack.user, "Waiting for a spare part."),
        (airflow_stack.user, "The part is here."),
    ]


def test_the_form_is_filled_in_by_keys(visit, incidents, sample):
    said = sample.notifications["analysed_by_service_management"]
    page = visit().go("/incident-desk/new")
    reach(page, "#customer")
    page.keyboard.type(said.customer)
    reach(page, "#service")
    page.keyboard.type(said.service)
    reach(page, "#symptom")
    while page.evaluate(f"{FOCUSED}.value") != said.symptom.value:
        page.keyboard.press("ArrowDown")
    reach(page, "#description")
    page.keyboard.type("By keys alone.")
    reach(page, "#observed_from")
    page.keyboard.type(f"{said.observed_from:%m%d%Y}")
    page.keyboard.press("Tab")  # a year may have more than four digits
    page.keyboard.type(f"{said.observed_from:%I%M%p}")
    assert page.evaluate(f"{FOCUSED}.value") == f"{said.observed_from:%Y-%m-%dT%H:%M}"
    reach(page, "button.main")
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/*")

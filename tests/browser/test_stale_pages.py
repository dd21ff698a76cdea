"""A page that can no longer be right says so: no connection, or an expired login; and it recovers by itself."""

from dataclasses import replace
from signal import SIGCONT, SIGSTOP

import pytest

from include.sla_logic.web import Caller
from tests.assessment.provider import Provider
from tests.browser.beside import acts, held_back
from tests.browser.serving import served_desk
from tests.state_machine.test_agreements_that_change import empty_database
from tests.web.one_person import desk_as
from tests.web.test_erasure import led

pytestmark = [pytest.mark.stack, pytest.mark.more]
STALE, MADE = "[data-stale]", "[data-made]"


def look_again(page):
    page.evaluate("window.dispatchEvent(new Event('online'))")


def test_a_page_without_a_connection_says_since_when_and_recovers(windows, visit, incidents):
    window = visit(width=360)
    page = window.go("/incident-desk/")
    made = page.locator(MADE).inner_text()
    window.context.set_offline(True)
    page.get_by_text(f"No connection since {made}, times may be wrong.").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    window.context.set_offline(False)
    page.locator(STALE).wait_for(state="hidden")
    window.wrong = [each for each in window.wrong if "ERR_INTERNET_DISCONNECTED" not in each]


def test_an_expired_login_is_said_and_its_link_leads_back_here(visit, incidents, airflow_stack):
    window = visit()
    page = window.go("/incident-desk/waiting?credits=2")
    window.context.clear_cookies()
    look_again(page)
    page.get_by_text("Your login has expired").wait_for()
    window.wrong = [each for each in window.wrong if "401" not in each]
    page.get_by_role("link", name="Log in again").click()
    window.sign_in(airflow_stack.user, airflow_stack.password)
    page.wait_for_url("**/incident-desk/waiting?credits=2")
    page.get_by_role("heading", name="Waiting for a person").wait_for()
    window.wrong = [each for each in window.wrong if "401" not in each]


def test_what_was_done_is_told_once_and_not_again_on_reload(visit, incidents, use_cases):
    ticket = use_cases.lookups.incident(incidents.failing).ticket.id
    page = visit().go(f"/incident-desk/incidents/{ticket}")
    for button, said in (("Take it", "The ticket is yours."), ("Give it back", "The ticket is given back")):
        page.get_by_role("button", name=button).click()
        page.get_by_text(said).wait_for()
        while not page.evaluate("sessionStorage.getItem('desk.told') === location.href"):
            page.wait_for_timeout(500)
        page.reload()
        page.get_by_role("heading", name=ticket, level=1).wait_for()
        assert page.get_by_text(said).count() == 0


def test_what_is_being_typed_outlives_a_reload_and_an_expired_login(visit, use_cases, airflow_stack):
    _, [ticket] = held_back(use_cases)
    said = "A spare part is ordered."
    window = visit()
    page = window.go(f"/incident-desk/acts/ticket/{ticket}/hold")
    reason = page.get_by_label("Reason")
    reason.fill(said)
    page.reload()
    assert reason.input_value() == said
    window.context.clear_cookies()
    page.locator("[name=owner][value=provider]").check()
    page.get_by_role("button", name="Put on hold").click()
    page.get_by_role("link", name="Log in").wait_for()
    page.wait_for_load_state()  # the script has run, which says where to come back
    page.get_by_role("link", name="Log in").click()
    window.sign_in(airflow_stack.user, airflow_stack.password)
    page.wait_for_url("**/incident-desk/**")
    page.goto(f"{window.address}/incident-desk/acts/ticket/{ticket}/hold")
    assert reason.input_value() == said
    page.locator("[name=owner][value=provider]").check()
    page.get_by_role("button", name="Put on hold").click()
    page.get_by_text("The ticket is on hold.").wait_for()
    page.wait_for_load_state()  # the script has run, which forgets what was sent
    page.goto(f"{window.address}/incident-desk/acts/ticket/{ticket}/hold")
    assert reason.input_value() == ""  # it was sent
    reason.fill("Something else.")
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("heading", name=ticket, level=1).wait_for()
    page.goto(f"{window.address}/incident-desk/acts/ticket/{ticket}/hold")
    assert reason.input_value() == ""
    window.wrong = [each for each in window.wrong if "401" not in each]


def test_what_one_person_was_typing_is_not_shown_to_the_next_in_the_same_tab(windows, tmp_path):
    provider, ann = led(Provider(tmp_path, empty_database())), Caller("ann", may_write=True)
    desk = desk_as(ann, lambda: provider.use_cases)
    with served_desk(desk) as address:
        page = windows(address).go("/acts/ticket/TT-000001/note")
        text = page.get_by_label("Text")
        text.fill("Their pacemaker is on this line.")
        page.reload()
        assert text.input_value() == "Their pacemaker is on this line."
        desk.state.person = replace(ann, name="ann lee")
        page.reload()
        assert text.input_value() == ""
        assert "pacemaker" not in page.evaluate("JSON.stringify(sessionStorage)")
        text.fill("Mine.")
        page.reload()
        assert text.input_value() == "Mine."
        desk.state.person = ann
        page.reload()
        assert text.input_value() == ""


def test_two_people_cannot_have_one_ticket(visit, incidents, use_cases, airflow_stack):
    ticket = use_cases.lookups.incident(incidents.reviewed).ticket.id
    window = visit()
    page = window.go(f"/incident-desk/incidents/{ticket}")
    use_cases.team.take(ticket, by="nora nights")
    page.get_by_role("button", name="Take it").click()
    page.get_by_text("nora nights has the ticket").wait_for()
    window.wrong = [each for each in window.wrong if "409" not in each]  # the refusal itself
    assert use_cases.lookups.incident(ticket).owner == "nora nights"
    page.go_back()
    page.get_by_role("heading", name=ticket, level=1).wait_for()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    page.locator(".strip").get_by_text("nora nights").wait_for()


def test_back_and_reload_after_an_act_neither_repeat_nor_tell_it(visit, use_cases, sample, airflow_stack):
    _, [ticket] = held_back(use_cases)
    window = visit()
    page = window.go(f"/incident-desk/incidents/{ticket}")
    page.get_by_role("link", name="Hold…").click()
    page.locator("[name=owner][value=provider]").check()
    page.get_by_label("Reason").fill("A spare part is ordered.")
    page.get_by_role("button", name="Put on hold").click()
    page.get_by_text("The ticket is on hold.").wait_for()
    page.reload()
    page.get_by_role("link", name="Resume…").wait_for()
    page.go_back()
    page.get_by_role("button", name="Put on hold").wait_for()
    page.go_back()
    page.get_by_role("link", name="Resume…").wait_for()  # what it was before the act is not shown
    assert page.locator(".notice").count() == 0
    page.go_forward()
    page.locator("[name=owner][value=provider]").check()
    page.get_by_label("Reason").fill("A spare part is ordered.")
    page.get_by_role("button", name="Put on hold").click()
    page.locator(".refusal").wait_for()
    window.wrong = [each for each in window.wrong if "409" not in each]
    assert acts(use_cases, ticket) == [(airflow_stack.user, "ticket on hold")]


def test_an_act_after_the_login_has_expired_is_not_done_and_leads_to_the_login(visit, use_cases, sample, airflow_stack):
    _, [ticket] = held_back(use_cases)
    window = visit()
    page = window.go(f"/incident-desk/incidents/{ticket}")
    window.context.clear_cookies()
    page.get_by_role("button", name="Take it").click()
    page.get_by_role("link", name="Log in").wait_for()
    page.wait_for_load_state()  # the script has run, which says where to come back
    page.get_by_role("link", name="Log in").click()
    window.sign_in(airflow_stack.user, airflow_stack.password)
    page.wait_for_url("**/incident-desk/**")
    page.get_by_role("button", name="Take it").wait_for()
    assert acts(use_cases, ticket) == []
    window.wrong = [each for each in window.wrong if "401" not in each]


def test_a_server_that_answers_no_more_is_noticed_and_so_is_that_it_is_back(visit, sample, airflow_stack):
    window = visit()
    page = window.go("/incident-desk/waiting")
    made = page.locator(MADE).inner_text()
    airflow_stack.components.kill("api-server", SIGSTOP)
    try:
        look_again(page)
        page.get_by_text(f"No connection since {made}, times may be wrong.").wait_for()
    finally:
        airflow_stack.components.kill("api-server", SIGCONT)
    look_again(page)
    page.locator(STALE).wait_for(state="hidden")
    assert page.locator(MADE).inner_text() > made

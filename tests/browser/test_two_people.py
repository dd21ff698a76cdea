"""Two people at once, each with a login and a browser of their own: one change, and a clear word for the other."""

import json
from typing import Any

import pytest

from tests.browser.beside import acts, held_back
from tests.browser.conftest import Visit
from tests.real_airflow import OPERATOR, USER
from tests.stack.held_credit import hold_credit

pytestmark = [pytest.mark.stack, pytest.mark.more]
TOLD = ".notice, .refusal"
YOURS = "The ticket is yours."


@pytest.fixture(scope="module")
def logins(browser, airflow_stack, sample) -> dict[str, Any]:
    """Log both in at Airflow's form, which leads to the desk; return what their browsers keep."""
    passwords = json.loads(airflow_stack.login_file.read_text("utf-8"))
    return {name: _log_in(browser, airflow_stack.address, name, passwords[name]) for name in (USER, OPERATOR)}


def _log_in(browser, address, name, password):
    window = Visit(browser, address)
    page = window.go("/incident-desk/")
    page.get_by_role("link", name="Log in").click()
    window.sign_in(name, password)
    page.get_by_role("contentinfo").get_by_text(name).wait_for()
    state = window.context.storage_state()
    window.context.close()
    return state


@pytest.fixture
def two(windows, airflow_stack, logins) -> dict[str, Visit]:
    """Open a window for each; a refusal is no fault of the page."""
    opened = {name: windows(airflow_stack.address, login=state) for name, state in logins.items()}
    yield opened
    for window in opened.values():
        window.wrong = [each for each in window.wrong if "409" not in each]


def press(page, name):
    """Press a button without waiting for what follows."""
    page.get_by_role("button", name=name).evaluate("button => { setTimeout(() => button.click()) }")


def one_of(said, done):
    """Return who was told that it is done, and who was refused, with the refusal."""
    [first] = [name for name, text in said.items() if text == done]
    [(other, refusal)] = [(name, text) for name, text in said.items() if name != first]
    return first, other, refusal


def test_of_two_who_take_a_ticket_one_has_it_and_gives_it_to_the_other(two, use_cases):
    _, [ticket] = held_back(use_cases)
    pages = {name: window.go(f"/incident-desk/incidents/{ticket}") for name, window in two.items()}
    for page in pages.values():
        press(page, "Take it")
    first, other, refusal = one_of({name: page.locator(TOLD).inner_text() for name, page in pages.items()}, YOURS)
    assert refusal.startswith(f"{first} has the ticket since ")
    assert acts(use_cases, ticket) == [(first, "ticket taken")]

    pages[other].go_back()
    pages[other].locator(".strip").get_by_text(first).wait_for()  # what it was before is not shown
    pages[first].get_by_role("link", name="Assign…").click()
    pages[first].get_by_label("To whom").select_option(other)
    pages[first].get_by_label("Reason").fill("My shift ends.")
    pages[first].get_by_role("button", name="Assign").click()
    pages[first].get_by_text("The ticket is assigned.").wait_for()
    look_again(pages[other])
    pages[other].get_by_role("button", name="Give it back").wait_for()
    assert use_cases.lookups.incident(ticket).owner == other
    assert acts(use_cases, ticket)[1:] == [(first, "ticket assigned")]


def look_again(page):
    page.evaluate("window.dispatchEvent(new Event('online'))")


def test_what_both_write_is_kept_once_for_each_and_seen_by_both(two, use_cases):
    _, [ticket] = held_back(use_cases)
    pages = {name: window.go(f"/incident-desk/incidents/{ticket}") for name, window in two.items()}
    for page in pages.values():
        page.locator("#note").fill("The customer was called.")
    for page in pages.values():
        press(page, "Keep the note")
    for page in pages.values():
        page.get_by_text("The note is kept.").wait_for()
    notes = use_cases.lookups.incident(ticket).notes
    assert sorted(note.author for note in notes) == sorted(two)
    for name, page in pages.items():
        [other] = set(two) - {name}
        look_again(page)
        page.locator(".line", has_text="The customer was called.").get_by_text(other, exact=True).wait_for()


def test_the_same_words_of_two_windows_reach_the_customer_once(two, use_cases):
    _, [ticket] = held_back(use_cases)
    window = two[USER]
    pages = [window.page, window.context.new_page()]
    for page in pages:
        page.goto(f"{window.address}/incident-desk/acts/ticket/{ticket}/message")
        page.get_by_label("Text").fill("A technician is on the way.")
    for page in pages:
        press(page, "Send to the customer")
    said = sorted(page.locator(TOLD).inner_text() for page in pages)
    assert said[0] == "The message to the customer is in the outbox."
    assert "wrote the same words to the customer already" in said[1]
    case = use_cases.lookups.incident(ticket)
    assert [(note.author, note.kind) for note in case.notes] == [(USER, "customer")]
    assert [act for act in acts(use_cases, ticket) if act[1] == "customer written to"] == [
        (USER, "customer written to")
    ]


def test_of_two_who_put_a_ticket_on_hold_one_says_for_whom(two, use_cases):
    _, [ticket] = held_back(use_cases)
    owners, pages = dict(zip(two, ("customer", "provider"), strict=True)), {}
    for name, window in two.items():
        page = pages[name] = window.go(f"/incident-desk/acts/ticket/{ticket}/hold")
        page.locator(f"[name=owner][value={owners[name]}]").check()
        page.get_by_label("Reason").fill(f"Asked by {name}.")
    for page in pages.values():
        press(page, "Put on hold")
    said = {name: page.locator(TOLD).inner_text() for name, page in pages.items()}
    first, other, refusal = one_of(said, "The ticket is on hold.")
    assert refusal == f"{ticket} is on hold already: resume it first."
    assert pages[other].get_by_label("Reason").input_value() == f"Asked by {other}."  # to be read, not typed again
    held = use_cases.lookups.incident(ticket).ticket.status
    assert held == {"customer": "pending", "provider": "held"}[owners[first]]
    assert acts(use_cases, ticket) == [(first, "ticket on hold")]


def test_of_two_who_approve_a_credit_one_books_it(two, use_cases):
    credit = hold_credit(use_cases, "PAIR")
    use_cases.credits.enter(credit, amount="12.50", by="nora nights", reason="as agreed by telephone")
    pages = {name: window.go(f"/incident-desk/acts/credit/{credit}/approve") for name, window in two.items()}
    for page in pages.values():
        page.get_by_label("Reason").fill("The figures are right.")
    for page in pages.values():
        press(page, "Approve and book")
    said = {name: page.locator(TOLD).inner_text() for name, page in pages.items()}
    first, other, refusal = one_of(said, "The credit is approved and booked.")
    assert credit not in {each.reference for each in use_cases.credits.waiting() if each.state == "held"}
    ticket = credit.partition(":")[0]
    assert [each for each in acts(use_cases, ticket) if "approved" in each[1]] == [(first, "credit approved")]
    assert refusal, other

"""What is done to several with one reason: by keys alone, and once, whatever is loaded again afterwards."""

import pytest

from tests.browser.beside import ALONE, acts, held_back
from tests.browser.test_keyboard import FOCUSED, has_focus, reach
from tests.stack.held_credit import hold_credit

pytestmark = [pytest.mark.stack, pytest.mark.more]
DONE = "2 of 2 done."


def choose(page, subjects, *, action, reason, person=""):
    """Tick some, in the order of the page, say what is to be done with them and why, and do it."""
    shown = page.locator("[name^='pick:']").evaluate_all("all => all.map(each => each.name.slice(5))")
    for subject in sorted(subjects, key=shown.index):
        reach(page, f"[name='pick:{subject}']")
        page.keyboard.press("Space")
        assert page.evaluate(f"{FOCUSED}.checked")
    for name, value in (("name", action), ("person", person)):
        if value:
            reach(page, f"#many [name={name}]")
            while page.evaluate(f"{FOCUSED}.value") != value:
                page.keyboard.press("ArrowDown")
    reach(page, "#many [name=reason]")
    page.keyboard.type(reason)
    reach(page, "#many button")
    page.keyboard.press("Enter")
    has_focus(page, "[data-told]")
    assert page.locator("[data-told]").inner_text().startswith(DONE)


def test_incidents_are_assigned_released_and_held_by_keys_with_one_reason_each(visit, use_cases, airflow_stack):
    customer, tickets = held_back(use_cases, count=2, copy=ALONE)
    use_cases.team.enter("nora nights")
    page = visit().go(f"/incident-desk/?shown=open&customer={customer}")
    done = []
    for action, said in (
        ("assign", "ticket assigned"),
        ("release", "restoration released"),
        ("hold", "ticket on hold"),
    ):
        person = "nora nights" if action == "assign" else ""
        choose(page, tickets, action=action, reason="The storm in the north.", person=person)
        done.append((airflow_stack.user, said))
        assert [acts(use_cases, ticket) for ticket in tickets] == [done, done]
        page.reload()  # leads to the list as it was filtered; the form is not sent again
        page.locator("table.board").get_by_role("link", name=tickets[0]).wait_for()
        assert page.url.endswith(f"/incident-desk/?shown=open&customer={customer}")
        assert page.locator("table.board tbody tr").count() == len(tickets)
        assert page.locator("[data-told], .notice").count() == 0
    assert [acts(use_cases, ticket) for ticket in tickets] == [done, done]
    assert {use_cases.lookups.incident(ticket).owner for ticket in tickets} == {"nora nights"}


def test_credits_are_approved_by_keys_with_one_reason(visit, use_cases, airflow_stack):
    waiting = [hold_credit(use_cases, name) for name in ("MANY1", "MANY2")]
    for credit in waiting:
        use_cases.credits.enter(credit, amount="12.50", by="nora nights", reason="as agreed by telephone")
    page = visit().go("/incident-desk/waiting")
    while not page.locator(f"[name='pick:{waiting[-1]}']").count():
        reach(page, "nav[aria-label='Pages of credits'] [rel=next]", presses=200)
        page.keyboard.press("Enter")
        page.wait_for_load_state("networkidle")
    choose(page, waiting, action="approve", reason="The figures were checked.")
    page.go_back()
    page.get_by_role("heading", name="Credits to decide").wait_for()
    for credit in waiting:
        assert page.locator(f"[name='pick:{credit}']").count() == 0  # it is not offered again
        [told] = [act for act in acts(use_cases, credit.partition(":")[0]) if act[1] == "credit approved"]
        assert told == (airflow_stack.user, "credit approved")

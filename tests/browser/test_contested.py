"""A customer contests a measurement: a frozen window, a decision of another person, and letters in her language."""

from datetime import UTC, datetime

import pytest

from include.sla_logic.domain.disputes import Dispute
from tests.browser.beside import CONTESTED, acts, escalated, logged_in
from tests.real_airflow import OPERATOR

pytestmark = [pytest.mark.stack, pytest.mark.more]
WORDS, WHY = "Nos mesures disent autre chose.", "Les sondes étaient justes."


def follow(page, link, button, told, **typed):
    """Go from the incident to the form of an act, fill it in, send it, and read what is told."""
    page.get_by_role("link", name=link).click()
    for name, text in typed.items():
        page.locator(f"#{name}").fill(text)
    page.get_by_role("button", name=button).click()
    page.locator(".notice, .refusal").get_by_text(told).wait_for()


def write(page, why):
    """Record what was done, which is news, and send the letter that tells how the incident stands."""
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"
    follow(page, "Record work…", "Record the work", "The work is recorded.", done_at=now, reason=why)
    follow(page, "Follow-up letter…", "Send the letter", "is in the outbox", reason=why)


def letter(window, ticket):
    """Read the newest letter in a window of its own; it is French, and dated as the French write."""
    page = window.context.new_page()
    page.goto(f"{window.address}/incident-desk/incidents/{ticket}/letter")
    assert page.locator("html").get_attribute("lang") == "fr"
    said = page.locator("body").inner_text()
    page.close()
    return " ".join(said.split())


def test_a_contested_measurement_is_frozen_until_another_decides_and_letters_say_so(
    visit, windows, airflow_stack, use_cases
):
    ticket = escalated(use_cases, copy=CONTESTED, locale="fr-FR")
    window = visit()
    page = window.go(f"/incident-desk/incidents/{ticket}")
    follow(page, "Record a dispute…", "Record the dispute", "nothing is booked until another person", text=WORDS)
    page.locator("#disputes").wait_for()
    dispute = open_dispute(use_cases, ticket)
    write(page, "The probes were looked at.")
    said = letter(window, ticket)
    assert "ces chiffres sont provisoires" in said
    assert WORDS in said

    page.get_by_role("link", name="Decline…").click()
    page.locator("#reason").fill(WHY)
    page.get_by_role("button", name="Decline it").click()
    page.locator(".refusal").get_by_text("another person must decide it").wait_for()
    assert open_dispute(use_cases, ticket) == dispute
    window.wrong = [each for each in window.wrong if "409" not in each]  # a refusal is no fault of the page

    other = logged_in(windows, airflow_stack, OPERATOR).page
    other.get_by_role("link", name="disputes to decide").click()
    other.locator(".line", has_text=WORDS).get_by_role("link", name="Decline…").click()
    other.locator("#reason").fill(WHY)
    other.get_by_role("button", name="Decline it").click()
    other.locator(".notice").get_by_text("the next letter to the customer says why").wait_for()
    decided = use_cases.disputes.of(dispute.reference)
    assert (decided.state, decided.decided_by, decided.reason) == ("declined", OPERATOR, WHY)

    page.goto(f"{window.address}/incident-desk/incidents/{ticket}")
    page.get_by_text(f"declined by {OPERATOR}").wait_for()
    write(page, "The line was tested once more.")
    said = letter(window, ticket)
    assert "nos enregistrements restent valables" in said
    assert f"Notre motif : {WHY}" in said.replace("\u202f", " ").replace("\xa0", " ")
    assert [action for _, action in acts(use_cases, ticket)].count("dispute recorded") == 1


def open_dispute(use_cases, ticket) -> Dispute:
    """Return the one dispute of a ticket that waits for its decision."""
    [dispute] = [each for each in use_cases.disputes.listed().rows if each.ticket == ticket]
    return dispute

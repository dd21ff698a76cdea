"""An escalated incident has a way to its end, by the desk's pages alone: work, resolution, letter, and open again."""

from datetime import UTC, datetime

import pytest

from tests.browser.beside import acts, escalated

pytestmark = [pytest.mark.stack, pytest.mark.more]


def test_an_escalated_incident_comes_to_its_end_and_may_be_opened_again(visit, use_cases, airflow_stack):
    ticket = escalated(use_cases)
    page = visit().go(f"/incident-desk/incidents/{ticket}")

    def act(link, button, told, reason):
        page.get_by_role("link", name=link).click()
        if link == "Record work…":
            page.get_by_label("Done at").fill(f"{datetime.now(UTC):%Y-%m-%dT%H:%M}")
        if link == "Resolve…":
            page.locator("[name=basis][value=reason]").check()
        page.locator("#reason").fill(reason)
        page.get_by_role("button", name=button).click()
        page.get_by_role("status").get_by_text(told).wait_for()

    act("Record work…", "Record the work", "The work is recorded.", "The port was replaced.")
    act("Measure again…", "Measure now", "The service was measured", "After the work.")
    act("Resolve…", "Resolve and write", "The incident is resolved", "The customer has tried it.")
    assert use_cases.lookups.incident(ticket).ticket.status == "resolved"
    act("Reopen…", "Reopen", "The incident is open again.", "It crackles again.")
    act(
        "Follow-up letter…",
        "Send the letter",
        "The letter to the customer is in the outbox.",
        "They asked how it stands.",
    )
    done = ("work recorded", "measured again", "incident resolved", "incident reopened", "customer written to again")
    assert acts(use_cases, ticket) == [(airflow_stack.user, one) for one in done]
    page.locator(".head .chip", has_text="escalated").wait_for()

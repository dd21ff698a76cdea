"""Files at an incident: taken within the limits, saved as they were, and mailed to the customer."""

import pytest
from sqlalchemy import select

from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.schema.system_t import outbox
from tests.browser.beside import FILES, choose_file, held_back, saved

pytestmark = [pytest.mark.stack, pytest.mark.more]
TRACE, LETTER = "link down\nüber 3 %\n".encode(), "See the trace."
TOO_MUCH, NO_KIND = b"x" * 10_000_001, b"MZ\x90\x00\x03"


def test_a_file_is_taken_within_the_limits_saved_as_it_was_and_mailed(visit, use_cases):
    _, [ticket] = held_back(use_cases, copy=FILES)
    window = visit()
    place = f"/incident-desk/incidents/{ticket}"
    for content, why in ((NO_KIND, "Send one of: pdf"), (TOO_MUCH, "at most 10 MB")):
        page = window.go(place)
        choose_file(page, "trace.exe", content)
        page.get_by_role("button", name="Attach").click()
        page.get_by_text(why).wait_for()
    window.wrong = [each for each in window.wrong if "413" not in each and "422" not in each]  # refusals are no faults
    page = window.go(place)
    choose_file(page, "trace.log", TRACE)
    page.get_by_role("button", name="Attach").click()
    page.get_by_role("status").get_by_text("The file is attached.").wait_for()
    file = page.locator("section", has=page.locator("h2#files")).locator(".line")
    assert file.count() == 1
    file.get_by_text("internal").wait_for()
    assert saved(page, page.get_by_role("link", name="trace.log")) == TRACE

    page.get_by_role("link", name="Write to the customer…").click()
    page.locator("#text").fill(LETTER)
    page.get_by_label("trace.log").check()
    page.get_by_role("button", name="Send to the customer").click()
    page.get_by_role("status").get_by_text("is in the outbox").wait_for()
    file.get_by_text("sent to the customer").wait_for()
    case = use_cases.lookups.incident(ticket)
    with use_cases.work.reading() as connection:
        wanted = select(outbox.c.payload).where(outbox.c.ticket == ticket_number(ticket), outbox.c.kind == "mail")
        [mail] = connection.scalars(wanted)
    assert mail["attachments"] == [one.id for one in case.attachments]  # they are added as it leaves
    assert [note.attachments for note in case.notes] == [tuple(mail["attachments"])]

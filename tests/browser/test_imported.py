"""An import on the page of files: the sample, a dry run, rejected rows, what comes in, and an export that has it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.beside import FILES, choose_file, held_back, saved

pytestmark = [pytest.mark.stack, pytest.mark.more]


def test_a_file_of_outages_is_tried_imported_without_its_bad_rows_and_exported(visit, use_cases):
    _, [ticket] = held_back(use_cases, copy=FILES)
    service, day = use_cases.lookups.incident(ticket).ticket.service, datetime.now(UTC) - timedelta(days=1)
    page = visit().go("/incident-desk/files")
    page.locator("details#outages summary").click()
    columns = saved(page, page.get_by_role("link", name="Sample file of outages")).decode().splitlines()[0]
    assert columns.split(",")[:2] == ["service", "reference"]
    page.locator("#kind").select_option("outages")
    rows = [f"{service},BROWSER-1,{day:%Y-%m-%d}T08:00:00Z,{day:%Y-%m-%d}T09:00:00Z,Cut"]
    rows += [f"S-nobody,BROWSER-2,{day:%Y-%m-%d}T08:00:00Z,,Cut", f"{service},BROWSER-3,8 o'clock,,Cut"]
    choose_file(page, "browser.csv", "\n".join(["service,reference,started_at,ended_at,cause", *rows]).encode())
    page.get_by_role("button", name="Make a dry run").click()
    page.get_by_role("heading", name="What would come in").wait_for()
    page.get_by_text("A dry run keeps none of them.").wait_for()
    rejected = page.locator("section", has=page.locator("h2#rejected")).locator("tbody tr")
    assert [row.inner_text().split()[0] for row in rejected.all()] == ["3", "4"]
    rejected.filter(has_text="S-nobody").get_by_text("is not known").wait_for()
    assert "S-nobody" in saved(page, page.get_by_role("link", name="As CSV")).decode()
    page.get_by_role("button", name="Import without the rejected rows").click()
    page.get_by_role("heading", name="What was imported").wait_for()
    page.get_by_role("link", name="quarantine").click()
    page.locator("section", has=page.locator("#imports")).get_by_text("browser.csv").first.wait_for()

    page.get_by_role("link", name="Files").click()
    export = page.locator("form[action$='/files/facts']")
    export.locator("#service").fill(service)
    export.locator("#day").fill(f"{day:%Y-%m-%d}")
    facts = json.loads(saved(page, export.get_by_role("button")))
    began = f"{day:%Y-%m-%d}T08:00:00"
    assert any(str(each).find(began) >= 0 for each in facts["outages"])

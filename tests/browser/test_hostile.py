"""Hostile texts (reliability.md, F18) in every field that the desk shows, on every page, in a real browser."""

import json
import re

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy import text as sql

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.persistence.schema import accounts, problems, queue, reference, system_t
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.process.graph import WAIT
from include.sla_logic.services import UnableToAcceptNotification
from tests.browser.serving import served
from tests.hostile import TEXTS
from tests.web.desk_sample import ANCHOR, HELD, Sample

pytestmark = pytest.mark.xdist_group("browser")
REVIEWED = "credit_under_review"
HOSTILE = " ".join(TEXTS.values()) + " " + "W" * 60
LANES = {each.value for each in Lane}
HARMLESS = re.sub(r"[^\w\s]", "x", HOSTILE)  # as long, in the same lines, and only letters
INJECTED = """() => [...document.querySelectorAll("*")].filter((each) =>
  ["IFRAME", "OBJECT", "EMBED", "BASE"].includes(each.tagName)
  || (each.tagName === "SCRIPT" && !each.src.startsWith(location.origin))
  || (each.tagName === "IMG" && /x$/.test(each.getAttribute("src")))
  || each.getAttributeNames().some((name) => name.startsWith("on"))
  || /^javascript:/i.test(each.getAttribute("href") ?? "")).map((each) => each.outerHTML)"""
REGISTERED = [
    (reference.customers, "name"),
    (reference.services, "name"),
    (reference.resources, "name"),
    (reference.alarms, "text"),
    (reference.outages, "cause"),
]
# Where free text is kept that no walk through the process writes: table and columns.
KEPT = [
    (system_t.outbox, ("last_error",)),
    (system_t.quarantine, ("field", "reason", "body", "origin")),
    (system_t.timeline, ("event",)),
    (system_t.tickets, ("origin", "external_reference")),
    (system_t.restorations, ("held_because",)),
    (system_t.ticket_status_history, ("reason",)),
    (accounts.applied_billing_credits, ("text",)),
    (queue.queue, ("cause", "contract", "outcome", "department")),
    (problems.service_problems, ("reason",)),
]


def sample_that_says(text, folder):
    """Walk two incidents of a sample in which everything that a person or a register wrote is `text`."""
    name, sample = " ".join(text.split()), Sample(folder)
    with sample.use_cases.work.database.write() as connection:
        for table, column in REGISTERED:
            connection.execute(update(table).values({column: name}))
    held = sample.walk(HELD, until=WAIT, description=text)
    sample.walk(REVIEWED, description=text)
    with pytest.raises(UnableToAcceptNotification):
        sample.use_cases.incidents.accept({"customer": text, "description": text}, run_id="bad", origin="REST")
    sample.use_cases.holds.hold(held.id, owner="customer", by=name[:200], reason=name[:400])
    with sample.use_cases.work.database.write() as connection:
        guards = connection.scalars(sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all()
        for guard in guards:  # what is only ever added is changed here all the same
            connection.execute(sql(f"DROP TRIGGER {guard}"))
        for table, columns in KEPT:
            values = {column: text[: getattr(table.c[column].type, "length", None)] for column in columns}
            connection.execute(update(table).values(values))
        connection.execute(update(queue.queue).where(queue.queue.c.ending.is_not(None)).values(closed_at=ANCHOR))
        connection.execute(update(system_t.outbox).values(state="dead"))
        for row in connection.execute(select(system_t.documents)).all():
            body = json.dumps(said(json.loads(row.body), text))
            connection.execute(update(system_t.documents).where(system_t.documents.c.id == row.id).values(body=body))
        number = connection.scalar(select(system_t.tickets.c.number).limit(1))
        connection.execute(insert(cohort_members).values(run_id="many", ticket=number, state="set aside", reason=text))
    sample.clock.now = ANCHOR
    return sample


def said(value, text):
    """Return a document in which every sentence is `text`; a department, and what has no blank, is a code."""
    if isinstance(value, dict):
        return {key: said(each, text) for key, each in value.items()}
    if isinstance(value, list):
        return [said(each, text) for each in value]
    return text if isinstance(value, str) and " " in value and value not in LANES else value


def walked(window, sample):
    """Open every page, with everything unfolded; return how many elements each has."""
    window.stall()
    held, reviewed = (sample.use_cases.lookups.incident(sample.tickets[key]).ticket for key in (HELD, REVIEWED))
    credit = sample.use_cases.credits.waiting()[0].reference
    paths = ["/?shown=all", "/waiting", "/reports?month=2026-11", "/new", "/runs/many", "/runs/nobody",
             f"/incidents/{held.id}", f"/incidents/{reviewed.id}", f"/services/{reviewed.service}",
             f"/incidents/{reviewed.id}/letter", f"/acts/credit/{credit}/approve", "/problems?shown=all"]  # fmt: skip
    counts = {}
    for path in paths:
        page = window.go(path)
        page.evaluate("() => { for (const each of document.querySelectorAll('details')) each.open = true }")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], path
        assert page.evaluate(INJECTED) == [], path
        counts[path] = page.evaluate("document.querySelectorAll('*').length")
        window.shoot("hostile" + re.sub(r"\W+", "-", path), whole=False)
    return counts


@pytest.mark.more
def test_hostile_texts_are_only_text_on_every_page(windows, tmp_path_factory):
    counts = {}
    for text in (HARMLESS, HOSTILE):
        sample = sample_that_says(text, tmp_path_factory.mktemp("said"))
        with served(sample) as address:
            window = windows(address, width=360, headers={"x-member": "operator"})
            counts[text] = walked(window, sample)
            script = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E"
            page = window.go(f"/?customer={script}&service={script}&search={script}")
            assert page.evaluate(INJECTED) == []
            window.context.close()
    assert counts[HOSTILE] == counts[HARMLESS]


@pytest.mark.more
def test_what_is_typed_comes_back_as_typed(windows, tmp_path):
    with served(Sample(tmp_path)) as address:
        window = windows(address, width=360, headers={"x-member": "operator"})
        page = window.go("/new")
        for name, text in (
            ("customer", HOSTILE[:64]),
            ("service", "<script>alert(1)</script>"),
            ("description", HOSTILE),
        ):
            page.fill(f"#{name}", " ".join(text.split()))
        page.fill("#observed_from", "2026-11-01T10:00")
        page.click("button.main")
        page.locator(".refusal").first.wait_for()
        assert page.input_value("#description") == " ".join(HOSTILE.split())
        assert page.evaluate(INJECTED) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
        window.wrong = [each for each in window.wrong if "422" not in each]  # the refusal itself

"""Every page of the desk on the real Airflow, at both ends of the sizes, light and dark."""

import pytest
from sqlalchemy import insert

from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.outbox import list_messages
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.feeds import feeds
from tests.browser.conftest import found_grave
from tests.clock import NOON
from tests.spread import longest

pytestmark = [pytest.mark.stack, pytest.mark.more]


@pytest.fixture(scope="module")
def paths(incidents, use_cases):
    """Name every page of the desk; no operator has acted on the incidents yet."""
    waiting, failing = (
        use_cases.lookups.incident(incidents.waiting).ticket,
        use_cases.lookups.incident(incidents.failing).ticket,
    )
    with use_cases.work.database.write() as connection:
        sent = list_messages(connection, state="sent", limit=1)[0]
        member = {
            "ticket": ticket_number(use_cases.lookups.incident(incidents.reviewed).ticket.id),
            "state": "set aside",
        }
        connection.execute(insert(cohort_members).values(run_id="many", reason="looked at by hand", **member))
        told = {"kind": "outages", "by_time": True, "rows": 1200, "rejected": 3, "next_at": NOON}
        away = {"failures": 4, "last_error": "monitor.example/api/v1/query_range gave no answer: ConnectTimeout."}
        known = {"failures": 0, "read_until": NOON, "hole_since": NOON, "last_read_at": NOON, "services": ["S-1001"]}
        connection.execute(insert(feeds).values(name="monitor", **told, **away))
        connection.execute(insert(feeds).values(name="tickets-of-the-north", **told, **known))
    credit = use_cases.credits.waiting()[0].reference
    return {
        "board": "/",
        "board-filtered": f"/?customer={waiting.customer}&service={waiting.service}",
        "board-empty": "/?search=nobody",
        "incident-waiting": f"/incidents/{waiting.id}",
        "incident-closed": f"/incidents/{failing.id}",
        "no-incident": f"/runs/{incidents.bad}",
        "cohort": "/runs/many",
        "waiting": "/waiting",
        "reports": "/reports",
        "process": "/process",
        "simulation": "/simulation",
        "problems": "/problems?shown=all",
        "feeds": "/feeds",
        "files": "/files",
        "service": f"/services/{failing.service}",
        "new": "/new",
        "hold": f"/acts/ticket/{failing.id}/hold",
        "release": f"/acts/ticket/{waiting.id}/release",
        "approve": f"/acts/credit/{credit}/approve",
        "resend": f"/acts/message/{sent.id}/resend",
        "retry": "/acts/entry/1/retry",
    }


@pytest.mark.parametrize(
    ("width", "mode"), [(360, "light"), (1440, "dark"), longest(360, "dark"), longest(1440, "light")]
)
def test_every_page_fits_follows_the_mode_and_serves_everyone(visit, paths, mode, width):
    window = visit(width=width, mode=mode)
    window.stall()
    window.remember("localStorage", "'theme'", f"'{mode}'")
    for name, path in paths.items():
        page = window.go(f"/incident-desk{path}")
        window.shoot(name)
        page.evaluate("() => { for (const each of document.querySelectorAll('details')) each.open = true }")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate("document.documentElement.dataset.theme") == mode, name
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (colour == "rgb(244, 246, 248)") is (mode == "light"), name
        # documents are alike, and axe-core needs half a minute for all of them
        page.evaluate(
            "() => [...document.querySelectorAll('.document')].slice(2).forEach(each => { each.open = false })"
        )
        assert found_grave(page) == [], name


def test_the_pictures_of_an_incident_are_drawn(visit, incidents):
    page = visit().go(f"/incident-desk/runs/{incidents.failing}")
    drawn = page.locator(".charts img").evaluate_all(
        "async all => { for (const each of all) { each.loading = 'eager'; await each.decode() }"
        " return all.map(each => each.naturalWidth) }"
    )
    assert drawn
    assert min(drawn) > 100


def test_no_page_opens_without_a_login(browser, airflow_stack, sample):
    context = browser.new_context()
    page = context.new_page()
    for path in ("/", "/waiting", "/problems", "/new", "/incidents/TT-000001", "/incidents/TT-000001/letter"):
        assert page.goto(f"{airflow_stack.address}/incident-desk{path}").status == 401
    context.close()

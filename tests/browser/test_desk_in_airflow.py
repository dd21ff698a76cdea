"""The desk as people use it: inside Airflow, by mouse and by keyboard, at every size, light and dark."""

import time

import pytest

HELD = "held_and_released"
pytestmark = [pytest.mark.stack, pytest.mark.timeout(600)]


def start(stack, house, key, **changes):
    conf = house.notifications[key].model_dump(mode="json", exclude_none=True) | changes
    return stack.api.trigger_run("sla_violation", conf=conf, run_id=f"browser-{key}")


@pytest.fixture(scope="module")
def waiting(airflow_stack, town):
    """Start an incident that waits for a person, once, and wait until it does."""
    run_id = start(airflow_stack, town, HELD)
    airflow_stack.api.wait_run(
        "sla_violation",
        run_id,
        timeout_seconds=240,
        until=lambda _, tasks: tasks.get("await_restoration_request") == "deferred",
    )
    return run_id


def test_the_board_opens_from_the_navigation_and_filters(visit, waiting):
    window = visit()
    page = window.go("/")
    page.get_by_role("link", name="Incident desk").first.click()
    desk = page.frame_locator("iframe")
    desk.get_by_role("heading", name="Restoration requests to release").wait_for()
    desk.get_by_label("Search").fill("nobody has this name")
    desk.get_by_role("button", name="Filter").click()
    desk.get_by_text("No incident fits").wait_for()
    desk.get_by_label("Search").fill("")
    desk.get_by_label("Show").select_option("waiting")
    desk.locator("table.board a").first.wait_for()


def test_the_incident_is_a_tab_of_its_run_and_leads_back_to_it(visit, waiting):
    window = visit()
    page = window.go(f"/dags/sla_violation/runs/{waiting}")
    page.get_by_role("link", name="Incident", exact=True).click()
    desk = page.frame_locator("iframe")
    desk.get_by_text("Waits for the restoration request").wait_for()
    assert desk.locator(".station.now").count() == 1
    desk.locator("a[data-airflow]").first.click()
    page.wait_for_url(f"**/dags/sla_violation/runs/{waiting}")


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_every_page_fits_and_follows_the_colour_mode(visit, waiting, office, mode, width):
    window = visit(width=width, mode=mode)
    ticket = office.case(waiting).ticket
    pages = {
        "board": "/",
        "incident": f"/incidents/{ticket.id}",
        "waiting": "/waiting",
        "reports": "/reports",
        "service": f"/services/{ticket.service}",
        "new": "/new",
        "act": f"/acts/ticket/{ticket.id}/hold",
    }
    for name, path in pages.items():
        page = window.go(f"/incident-desk{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        assert page.evaluate("document.documentElement.dataset.theme") == mode
        light = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(244, 246, 248)"
        assert light is (mode == "light"), name
        window.shoot(name)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, waiting, office, mode):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    ticket = office.case(waiting).ticket
    window = visit(mode=mode)
    found = []
    paths = ["/", f"/incidents/{ticket.id}", "/waiting", "/reports", f"/services/{ticket.service}", "/new"]
    for path in [*paths, f"/acts/ticket/{ticket.id}/hold"]:
        answer = axe.Axe().run(window.go(f"/incident-desk{path}"))
        found += [
            (path, each["id"]) for each in answer.response["violations"] if each["impact"] in {"serious", "critical"}
        ]
    assert found == []


def test_whoever_has_only_a_keyboard_can_release_a_restoration_and_the_run_resumes(
    visit, waiting, airflow_stack, office
):
    window = visit()
    page = window.go("/incident-desk/")
    reach(page, "Release…")
    page.keyboard.press("Enter")
    page.wait_for_url("**/release")
    page.keyboard.type("The reserve route has room.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("status").wait_for()
    assert "The restoration request is sent" in page.get_by_role("status").inner_text()
    assert airflow_stack.api.wait_run("sla_violation", waiting, timeout_seconds=240) == "success"
    page = window.go(f"/incident-desk/runs/{waiting}")
    assert "Restored" in page.locator(".outcome").inner_text()
    assert (
        page.locator("img").first.evaluate(
            "async each => { each.loading = 'eager'; await each.decode(); return each.naturalWidth }"
        )
        > 100
    )
    window.shoot("released")
    assert [act.actor for act in office.case(waiting).audit] == [airflow_stack.user]


def reach(page, name, presses=80):
    """Press Tab until the element with this text has the focus."""
    for _ in range(presses):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == name:
            return
    pytest.fail(f"{name} cannot be reached with the Tab key")


def test_a_report_from_the_form_is_followed_to_its_letter(visit, town, airflow_stack, office):
    said = town.notifications["minor_correction"]
    window = visit()
    page = window.go("/incident-desk/new")
    page.get_by_label("Customer", exact=True).fill(said.customer)
    page.get_by_label("Service", exact=True).fill(said.service)
    page.get_by_label("Symptom").select_option(said.symptom.value)
    page.get_by_label("Description").fill("<script>alert(1)</script> since this morning")
    page.get_by_label("Observed from (UTC)").fill(f"{said.observed_from:%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Send the report").click()
    page.wait_for_url("**/runs/*")
    run_id = page.url.split("/runs/")[1].split("?")[0].replace("%3A", ":").replace("%2B", "+")
    page.get_by_text("<script>alert(1)</script> since this morning").first.wait_for(timeout=120_000)
    assert airflow_stack.api.wait_run("sla_violation", run_id, timeout_seconds=240) == "success"
    for _ in range(20):
        if office.case(run_id).letters:
            break
        time.sleep(1)
    assert office.case(run_id).letters
    page = window.go(f"/incident-desk/runs/{run_id}")
    assert "send report" not in page.locator("h1").inner_text()
    assert page.get_by_text("Report sent to the customer").count() == 1


def test_a_held_credit_is_approved(visit, town, airflow_stack, office):
    key = next(key for key, expected in town.expectations.items() if expected.held)
    run_id = start(airflow_stack, town, key)
    airflow_stack.api.wait_run("sla_violation", run_id, timeout_seconds=300)
    window = visit()
    page = window.go("/incident-desk/waiting")
    page.get_by_role("link", name="Approve…").click()
    page.get_by_label("Reason").fill("The figures were checked by hand.")
    page.get_by_role("button", name="Approve and book").click()
    page.get_by_role("status").wait_for()
    assert office.waiting_credits() == []


def test_nobody_gets_in_without_a_login(browser, airflow_stack, town):
    context = browser.new_context()
    page = context.new_page()
    assert page.goto(f"{airflow_stack.address}/incident-desk/").status == 401
    context.close()

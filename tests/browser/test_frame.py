"""The incident inside Airflow's own frame."""

import pytest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(1800)]


def test_the_incident_is_a_tab_of_its_run_and_leads_back_to_it(visit, incidents, office):
    window = visit()
    page = window.go(f"/dags/sla_violation/runs/{incidents.failing}")
    page.get_by_role("link", name="Incident", exact=True).click()
    desk = page.frame_locator("iframe")
    desk.get_by_role("heading", name=office.case(incidents.failing).ticket.id, level=1).wait_for()
    desk.get_by_role("link", name=f"run {incidents.failing}").click()
    page.wait_for_url(f"**/dags/sla_violation/runs/{incidents.failing}")

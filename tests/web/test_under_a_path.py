"""The desk below an Airflow that is served under a path (`[api] base_url` …/airflow/): its proxy passes the path on."""

import re

from fastapi import FastAPI
from fastapi.testclient import TestClient

from include.sla_logic.process.graph import WAIT
from tests.web.desk_sample import HELD, HERE, desk_of

BASE = "/airflow/incident-desk"
AIRFLOWS = ("/airflow/dags/", "/airflow/api/v2/auth/login?")


def test_links_assets_forms_redirects_and_api_stay_under_the_path(own_sample):
    ticket = own_sample.walk(HELD, until=WAIT)
    airflow = FastAPI(root_path="/airflow")
    airflow.mount("/incident-desk", desk_of(own_sample))
    with TestClient(airflow, headers={"x-member": "operator"}, follow_redirects=False) as client:
        for place in ("/", f"/incidents/{ticket.id}", f"/acts/ticket/{ticket.id}/release", "/new", "/waiting"):
            page = client.get(BASE + place)
            assert page.status_code == 200
            named = re.findall(r'(?:href|src|action)="(/[^"]*)"', page.text)
            assert [one for one in named if not one.startswith((*AIRFLOWS, f"{BASE}/"))] == []
            assets = {one for one in named if "/assets/" in one}
            assert assets
            assert {client.get(one).status_code for one in assets} == {200}
        form = {"reason": "The reserve route is free."}
        done = client.post(f"{BASE}/acts/ticket/{ticket.id}/release", data=form, headers=HERE)
        assert done.status_code == 303
        assert done.headers["location"].startswith(f"{BASE}/incidents/{ticket.id}?")
        assert client.get(done.headers["location"]).status_code == 200
        assert client.get(f"{BASE}/api/v1/incidents").json()["total"] == 1

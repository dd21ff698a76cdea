"""The desk as a plugin: light for every component, closed to strangers, and started by Airflow's own rules."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin

import incident_desk
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.more
def test_loading_the_plugin_imports_neither_the_desk_nor_its_database(tmp_path):
    heavy = "('include.sla_logic.web', 'include.sla_logic.services', 'resvg')"
    told = f"import sys, incident_desk; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", told],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}", "PATH": "", "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr


def test_both_views_lead_to_the_mount_of_the_desk():
    [app] = incident_desk.IncidentDesk.fastapi_apps
    views = incident_desk.IncidentDesk.external_views
    assert {view["destination"] for view in views} == {"nav", "dag_run"}
    for place in ("http://host/", "http://host/airflow/"):  # the page's <base>: [api] base_url may have a path
        mount = f"{place.rstrip('/')}{app['url_prefix']}/"
        assert all(urljoin(place, view[name]).startswith(mount) for view in views for name in ("href", "icon"))
    assert len({view["url_route"] for view in views}) == len(views)


def test_the_icons_of_the_views_are_there():
    assets = ROOT / "include" / "sla_logic" / "web" / "assets"
    for view in incident_desk.IncidentDesk.external_views:
        for icon in (view["icon"], view["icon_dark_mode"]):
            assert (assets / icon.rsplit("/", 1)[1]).is_file()

"""Services of which nothing can be examined or judged are named by the doctor and by the imports."""

import json

from sqlalchemy import insert
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.persistence.schema import reference as t


def sla(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def serve(sample, service, *, resource=False, outage=False, samples=False, subscribed=True):
    rows = {t.services: {"id": service, "name": "Line", "kind": "line"}}
    if resource:
        port = {"id": f"R-{service}", "kind": "port", "name": "P", "site": "V", "layer": "resource"}
        rows[t.resources] = port | {"state": "in_service"}
        rows[t.topology] = {"service": service, "position": 1, "resource": f"R-{service}"}
    if outage:
        rows[t.outages] = {
            "service": service,
            "reference": "O",
            "attribution": "provider",
            "started_at": sample.clock.now,
        }
    if samples:
        known = {"unit": "ms", "step_seconds": 300, "decimals": 3, "nothing_came_back": None, "baseline": None}
        rows[t.measured_metrics] = {"service": service, "metric": "latency"} | known
        rows[t.samples] = {"service": service, "metric": "latency", "at": 0, "value": 5}
    with sample.use_cases.work.database.write() as connection:
        for table, row in rows.items():
            connection.execute(insert(table), [row])
    if subscribed:
        sample.subscribe(f"AG-{service}", "C-1", service)


def test_the_doctor_names_services_without_resources_or_measurements_and_still_exits_well(sample):
    serve(sample, "S-FULL", resource=True, samples=True)
    serve(sample, "S-FED", resource=True, outage=True)
    serve(sample, "S-DARK", resource=True)
    serve(sample, "S-NOTHING")
    serve(sample, "S-UNSOLD", subscribed=False)
    said = sla("doctor")
    assert said.exit_code == 0
    assert "All is well" in said.stdout
    warned = dict(line.removeprefix("Warning: ").split(": ", 1) for line in said.stderr.splitlines() if ": S-" in line)
    assert set(warned) >= {"S-9", "S-DARK", "S-NOTHING"}
    assert not set(warned) & {"S-FULL", "S-FED", "S-UNSOLD"}
    assert "neither samples nor outages" in warned["S-DARK"]
    assert "no resource" not in warned["S-DARK"]
    assert "no resource" in warned["S-9"]
    assert "neither samples" in warned["S-NOTHING"]
    told = json.loads(sla("doctor", "--json").stdout)
    assert {one["service"] for one in told["unwatched"]} == set(warned)


def test_an_import_warns_of_what_is_missing_afterwards(sample, tmp_path):
    (tmp_path / "services.csv").write_text("id,name,kind\nS-9,Line,line\n", encoding="utf-8")
    done = sla("import", "services", tmp_path / "services.csv")
    assert done.exit_code == 0, done.output
    assert "Warning: S-9: no resource is known" in done.stderr
    told = json.loads(sla("import", "services", tmp_path / "services.csv", "--json").stdout)
    assert any(line.startswith("S-9: ") for line in told["warnings"])
    (tmp_path / "customers.csv").write_text("id,name\nC-77,Ada\n", encoding="utf-8")
    assert "Warning" not in sla("import", "customers", tmp_path / "customers.csv").stderr

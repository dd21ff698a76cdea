"""Past incidents decided again: today's tables change nothing, and a changed row exactly the incidents that hit it."""

import csv
import io
import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.persistence.schema.system_t import documents as stored
from include.sla_logic.services.replay import read_tables
from tests.web.desk_sample import Sample

POLICIES = Path(str(files("include.sla_logic") / "policies"))


@pytest.fixture
def tables(tmp_path):
    """Copy the tables in force, with one text replaced by another in one of them."""

    def changed(name: str, old: str, new: str) -> Path:
        folder = tmp_path / "policies"
        shutil.copytree(POLICIES, folder, ignore=shutil.ignore_patterns("__*"))
        text = (folder / f"{name}.yaml").read_text("utf-8")
        assert text.count(old) == 1, old
        (folder / f"{name}.yaml").write_text(text.replace(old, new), "utf-8")
        return folder

    return changed


def changed_by(sample: Sample, folder: Path) -> dict[str, dict[str, tuple[str, str, str]]]:
    found = sample.use_cases.replay.incidents(read_tables(folder))
    return {
        one.ticket: {each.decision: (each.was, each.would_be, each.row) for each in one.changes}
        for one in found.changed
    }


def documents(sample: Sample, kind: str) -> dict[str, dict]:
    """Return the first document of that kind of every incident that has one, by ticket."""
    found = {}
    with sample.use_cases.work.reading() as connection:
        query = select(stored.c.ticket, stored.c.body).where(stored.c.kind == kind).order_by(stored.c.round.desc())
        rows = connection.execute(query)
        for number, body in rows:
            found[f"TT-{number:06d}"] = json.loads(body)
    return found


def test_todays_tables_decide_all_incidents_of_the_small_teleco_as_they_were(sample):
    found = sample.use_cases.replay.incidents()
    assert len(found.incidents) == len(sample.tickets)
    assert [(one.ticket, one.changes) for one in found.changed] == []
    assert [(one.ticket, one.why_not) for one in found.undecided] == []
    assert sum("held because" in one.decisions for one in found.incidents) > 3
    assert len({one.decisions["analysed by"] for one in found.incidents}) == 2


def test_a_changed_cell_changes_exactly_the_incidents_that_hit_it(sample, tables):
    folder = tables("priorities", "{impact: 2, urgency: 2, priority: P3}", "{impact: 2, urgency: 2, priority: P2}")
    hit = {t for t, one in documents(sample, "ProblemReport").items() if (one["impact"], one["urgency"]) == (2, 2)}
    found = changed_by(sample, folder)
    assert found.keys() == hit
    assert 0 < len(hit) < len(sample.tickets)
    for one in found.values():
        assert one["priority"] == ("P3", "P2", "priorities.yaml, matrix impact 2 x urgency 2")
        assert all(name.startswith("due ") or name in ("priority", "re-prioritised") for name in one)
        assert any(name.startswith("due ") and each[1] < each[0] for name, each in one.items())


def test_a_remedy_that_is_no_longer_safe_holds_exactly_its_incidents(sample, tables):
    why = "Somebody must look."
    row = (
        (POLICIES / "remedies.yaml").read_text("utf-8").partition("- type: link_failure\n")[2].partition("  - type:")[0]
    )
    folder = tables(
        "remedies", row, row.replace("safe_to_automate: true", f"safe_to_automate: false\n    why_held: {why}")
    )
    hit = {t for t, one in documents(sample, "RestorationRequest").items() if one["remedy"] == "link_failure"}
    found = changed_by(sample, folder)
    assert found.keys() == hit
    assert hit
    assert all(one == {"held because": ("not held", why, "remedies.yaml, link_failure")} for one in found.values())


def test_a_changed_meaning_of_an_alarm_takes_its_incidents_another_way(sample, tables):
    folder = tables("diagnosis", "{alarm: LINK_DOWN, type: link_failure,", "{alarm: LINK_DOWN, type: port_errors,")
    hit = {
        ticket
        for ticket, one in documents(sample, "TroubleReport").items()
        if any(each["alarm_code"] == "LINK_DOWN" for each in one["findings"])
    }
    found = changed_by(sample, folder)
    assert found.keys() == hit
    assert hit
    for one in found.values():
        assert one["type of problem"][0].startswith("link_failure")
        assert one["type of problem"][2].startswith("diagnosis.yaml, alarm LINK_DOWN")
        assert one["route"] == ("restoration", "minor", "remedies.yaml, port_errors")


def test_points_and_bands_of_significance_are_named(sample, tables):
    folder = tables("significance", "significant_from: 60", "significant_from: 31")
    scores = documents(sample, "CustomerSignificance")
    hit = {t for t, one in scores.items() if 31 <= one["score"] < 60 and one["band"] != "protected"}
    found = changed_by(sample, folder)
    assert found.keys() == hit
    for one in found.values():
        assert one["significance"][2] == "significance.yaml, significant_from and tie_break_from"
        assert one.get("re-prioritised", ("no", "yes"))[:2] == ("no", "yes")  # what is P1 already cannot be raised
    shutil.rmtree(folder)
    folder = tables("significance", "gold: 25", "gold: 20")
    named = {each[2] for one in changed_by(sample, folder).values() for each in [one["significance"]]}
    assert named == {"significance.yaml, service_class:gold (20 points)"}


def test_severities_that_are_no_errors_any_more_change_exactly_the_incidents_whose_service_layer_has_them(
    sample, tables
):
    folder = tables("diagnosis", "informational: [warning]", "informational: [warning, minor, major]")
    seen = documents(sample, "Investigation")
    hit = {
        ticket
        for ticket, one in seen.items()
        if any(each["severity"] in ("minor", "major") for each in one["alarms"]) and one["analyzable"]
    }
    found = sample.use_cases.replay.incidents(read_tables(folder))
    told = {one.ticket: {each.decision: each.would_be for each in one.changes} for one in found.changed}
    told |= {one.ticket: {"analysed by": "resource_provisioning"} for one in found.undecided}
    here = {ticket for ticket, one in told.items() if one.get("analysed by") == "resource_provisioning"}
    assert hit
    assert here == hit


def without_alarms(sample: Sample) -> None:
    """Leave the alarms out of every investigation, as releases before did."""
    with sample.use_cases.work.database.write() as connection:
        guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'documents'"
        for guard in connection.scalars(text(guards)).all():
            connection.execute(text(f'DROP TRIGGER "{guard}"'))
        rows = connection.execute(select(stored).where(stored.c.kind == "Investigation")).all()
        for row in rows:
            body = {name: value for name, value in json.loads(row.body).items() if name != "alarms"}
            connection.execute(stored.update().where(stored.c.id == row.id).values(body=json.dumps(body)))


def test_documents_without_alarms_are_decided_again_unless_other_severities_are_no_errors(
    built_sample, tables, tmp_path
):
    old = built_sample.again(tmp_path)
    without_alarms(old)
    assert not (same := old.use_cases.replay.incidents()).changed
    assert not same.undecided
    folder = tables("diagnosis", "informational: [warning]", "informational: [minor]")
    found = old.use_cases.replay.incidents(read_tables(folder))
    assert {one.ticket for one in found.undecided} == documents(old, "Investigation").keys()
    assert all("were not stored then" in one.why_not for one in found.undecided)


def test_what_nobody_looked_at_cannot_be_decided_again(sample, tables):
    folder = tables("diagnosis", "symptoms: [slow, poor_voice, packet_loss, other]}", "symptoms: [other]}")
    found = sample.use_cases.replay.incidents(read_tables(folder))
    assert found.undecided
    for one in found.undecided:
        assert "nobody checked the resources" in one.why_not


def sla(sample: Sample, *words: object, code: int = 0):
    url = str(sample.use_cases.work.database.engine.url)
    done = CliRunner().invoke(app, ["replay", *map(str, words)], env={"TELECO_DB_URL": url, "COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done.stdout if not code else done.output


def test_the_command_is_a_gate_for_decisions_that_were_not_meant_to_change(sample, tables, tmp_path):
    golden = tmp_path / "golden.json"
    golden.write_text(sla(sample, "--json"))
    assert "No incident would have gone another way." in sla(sample, "--golden", golden)
    folder = tables("priorities", "P1: PT1H", "P1: PT30M")
    told = sla(sample, "--policies", folder, "--golden", golden, code=1)
    assert "due " in told
    rows = list(csv.DictReader(io.StringIO(sla(sample, "--policies", folder, "--csv"))))
    assert {row["row"] for row in rows} == {"priorities.yaml, due P1"}
    assert (
        len({row["ticket"] for row in rows})
        == json.loads(sla(sample, "--policies", folder, "--json"))["rows"]["priorities.yaml, due P1"]
    )
    kept = json.loads(golden.read_text())
    kept["decisions"]["TT-999999"] = {"priority": "P1"}
    golden.write_text(json.dumps(kept))
    assert "TT-999999" in sla(sample, "--golden", golden, code=1)


def test_a_file_of_all_incidents_is_compared_with_those_of_a_time_alone(sample, tables, tmp_path):
    golden = tmp_path / "golden.json"
    golden.write_text(sla(sample, "--json"))
    number = len(json.loads(golden.read_text())["decisions"])
    told = sla(sample, "--golden", golden, "--from", "2030-01-01")
    assert "No incident would have gone another way." in told
    assert f"{number} incidents of the file were opened at another time and are not compared." in told
    folder = tables("priorities", "P1: PT1H", "P1: PT30M")
    late = ("--policies", folder, "--golden", golden, "--from", "2030-01-01")
    assert json.loads(sla(sample, *late, "--json"))["changed"] == []
    sla(sample, *late[:4], "--to", "2030-01-01", code=1)
    kept = json.loads(golden.read_text())
    kept["decisions"]["TT-999999"] = {"priority": "P1"}
    golden.write_text(json.dumps(kept))
    assert "TT-999999" in sla(sample, "--golden", golden, "--from", "2030-01-01", code=1)


def test_incidents_of_a_time_and_folders_that_hold_no_tables(sample, tmp_path):
    assert json.loads(sla(sample, "--from", "2030-01-01", "--json"))["incidents"] == 0
    assert json.loads(sla(sample, "--to", "2030-01-01", "--json"))["incidents"] == len(sample.tickets)
    assert "holds no business table" in sla(sample, "--policies", tmp_path, code=1)
    (tmp_path / "priority.yaml").write_text("version: x")
    assert "priority.yaml, which is no business table" in sla(sample, "--policies", tmp_path, code=1)
    (tmp_path / "golden.json").write_text("[]")
    assert "holds no decisions" in sla(sample, "--golden", tmp_path / "golden.json", code=1)

"""`sla import tickets` and `sla backlog`, as they are typed."""

import json

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.waiting_tickets import WAITING_TICKETS
from include.sla_logic.process.customer_service import enter_problem_report
from tests.backlog.logs import event, write_csv
from tests.hostile import FORGED_NAME, FORGED_NAME_SHOWN, KEPT, LINES, REFUSED
from tests.services.sample import conf


@pytest.fixture
def sla(use_cases, monkeypatch):
    monkeypatch.setenv("TELECO_DB_URL", use_cases.work.settings.database_url)

    def run(*words, given=None):
        return CliRunner().invoke(app, [str(word) for word in words], input=given)

    return run


@pytest.fixture
def airflow(httpserver, monkeypatch):
    monkeypatch.setenv("TELECO_AIRFLOW_URL", httpserver.url_for(""))
    monkeypatch.setenv("TELECO_AIRFLOW_TOKEN", "t0ken")
    assets = [{"id": 3, "name": f"{WAITING_TICKETS}_too"}, {"id": 7, "name": WAITING_TICKETS}]
    asked = {"name_pattern": WAITING_TICKETS, "limit": "200"}
    httpserver.expect_request("/api/v2/assets", query_string=asked).respond_with_json({"assets": assets})
    event_ = {"asset_id": 7, "extra": {}}
    httpserver.expect_request("/api/v2/assets/events", method="POST", json=event_).respond_with_json({"id": 1})
    return httpserver


def events_sent_to(airflow):
    return sum(request.method == "POST" for request, _ in airflow.log)


def test_what_is_entered_or_imported_to_wait_is_started_at_once_where_wanted(sla, airflow, tmp_path):
    assert sla("backlog", "enter", "-", given=json.dumps(conf(external_reference="A"))).stderr == ""
    assert events_sent_to(airflow) == 0
    answer = sla("backlog", "enter", "-", "--now", given=json.dumps(conf(external_reference="B")))
    assert (answer.exit_code, answer.stderr) == (0, "A run of sla_backlog takes them now.\n")
    assert events_sent_to(airflow) == 1
    assert sla("backlog", "enter", "-", "--now", given=json.dumps(conf(customer="C-9"))).exit_code == 3
    assert events_sent_to(airflow) == 1  # nothing new waits
    log = write_csv(tmp_path / "log.csv", [event("T", "acknowledged", "1 08:00")])
    assert sla("import", "tickets", log, "--now", "--dry-run").exit_code == 0
    assert events_sent_to(airflow) == 1
    assert json.loads(sla("import", "tickets", log, "--now", "--json").stdout)["waiting"] == 1
    assert events_sent_to(airflow) == 2


def test_an_airflow_that_knows_no_such_asset_is_named_and_what_was_entered_waits(sla, httpserver, monkeypatch):
    monkeypatch.setenv("TELECO_AIRFLOW_URL", httpserver.url_for(""))
    monkeypatch.setenv("TELECO_AIRFLOW_TOKEN", "t0ken")
    httpserver.expect_request("/api/v2/assets").respond_with_json({"assets": []})
    answer = sla("backlog", "enter", "-", "--now", given=json.dumps(conf()))
    assert answer.exit_code == 1
    assert "the tickets wait for the next run of sla_backlog" in answer.stderr
    assert json.loads(sla("backlog", "show", "--json").output)["waiting"]["ready"] == 1


def test_a_log_is_imported_and_the_rejected_are_told(sla, tmp_path):
    rows = [event("A", "acknowledged", "1 08:00"), event("B", "asleep", "1 08:00")]
    answer = sla("import", "tickets", write_csv(tmp_path / "log.csv", rows), "--format", "csv")
    assert answer.exit_code == 3
    assert (
        "2 rows, 2 tickets: 1 wait, 0 are history, 0 went on, 0 known already, 0 opened later, 1 rejected."
        in answer.output
    )
    assert "row 3, state: the mapping does not say what 'asleep' means" in answer.output


def test_a_servicenow_log_needs_no_more_than_its_format(sla, tmp_path):
    log = tmp_path / "log.csv"
    head = "number,incident_state,caller_id,opened_at,sys_updated_at,category,subcategory,u_symptom,impact,urgency"
    log.write_text(f"{head}\n1,New,9,29/2/2016 01:16,29/2/2016 01:23,55,?,72,2,2\n")
    answer = sla("import", "tickets", log, "--format", "servicenow", "--json")
    assert (answer.exit_code, json.loads(answer.output)["waiting"]) == (0, 1)


def test_what_a_log_holds_can_be_taken_for_new_reports_or_as_it_stood_at_a_moment(sla, tmp_path):
    log = write_csv(tmp_path / "log.csv", [event("A", "acknowledged", "1 08:00"), event("A", "closed", "1 10:00")])
    assert "0 wait, 0 are history" in sla("import", "tickets", log, "--until", "2026-10-01T00:00").output
    assert "1 wait, 0 are history" in sla("import", "tickets", log, "--reports-only").output


def test_the_backlog_is_listed_with_clocks_money_and_reasons(sla, tmp_path):
    rows = [event("A", "acknowledged", "1 08:00"), event("B", "acknowledged", "1 08:00", customer="C-9")]
    sla("import", "tickets", write_csv(tmp_path / "log.csv", rows))
    found = {line["reference"]: line for line in json.loads(sla("backlog", "list", "--json").output)}
    assert found["A"]["why"] is None
    assert found["A"]["seconds_left"] is not None
    assert found["B"]["why"] == "customer C-9 is not in the contract register"
    assert "TT-000001" in sla("backlog", "list", "--waiting").output
    assert "customer unknown" in sla("backlog", "show").output


def test_notifications_are_entered_line_by_line_and_the_bad_ones_do_not_stop_the_others(sla):
    lines = [
        json.dumps(conf(external_reference="WEB-1")),
        "{no json",
        json.dumps(conf(customer="C-9")),
        json.dumps(conf(external_reference="WEB-2")),
    ]
    answer = sla("backlog", "enter", "-", given="\n".join(lines))
    assert answer.exit_code == 3
    assert answer.output.count(" waits.") == 2
    assert json.loads(sla("backlog", "show", "--json").output)["waiting"]["ready"] == 2
    again = sla("backlog", "enter", "-", given=lines[0])
    assert (again.exit_code, again.output) == (0, "TT-000001 waits.\n")
    assert json.loads(sla("backlog", "show", "--json").output)["waiting"]["ready"] == 2


def test_without_a_terminal_an_import_prints_its_progress(sla, tmp_path, monkeypatch):
    from include.sla_logic.cli import progress as counting

    monkeypatch.setattr(counting, "EVERY", 0)
    rows = [event(f"P-{n}", "acknowledged", "1 08:00") for n in range(700)]
    answer = sla("import", "tickets", write_csv(tmp_path / "log.csv", rows))
    assert "Importing tickets: 500 of about 700 rows" in answer.stderr
    assert "Importing tickets: 700 of about 700 rows" in answer.stderr
    people = "".join(f"C-{n},Person {n}\n" for n in range(100, 1500))
    (tmp_path / "people.csv").write_text(f"id,name\n{people}")
    answer = sla("import", "customers", tmp_path / "people.csv")
    assert "Importing customers: 1000 of about 1400 rows" in answer.stderr
    assert answer.exit_code == 0


def test_the_mappings_of_tickets_are_listed_with_the_others(sla):
    answer = sla("import", "mappings")
    assert "telco_customers" in answer.output
    for name in ("servicenow", "vinst", "plain"):
        assert name in answer.output


def test_rejected_rows_of_any_import_are_in_quarantine_once_with_row_field_and_reason(sla, use_cases, tmp_path):
    file = tmp_path / "outages.csv"
    file.write_text(
        "service,reference,started_at,attribution\n"
        "S-1,O-1,2026-11-01T08:00:00+00:00,provider\n"
        "S-9,O-2,2026-11-01T08:00:00+00:00,provider\n"
        "S-1,O-3,yesterday,provider\n"
        "S-1,O-4\n"
    )
    for _ in range(2):
        answer = sla("import", "outages", file)
        assert answer.exit_code == 3
    kept = sorted(use_cases.quarantine.entries(), key=lambda entry: entry.run_id)
    assert [(entry.run_id, entry.field, entry.origin) for entry in kept] == [
        ("import.outages.outages.csv.row-3", ".service", "import of outages"),
        ("import.outages.outages.csv.row-4", ".started_at", "import of outages"),
        ("import.outages.outages.csv.row-5", ".row", "import of outages"),
    ]
    assert "S-9 is not known (row 3)" in kept[0].reason
    assert json.loads(kept[1].body)["rows"][0]["started_at"] == "yesterday"


def test_another_notification_under_a_known_reference_is_refused_and_told_what_became_of_the_first(sla, use_cases):
    first = json.dumps(conf(external_reference="WEB-1"))
    assert sla("backlog", "enter", "-", given=first).output == "TT-000001 waits.\n"
    other = sla("backlog", "enter", "-", given=json.dumps(conf(external_reference="WEB-1", symptom="other")))
    assert other.exit_code == 3
    assert "WEB-1 is processed already, as ticket TT-000001 by run incident.WEB-1, with another" in other.stderr
    use_cases.incidents.perform(enter_problem_report, run_id="incident.WEB-1")
    again = sla("backlog", "enter", "-", given=first)
    assert (again.exit_code, again.output) == (0, "It is processed already as TT-000001 by run incident.WEB-1.\n")


def test_every_line_break_but_one_may_stand_in_a_notification(sla, tmp_path):
    file = tmp_path / "lines.jsonl"
    bodies = [conf(external_reference=f"WEB-{i}", description=f"a{sep}b") for i, sep in enumerate("\r\n\t")]
    file.write_bytes(b"\xef\xbb\xbf" + b"\r\n".join(json.dumps(body).encode() for body in bodies))
    answer = sla("backlog", "enter", file)
    assert (answer.exit_code, answer.output.count(" waits.")) == (0, 3)
    separated = json.dumps(conf(description="a\u2028b\x85c"), ensure_ascii=False).encode()
    file.write_bytes(separated)
    assert sla("backlog", "enter", file).output == "TT-000004 waits.\n"


def test_all_that_is_hostile_is_refused_line_by_line_in_one_line_each_and_kept(sla, use_cases, tmp_path):
    lines = [json.dumps(conf() | case.changes).encode() for case in REFUSED] + list(LINES.values())
    good = [json.dumps(conf(external_reference=f"OK-{i}") | case.changes).encode() for i, case in enumerate(KEPT)]
    file = tmp_path / "lines.jsonl"
    file.write_bytes(b"\n".join(lines + good))
    answer = sla("backlog", "enter", file)
    assert answer.exit_code == 3
    assert answer.stdout.count(" waits.") == len(KEPT)
    told = answer.stderr.splitlines()
    assert [line.partition(":")[0] for line in told] == [f"line {n}" for n in range(1, len(lines) + 1)]
    assert all(line.isprintable() for line in told)
    assert len(use_cases.quarantine.entries(limit=1000)) == len(lines)


def test_a_field_name_writes_no_line_of_its_own(sla):
    answer = sla("backlog", "enter", "-", given=json.dumps(conf() | {FORGED_NAME: 1}))
    [line] = answer.stderr.splitlines()
    assert line.startswith(f"line 1: .{FORGED_NAME_SHOWN}: ")

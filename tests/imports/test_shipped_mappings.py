"""Shipped mappings read what their tools write: open problems, recoveries, duplicates, changes of the clocks."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from include.sla_logic.importers import KINDS, ImportReport, plain_mapping, read_mapping, shipped_mappings
from include.sla_logic.importers.mapping import FOLDER
from include.sla_logic.importers.sniffing import sniff
from include.sla_logic.importers.tickets import TicketImport, read_ticket_mapping
from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.services.sample import open_use_cases

NOW = datetime(2026, 11, 30, tzinfo=UTC)
TOOLS = ("nagios_history", "prometheus", "ripe_atlas_ping", "statuspage", "zabbix_history", "zabbix_problems")
MARCH = 1774746000  # 2026-03-29 01:00 UTC: the clocks of Europe go forward
OCTOBER = 1792890000  # 2026-10-25 01:00 UTC: they go back


class Tools:
    """Imports files of tools into one register of services, and keeps nothing."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.use_cases: UseCases = open_use_cases(f"sqlite:///{home / 'teleco.db'}", home, Clock(NOW))
        names = ("S-1001", "ATLAS-165", "API", "Console", "PING", "HTTP")
        rows = "".join(f"{name},{name}\n" for name in names)
        report = self.of_text("services", f"id,name\n{rows}", None, "services.csv", keep=True)
        assert report.added == len(names)

    def of_text(self, kind: str, text: str, mapping: str | None, name: str, *, keep: bool = False) -> ImportReport:
        file = self.home / name
        file.write_text(text, "utf-8")
        return self.of_file(kind, file, mapping, keep=keep)

    def of_file(self, kind: str, file: Path, mapping: str | None, *, keep: bool = False) -> ImportReport:
        used = read_mapping(mapping) if mapping else plain_mapping(kind, KINDS[kind].record.model_fields)
        report = self.use_cases.imports.records(
            file, kind=kind, mapping=used, as_of=date(2026, 11, 30), progress=lambda _rows: None, dry_run=not keep
        )
        assert report.adds_up()
        return report

    def tickets(self, text: str, mapping: str) -> list[dict[str, Any]]:
        file = self.home / "tickets.json"
        file.write_text(text, "utf-8")
        work = TicketImport(mapping=read_ticket_mapping(mapping), source=mapping)
        report = self.use_cases.imports.tickets(file, work, progress=lambda _rows: None, dry_run=True)
        assert report.rejected == []
        return [{"waiting": report.waiting, "history": report.history}, *report.first]


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return Tools(tmp_path_factory.mktemp("tools"))


def shown(report: ImportReport, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(record.get(name) for name in names) for record in report.first]


def test_every_shipped_mapping_of_a_tool_names_the_tool_s_own_description() -> None:
    assert set(TOOLS) <= set(shipped_mappings())
    for name in [*TOOLS, "tickets/jira", "tickets/servicenow", "tickets/zammad"]:
        assert "https://" in (FOLDER / f"{name}.yaml").read_text("utf-8").partition("title:")[0]


def lines(*rows: dict[str, Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def problem(event: int, clock: int, host: str = "S-1001") -> dict[str, Any]:
    hosts = [{"host": host, "name": host}]
    return {"clock": clock, "ns": 1, "value": 1, "eventid": event, "name": "Unavailable", "severity": 4, "hosts": hosts}


def recovery(event: int, clock: int, of: int) -> dict[str, Any]:
    return {"clock": clock, "ns": 2, "value": 0, "eventid": event, "p_eventid": of}


def test_zabbix_problems_meet_their_recoveries_whatever_the_order(tools: Tools) -> None:
    rows = [
        recovery(43, MARCH + 1800, 42),  # before its problem
        problem(42, MARCH - 1800),  # over the change of the clocks
        problem(42, MARCH - 1800),  # twice
        problem(44, OCTOBER),  # still open
        recovery(46, OCTOBER, 45),  # of what began before the file
    ]
    report = tools.of_text("outages", lines(*rows), "zabbix_problems", "problems.ndjson")
    assert shown(report, "reference", "started_at", "ended_at") == [
        ("ZABBIX-42", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"),
        ("ZABBIX-44", "2026-10-25T01:00:00Z", None),
    ]
    assert [str(one) for one in report.rejected] == ["row 5, key: closes what no row of the file opens"]
    assert report.warnings[0].startswith("1 outage has no end")


def test_a_zabbix_recovery_that_lies_before_its_problem_is_refused(tools: Tools) -> None:
    report = tools.of_text(
        "outages", lines(problem(1, MARCH), recovery(2, MARCH - 60, 1)), "zabbix_problems", "p.ndjson"
    )
    assert [str(one) for one in report.rejected] == ["row 1, row: ended_at lies before started_at"]


def test_zabbix_history_is_silent_where_nothing_came_back(tools: Tools) -> None:
    host = {"host": {"host": "S-1001", "name": "S-1001"}, "itemid": 1, "name": "ICMP response time", "type": 0}
    rows = [host | {"clock": MARCH + 13 + 60 * n, "ns": 5, "value": value} for n, value in enumerate((0.0184, 0, 0.02))]
    report = tools.of_text("samples", lines(*rows, rows[0] | {"name": "CPU"}), "zabbix_history", "history.ndjson")
    assert shown(report, "metric", "value") == [("latency", "18.4000"), ("latency", None), ("latency", "20.00")]
    assert report.passed == {"name CPU": 1}
    assert report.coverage == ["S-1001 latency: 2 of 3 steps (66 %), 2026-03-29T01:00:00Z to 2026-03-29T01:03:00Z"]


def test_nagios_states_are_outages_by_host_and_service(tools: Tools) -> None:
    rows = [
        (OCTOBER + 120, "PING", "OK", "HARD"),  # newest first
        (OCTOBER + 60, "PING", "CRITICAL", "HARD"),  # still
        (OCTOBER, "PING", "CRITICAL", "HARD"),
        (OCTOBER, "PING", "CRITICAL", "HARD"),  # twice
        (OCTOBER - 60, "PING", "CRITICAL", "SOFT"),  # not yet confirmed
        (OCTOBER, "HTTP", "CRITICAL", "HARD"),  # still open
    ]
    text = "".join(f"{at},cpe-7,{service},{state},{type_},3,lost\n" for at, service, state, type_ in rows)
    report = tools.of_text("outages", f"time,host,service,state,type,attempt,output\n{text}", "nagios_history", "n.csv")
    assert shown(report, "service", "started_at", "ended_at") == [
        ("PING", "2026-10-25T01:00:00Z", "2026-10-25T01:02:00Z"),
        ("HTTP", "2026-10-25T01:00:00Z", None),
    ]
    assert (report.joined, report.passed) == (3, {"type SOFT": 1})


def test_a_nagios_recovery_of_what_was_up_closes_nothing_over_the_change_of_the_clocks(tools: Tools) -> None:
    rows = [(MARCH - 1800, "OK"), (MARCH - 1200, "CRITICAL"), (MARCH + 1200, "WARNING")]
    text = "".join(f"{at},cpe-7,PING,{state},HARD,3,lost\n" for at, state in rows)
    report = tools.of_text("outages", f"time,host,service,state,type,attempt,output\n{text}", "nagios_history", "n.csv")
    assert shown(report, "started_at", "ended_at") == [("2026-03-29T00:40:00Z", "2026-03-29T01:20:00Z")]
    assert (report.rejected, report.warnings) == ([], ["1 rows end what no row of the file begins."])


def incident(name: str, **other: Any) -> dict[str, Any]:
    components = [{"id": "c1", "name": "API"}, {"id": "c2", "name": "Console"}]
    return {
        "id": name, "name": "API errors", "impact": "major", "created_at": "2026-10-25T02:30:00.000+02:00",
        "started_at": "2026-10-25T02:30:00.000+02:00", "resolved_at": "2026-10-25T02:30:00.000+01:00",
        "components": components,
    } | other  # fmt: skip


def test_statuspage_incidents_are_outages_of_each_component(tools: Tools) -> None:
    page = {"page": {"id": "p"}, "incidents": [incident("i1"), incident("i1"), incident("i2", resolved_at=None)]}
    report = tools.of_text("outages", json.dumps(page, indent=1), "statuspage", "incidents.json")
    assert shown(report, "service", "reference", "started_at", "ended_at")[0] == (
        "API",
        "i1",
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:30:00Z",
    )
    assert (report.added, report.repeated, report.further) == (4, 2, 3)
    assert report.warnings[0].startswith("2 outages have no end")


def test_a_statuspage_incident_that_ends_before_it_begins_is_refused(tools: Tools) -> None:
    wrong = incident("i1", resolved_at="2026-10-25T02:29:00.000+02:00", components=[{"id": "c1", "name": "API"}])
    report = tools.of_text(
        "outages", json.dumps({"incidents": [wrong, incident("i2")]}), "statuspage", "incidents.json"
    )
    assert [str(one) for one in report.rejected] == ["row 1, row: ended_at lies before started_at"]
    assert report.added == 2


def test_prometheus_values_go_to_the_step_that_they_were_scraped_in(tools: Tools) -> None:
    values = [[1762070400 + 13.781 + 60 * n, value] for n, value in enumerate("11001")]
    result = [{"metric": {"__name__": "probe_success", "service": "S-1001"}, "values": values}]
    answer = {"status": "success", "data": {"resultType": "matrix", "result": result}}
    report = tools.of_text("samples", json.dumps(answer), "prometheus", "prom.json")
    assert shown(report, "metric", "value") == [("success_rate", str(int(value) * 100)) for value in "11001"]
    assert report.coverage[0].startswith("S-1001 success_rate: 5 of 5 steps (100 %), 2025-11-02T08:00:00Z")


def test_prometheus_gives_each_step_once_whatever_the_order_and_the_clocks(tools: Tools) -> None:
    values = [[MARCH + 60 * n, value] for n, value in ((2, "1"), (0, "0"), (-1, "1"), (1, "0"), (1, "0"), (3, "0"))]
    # up before it was down, a step twice, down at the end
    result = [{"metric": {"service": "S-1001"}, "values": values}]
    report = tools.of_text("samples", json.dumps({"data": {"result": result}}), "prometheus", "prom.json")
    assert sorted((at[11:16], value) for at, value in shown(report, "at", "value")) == [
        ("00:59", "100"), ("01:00", "0"), ("01:01", "0"), ("01:01", "0"), ("01:02", "100")
    ]  # fmt: skip
    assert (report.added, report.repeated, report.rejected) == (5, 1, [])
    assert report.coverage == [
        "S-1001 success_rate: 5 of 5 steps (100 %), 2026-03-29T00:59:00Z to 2026-03-29T01:04:00Z"
    ]


def test_servicenow_updates_are_one_ticket_and_one_closed_before_it_was_new_is_refused(tools: Tools) -> None:
    def update(number: str, state: str, at: str) -> str:
        return f"{number},{state},29/03/2026 00:30,{at},Ada,S-1001,Line,down,2,1\n"

    head = "number,incident_state,opened_at,sys_updated_at,caller_id,category,subcategory,u_symptom,impact,urgency\n"
    text = head + "".join((
        update("INC1", "New", "29/03/2026 00:30"),
        update("INC2", "New", "29/03/2026 00:30"),
        update("INC3", "Closed", "29/03/2026 03:15"),
        update("INC3", "New", "29/03/2026 00:30"),  # after what closes it
        update("INC1", "In Progress", "29/03/2026 01:15"),
        update("INC1", "In Progress", "29/03/2026 01:15"),  # twice
        update("INC2", "On Hold", "29/03/2026 02:45"),  # still open
        update("INC1", "Closed", "29/03/2026 03:15"),
    ))  # fmt: skip
    file = tools.home / "audit.csv"
    file.write_text(text, "utf-8")
    work = TicketImport(mapping=read_ticket_mapping("servicenow"), source="servicenow")
    report = tools.use_cases.imports.tickets(file, work, progress=lambda _rows: None, dry_run=True)
    assert ["lies before 2026-03-29T03:15" in one.reason for one in report.rejected] == [True]
    first, second = report.first
    assert (first["external_reference"], second["external_reference"]) == ("SN-INC1", "SN-INC2")
    assert (first["observed_from"], first["observed_to"]) == ("2026-03-29T00:30:00Z", "2026-03-29T03:15:00Z")
    assert (report.waiting, report.history) == (1, 1)


def test_a_jira_issue_that_stands_twice_is_one_and_one_resolved_before_it_was_created_is_refused(tools: Tools) -> None:
    def issue(key: str, resolved: str) -> dict[str, Any]:
        fields = {
            "created": "2026-10-25T02:30:00.000+0200", "updated": "2026-10-25T02:50:00.000+0100",
            "resolutiondate": resolved, "status": {"name": "Done"}, "summary": "Line down",
            "reporter": {"displayName": "Ada"}, "components": [{"name": "S-1001"}], "priority": {"name": "High"},
        }  # fmt: skip
        return {"key": key, "fields": fields}

    file = tools.home / "issues.json"
    later, before = "2026-10-25T02:30:00.000+0100", "2026-10-25T02:29:00.000+0200"
    file.write_text(json.dumps({"issues": [issue("A-1", later), issue("A-2", before), issue("A-1", later)]}), "utf-8")
    work = TicketImport(mapping=read_ticket_mapping("jira"), source="jira")
    report = tools.use_cases.imports.tickets(file, work, progress=lambda _rows: None, dry_run=True)
    [first] = report.first
    assert (first["observed_from"], first["observed_to"]) == ("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")
    assert len(report.rejected) == 1
    assert "A-2" in str(report.rejected[0]) or report.rejected[0].row == 2


def test_ripe_atlas_says_that_nothing_came_back_by_minus_one(tools: Tools) -> None:
    results = [
        {"prb_id": 165, "timestamp": 1762070400 + 240 * n + 7, "avg": avg, "rcvd": rcvd, "sent": 3}
        for n, (avg, rcvd) in enumerate(((20.126, 3), (-1, 0), (20.126, 2)))
    ]
    report = tools.of_text("samples", json.dumps(results), "ripe_atlas_ping", "atlas.json")
    assert shown(report, "metric", "value")[:4] == [
        ("latency", "20.126"), ("success_rate", "100"), ("latency", None), ("success_rate", "0")
    ]  # fmt: skip
    assert report.rejected == []


def test_ripe_atlas_gives_each_result_once_whatever_the_order_and_the_clocks(tools: Tools) -> None:
    results = [
        {"prb_id": 165, "timestamp": MARCH + 240 * n + 7, "avg": avg, "rcvd": rcvd, "sent": 3}
        for n, avg, rcvd in ((1, 20.5, 3), (0, -1, 0), (0, -1, 0), (-1, 20.5, 3), (2, -1, 0))  # down at the end
    ]
    report = tools.of_text("samples", json.dumps(results), "ripe_atlas_ping", "atlas.json")
    assert (report.added, report.repeated, report.rejected) == (8, 2, [])
    assert report.coverage == [
        "ATLAS-165 latency: 2 of 4 steps (50 %), 2026-03-29T00:56:00Z to 2026-03-29T01:12:00Z",
        "ATLAS-165 success_rate: 4 of 4 steps (100 %), 2026-03-29T00:56:00Z to 2026-03-29T01:12:00Z",
    ]


def zammad(number: str, closed: str | None, state: str = "closed") -> dict[str, Any]:
    return {
        "number": number, "title": "Line down", "state": state, "priority": "2 normal", "group": "S-1001",
        "customer": "ada@example.org", "close_at": closed, "created_at": "2026-03-29T00:30:00.000Z",
        "updated_at": "2026-03-29T01:45:00.000Z",
    }  # fmt: skip


def test_a_zammad_ticket_that_stands_twice_is_one_and_one_closed_before_it_was_created_is_refused(
    tools: Tools,
) -> None:
    closed, before = zammad("1", "2026-03-29T01:30:00.000Z"), zammad("2", "2026-03-29T00:29:00.000Z")
    file = tools.home / "zammad.json"
    file.write_text(json.dumps([closed, before, closed, zammad("3", None, "open")]), "utf-8")
    work = TicketImport(mapping=read_ticket_mapping("zammad"), source="zammad")
    report = tools.use_cases.imports.tickets(file, work, progress=lambda _rows: None, dry_run=True)
    assert (report.history, report.waiting, len(report.rejected)) == (1, 1, 1)
    assert report.rejected[0].row == 2
    first, second = report.first
    assert (first["observed_from"], first["observed_to"]) == ("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z")
    assert (second["external_reference"], second.get("observed_to")) == ("ZAMMAD-3", None)


def test_jira_and_zammad_tickets_wait_or_are_history(tools: Tools) -> None:
    def issue(key: str, status: str, resolved: str | None) -> dict[str, Any]:
        fields = {
            "created": "2026-03-29T01:59:00.000+0100", "updated": "2026-03-29T03:30:00.000+0200",
            "resolutiondate": resolved, "status": {"name": status}, "summary": "Line down",
            "reporter": {"displayName": "Ada Byron"}, "components": [{"name": "S-1001"}], "priority": {"name": "High"},
        }  # fmt: skip
        return {"key": key, "fields": fields}

    issues = [issue("SD-1", "Done", "2026-03-29T03:01:00.000+0200"), issue("SD-2", "Waiting for customer", None)]
    counts, first, second = tools.tickets(json.dumps({"issues": issues}), "jira")
    assert counts == {"waiting": 1, "history": 1}
    assert (first["customer"], first["service"], first["urgency"]) == ("Ada-Byron", "S-1001", 1)
    assert (first["observed_from"], first["observed_to"]) == ("2026-03-29T00:59:00Z", "2026-03-29T01:01:00Z")
    assert second["external_reference"] == "JIRA-SD-2"
    ticket = {
        "number": "22001", "title": "Line down", "state": "open", "priority": "3 high", "group": "S-1001",
        "customer": "ada@example.org", "close_at": None, "created_at": "2026-11-03T11:51:13.759Z",
        "updated_at": "2026-11-03T11:51:13.809Z",
    }  # fmt: skip
    counts, first = tools.tickets(json.dumps([ticket]), "zammad")
    assert (counts["waiting"], first["external_reference"], first["urgency"]) == (1, "ZAMMAD-22001", 1)


@pytest.mark.parametrize(
    ("name", "kind", "mapping", "added"),
    [
        ("prom.json", "samples", "prometheus", 5),
        ("zabbix.ndjson", "outages", "zabbix_problems", 1),
        ("nagios.csv", "outages", "nagios_history", 1),
    ],
)
def test_monitoring_exports_come_in_right(
    tools: Tools, shared_data: Path, name: str, kind: str, mapping: str, added: int
) -> None:
    report = tools.of_file(kind, shared_data / "monitoring_exports" / name, mapping)
    assert (report.added, report.rejected, report.warnings) == (added, [], [])
    if kind == "outages":
        minutes = {"zabbix.ndjson": 2, "nagios.csv": 40}[name]
        start, end = (datetime.fromisoformat(moment) for moment in shown(report, "started_at", "ended_at")[0])
        assert (end - start).total_seconds() // 60 == minutes


def test_samples_of_a_poller_that_is_never_on_the_grid_come_in_where_the_mapping_aligns_them(
    tools: Tools, shared_data: Path
) -> None:
    mapping = tools.home / "prom_off.yaml"
    text = """
title: flattened
sections:
  samples:
    align: {align}
    tolerance_seconds: {tolerance}
    columns: {{service: service, at: {{column: time, format: epoch}}}}
    series:
      - {{metric: success_rate, unit: percent, from: {{column: value, multiply: 100}}, step_seconds: 60}}
"""
    mapping.write_text(text.format(align="nearest", tolerance=15))
    file = shared_data / "monitoring_exports" / "prom_off.jsonl"
    report = tools.of_file("samples", file, str(mapping))
    assert (report.added, len(report.rejected)) == (5, 0)
    mapping.write_text(text.format(align="floor", tolerance=10))
    report = tools.of_file("samples", file, str(mapping))
    assert "is off the grid of 60 s by 13 s, and at most 10 s are allowed" in report.rejected[0].reason


GERMAN = "Bericht Oktober\r\n\r\nLeitung;Beginn;Ende;Ursache\r\nS-1001;25.10.2026 04:00;25.10.2026 05:30;Störung\r\n"


@pytest.mark.parametrize(
    ("name", "data", "start", "end"),
    [
        ("german.csv", GERMAN.encode("cp1252"), "2026-10-25T04:00:00Z", "2026-10-25T05:30:00Z"),
        ("epoch.csv", b"host,start,end\nS-1001,1791187200000,1791190800000\n", "2026-10-05T08:00:00Z", "2026-10-05T09"),
        ("serial.csv", b"line\tbegin\tend\nS-1001\t46300.3333\t46300.375\n", "2026-10-05T08:00:00Z", "2026-10-05T09"),
        (
            "page.json",
            b'{"data": {"events": [{"host": "S-1001", "down": "2026-10-05T08:00:00Z", "duration": "PT1H"}]}}',
            "2026-10-05T08:00:00Z",
            "",
        ),
    ],
)
def test_a_proposed_mapping_reads_the_file_that_it_was_proposed_for(
    tools: Tools, name: str, data: bytes, start: str, end: str
) -> None:
    file, mapping = tools.home / name, tools.home / f"{name}.yaml"
    file.write_bytes(data)
    mapping.write_text(sniff(file).text(), "utf-8")
    report = tools.of_file("outages", file, str(mapping))
    assert report.rejected == []
    [found] = shown(report, "service", "started_at", "ended_at")
    assert (found[0], found[1]) == ("S-1001", start)
    assert str(found[2] or "").startswith(end)


def test_a_proposal_names_a_shipped_mapping_and_what_it_is_unsure_of(tools: Tools) -> None:
    file = tools.home / "states.csv"
    file.write_text("time,host,service,state,type,attempt,output\n1792890000,cpe-7,PING,OK,HARD,3,fine\n")
    proposal = sniff(file)
    assert proposal.shipped == ["nagios_history"]
    assert any("no column seems to be the end" in one for one in proposal.unsure)

"""Histories of real operators come in through mapping files, and are judged from the database."""

import gzip
import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain import spans
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.services import UseCases
from include.sla_logic.settings import Settings

CONTRACTS = Path(__file__).parents[2] / "include" / "sla_logic" / "importers" / "contracts"
LATER = datetime(2025, 2, 1, tzinfo=UTC)


class Register:
    """A database with the trial contracts, filled by the command."""

    def __init__(self, folder):
        self.file, self.folder = folder / "teleco.db", folder
        self.url = f"sqlite:///{self.file}"
        assert self.sla("database", "migrate").exit_code == 0
        assert self.sla("load", "contracts", CONTRACTS).exit_code == 0
        self.use_cases = UseCases(Settings(self.url, folder / "letters"))

    def sla(self, *words):
        return CliRunner().invoke(app, [str(word) for word in words], env={"TELECO_DB_URL": self.url})

    def bring(self, path, mapping, *kinds):
        """Import these kinds; return what the last import reported and the rows that it rejected."""
        for kind in kinds:
            done = self.sla("import", kind, path, "--mapping", mapping, "--json")
            assert done.exit_code in (0, 3), done.output
        return json.loads(done.stdout)

    def count(self, query):
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(query).fetchone()[0]


@pytest.fixture
def register(tmp_path):
    return Register(tmp_path)


def lines(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def seconds(text):
    return to_seconds(datetime.fromisoformat(text))


def test_a_status_history_is_judged_per_component_and_quarter(register, shared_data):
    path = shared_data / "github_status" / "incidents_dev.jsonl.gz"
    register.bring(path, "github_incidents", "customers", "agreements")
    report = register.bring(path, "github_incidents", "outages")
    register.bring(path, "github_incidents", "maintenance")
    incidents = lines(path)
    harmful = [i for i in incidents if i["impact"] in ("minor", "major", "critical")]
    assert report["added"] == sum(len(i.get("components") or []) for i in harmful)
    assert report["passed_over"] == len(incidents) - len(harmful)
    assert len(report["rejected"]) == sum(not i.get("components") for i in harmful) > 0
    assert register.count("SELECT count(*) FROM outages WHERE started_at = ended_at") > 0
    breached = 0
    for quarter, end in (("2023-01-01", "2023-04-01"), ("2024-04-01", "2024-07-01")):
        window = (seconds(f"{quarter}T00:00:00Z"), seconds(f"{end}T00:00:00Z"))
        for component, service in (("Actions", "GH-ACTIONS"), ("Git Operations", "GH-GIT"), ("Copilot", "GH-COPILOT")):
            judged = register.use_cases.sla_status.assess(
                service, at=datetime.fromisoformat(f"{quarter}T12:00Z"), as_of=LATER
            )
            counted = _down(incidents, component, window)
            assert judged.objectives[0].counted_seconds == counted
            uptime = 100 - Fraction(100 * counted, window[1] - window[0])
            share = 0 if uptime > Fraction("99.9") else 10 if uptime > 99 else 25
            assert judged.credit_due.amount == Decimal(3000) * share / 100
            breached += share > 0
    assert breached > 0


def _down(incidents, component, window):
    def of(*impacts):
        mine = [i for i in incidents if component in (i.get("components") or []) and i["impact"] in impacts]
        return [(seconds(i["downtime_start"]), seconds(i["downtime_end"])) for i in mine]

    left = spans.subtract(of("minor", "major", "critical"), of("maintenance"))
    return spans.total(spans.clip(left, window))


def test_the_rejected_rows_of_a_status_history_are_named_and_the_file_again_changes_nothing(register, shared_data):
    path = shared_data / "github_status" / "incidents_dev.jsonl.gz"
    register.bring(path, "github_incidents", "customers", "agreements")
    first = register.bring(path, "github_incidents", "outages")
    again = register.sla("import", "outages", path, "--mapping", "github_incidents")
    assert again.exit_code == 3
    assert f"0 outages added, 0 changed, {first['added']} known already" in again.stdout
    assert "components: names nothing that the row belongs to" in again.stderr


def test_downtime_windows_without_components_are_one_service(register, shared_data):
    path = shared_data / "github_status" / "downtime_windows_dev.csv.gz"
    report = register.bring(path, "github_windows", "customers", "agreements", "outages")
    assert (report["rejected"], report["added"]) == ([], 376)
    judged = register.use_cases.sla_status.assess("GH-WHOLE", at=datetime(2024, 5, 1, tzinfo=UTC), as_of=LATER)
    with gzip.open(path, "rt", encoding="utf-8") as file:
        rows = [line.rstrip("\n").split(",") for line in file][1:]
    down = [(seconds(row[1]), seconds(row[2])) for row in rows if row[-1] in ("minor", "major", "critical")]
    window = judged.window.span
    assert judged.objectives[0].counted_seconds == spans.total(spans.clip(spans.merge(down), window))


@pytest.mark.more
def test_notices_keep_both_bounds_and_money_uses_the_shortest(register, shared_data):
    path = shared_data / "shaw_isp_outages" / "outages_dev.jsonl.gz"
    report = register.bring(path, "outage_notices", "customers", "agreements", "outages")
    notices = lines(path)
    assert (report["rejected"], report["rows"]) == ([], len(notices))
    assert report["added"] == sum(len(n["regions"]) for n in notices)
    assert register.count("SELECT count(DISTINCT reference) FROM outages WHERE ended_at IS NULL") == 361
    judged = register.use_cases.sla_status.assess(
        "SHAW-MANITOBA", at=datetime(2022, 3, 15, tzinfo=UTC), as_of=datetime(2023, 7, 1, tzinfo=UTC)
    )
    short, long = _bounds([n for n in notices if "manitoba" in n["regions"]], to_seconds(judged.as_of))
    [found] = judged.objectives
    assert found.counted_seconds == spans.total(spans.clip(spans.merge(short), judged.window.span))
    assert found.counted_at_most == spans.total(spans.clip(spans.merge(long), judged.window.span))
    assert found.counted_seconds < found.counted_at_most
    assert judged.needs_approval is bool(judged.credit_due)


def _bounds(notices, now):
    """Return the shortest and the longest reading of each notice; one seen open after its end has no bound."""
    short, long = [], []
    for notice in notices:
        first, resolved = seconds(notice["first_seen"]), notice["first_resolved_seen"]
        before = seconds(notice["not_seen_before"] or notice["first_seen"])
        unresolved = seconds(notice["last_unresolved_seen"] or notice["first_seen"])
        end = now if resolved is None else seconds(resolved)
        surely = min(unresolved, end)
        short.append((first, max(first, surely)))
        long.append((before, end))
    return short, long


@pytest.mark.more
def test_notices_that_share_an_incident_number_stay_apart(register, shared_data):
    path = shared_data / "shaw_isp_outages" / "outages_dev.jsonl.gz"
    register.bring(path, "outage_notices", "customers", "agreements", "outages")
    numbers = [n["reference_number"] for n in lines(path) if n["reference_number"]]
    assert len(set(numbers)) < len(numbers)
    assert register.count("SELECT count(DISTINCT reference) FROM outages") == len(lines(path))


def notice(**other):
    return {
        "outage_id": "1",
        "regions": ["manitoba"],
        "title": "Down",
        "not_seen_before": "2022-02-28T23:00:00Z",
        "first_seen": "2022-03-01T00:00:00Z",
        "last_unresolved_seen": None,
        "first_resolved_seen": None,
    } | other


def test_an_unknown_entry_of_a_list_does_not_lose_the_known_ones(register, tmp_path):
    path = tmp_path / "notices.jsonl"
    path.write_text(json.dumps(notice()), "utf-8")
    register.bring(path, "outage_notices", "customers", "agreements")
    path.write_text(json.dumps(notice(regions=["atlantis", "manitoba"])), "utf-8")
    report = register.bring(path, "outage_notices", "outages")
    assert (report["rows"], report["further"], report["added"]) == (1, 1, 1)
    named = {"row": 1, "field": "service", "value": "atlantis, manitoba"}
    assert report["rejected"] == [named | {"reason": "atlantis is not known"}]
    assert report["warnings"][0] == "1 outage has no end: down until now, until an end is imported."


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"regions": []}, "regions: names nothing"),
        ({"regions": None}, "regions: names nothing"),
        ({"regions": [["manitoba"]]}, "regions: is not a single value"),
        ({"regions": ["atlantis"]}, "service: atlantis is not known"),
        ({"not_seen_before": "2022-03-02T00:00:00Z"}, "started_after lies after started_at"),
        ({"first_resolved_seen": "2022-02-01T00:00:00Z"}, "ended_at lies before started_at"),
    ],
)
def test_a_notice_that_cannot_be_right_is_rejected_whole_with_its_reason(register, tmp_path, row, reason):
    path = tmp_path / "notices.jsonl"
    path.write_text(json.dumps(notice()), "utf-8")
    register.bring(path, "outage_notices", "customers", "agreements")
    path.write_text(json.dumps(notice(**row)), "utf-8")
    report = register.sla("import", "outages", path, "--mapping", "outage_notices")
    assert report.exit_code == 3
    assert reason in report.stderr
    assert register.count("SELECT count(*) FROM outages") == 0

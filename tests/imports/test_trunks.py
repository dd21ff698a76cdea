"""An outage of a trunk reaches each service that runs on it by the topology, once, and names where it came from."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from include.sla_logic.importers import KINDS, ImportReport, plain_mapping, read_mapping
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.services.sample import open_use_cases

MAPPING = """
title: outages of lines and trunks
sections:
  outages:
    trunks: {trunks}
    columns:
      service: service
      reference: {{column: reference, optional: true}}
      started_at: started_at
      ended_at: {{column: ended_at, optional: true}}
      cause: {{column: cause, optional: true}}
"""
PLACES = [("L-A", "R-1"), ("L-A", "R-2"), ("L-B", "R-1"), ("L-B", "R-2"), ("L-C", "R-1"), ("L-X", "R-9")]
PLACES += [("T-1", "R-1"), ("T-12", "R-1"), ("T-12", "R-2")]
ROW = {"service": "T-1", "reference": "TR-1", "started_at": "2026-11-05T08:00:00Z", "ended_at": "2026-11-05T11:00:00Z"}
Bring = Callable[..., ImportReport]


@pytest.fixture
def use_cases(tmp_path: Path) -> UseCases:
    return open_use_cases(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path, Clock(datetime(2026, 11, 30, tzinfo=UTC)))


@pytest.fixture
def bring(use_cases: UseCases, tmp_path: Path) -> Bring:
    def imported(rows: list[dict[str, Any]], kind: str = "outages", trunks: str = "true") -> ImportReport:
        file = tmp_path / f"{kind}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        (tmp_path / "mapping.yaml").write_text(MAPPING.format(trunks=trunks), "utf-8")
        plain = plain_mapping(kind, KINDS[kind].record.model_fields)
        used = read_mapping(str(tmp_path / "mapping.yaml")) if kind == "outages" else plain
        report = use_cases.imports.records(
            file, kind=kind, mapping=used, as_of=date(2026, 11, 30), progress=lambda _: None
        )
        assert report.adds_up()
        return report

    resources, lines = ({name for _, name in PLACES}, {name for name, _ in PLACES})
    imported([{"id": one, "kind": "fibre", "name": one, "site": "POP-1"} for one in sorted(resources)], "resources")
    imported([{"id": one, "name": one} for one in sorted(lines)], "services")
    places = enumerate(PLACES, start=1)
    imported([{"service": one, "position": n, "resource": on} for n, (one, on) in places], "topology")
    return imported


def down(use_cases: UseCases) -> dict[str, tuple[str, str | None, float | None]]:
    """Return each outage: reference, cause and hours."""
    with use_cases.work.database.read() as connection:
        rows = connection.execute(select(t.outages)).all()
    found = {}
    for row in rows:
        hours = None if row.ended_at is None else (row.ended_at - row.started_at).total_seconds() / 3600
        assert row.service not in found  # one outage reaches a service once
        found[row.service] = (row.reference, row.cause, hours)
    return found


@pytest.mark.parametrize("trunks", ["true", "[T-1, T-77]"])
def test_what_runs_on_the_trunk_is_down_as_long_and_says_why(bring: Bring, use_cases: UseCases, trunks: str) -> None:
    report = bring([ROW | {"cause": "cable cut"}], trunks=trunks)
    assert (report.rows, report.further, report.added, report.rejected) == (1, 4, 5, [])
    reached = ("T-1/TR-1", "cable cut (of T-1)", 3)
    assert down(use_cases) == {"T-1": ("TR-1", "cable cut", 3)} | dict.fromkeys(("L-A", "L-B", "L-C", "T-12"), reached)
    again = bring([ROW | {"cause": "cable cut"}], trunks=trunks)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 5)


def test_a_trunk_of_two_parts_reaches_what_runs_on_both(bring: Bring, use_cases: UseCases) -> None:
    bring([ROW | {"service": "T-12"}])
    assert set(down(use_cases)) == {"T-12", "L-A", "L-B"}


def test_a_resource_is_a_trunk_though_it_is_no_service(bring: Bring, use_cases: UseCases) -> None:
    report = bring([ROW | {"service": "R-2"}])
    assert (report.added, report.rejected) == (3, [])
    assert down(use_cases) == dict.fromkeys(("L-A", "L-B", "T-12"), ("R-2/TR-1", "outage (of R-2)", 3))


def test_the_outage_of_a_line_stays_with_the_line(bring: Bring, use_cases: UseCases) -> None:
    bring([ROW | {"service": "L-A"}], trunks="[T-1]")
    bring([ROW | {"service": "L-B"}], trunks="false")
    assert set(down(use_cases)) == {"L-A", "L-B"}


def test_an_end_that_is_known_later_ends_all_of_them(bring: Bring, use_cases: UseCases) -> None:
    lasts = {name: value for name, value in ROW.items() if name != "ended_at"}
    assert bring([lasts]).warnings[0].startswith("5 outages have no end")
    assert {hours for _, _, hours in down(use_cases).values()} == {None}
    assert bring([ROW]).changed == 5
    assert {hours for _, _, hours in down(use_cases).values()} == {3}


def test_an_outage_ends_where_it_was_recorded_though_the_topology_has_changed(
    bring: Bring, use_cases: UseCases
) -> None:
    bring([{name: value for name, value in ROW.items() if name != "ended_at"}])
    with use_cases.work.writing() as connection:
        connection.execute(t.topology.delete().where(t.topology.c.service.in_(["L-B", "L-C"])))
    bring([{"service": "L-X", "position": 20, "resource": "R-1"}], "topology")
    assert bring([ROW]).changed == 5
    assert {name: hours for name, (_, _, hours) in down(use_cases).items()} == dict.fromkeys(
        ("T-1", "T-12", "L-A", "L-B", "L-C", "L-X"), 3
    )


def test_an_outage_without_a_reference_is_named_alike_each_time(bring: Bring, use_cases: UseCases) -> None:
    nameless = {name: value for name, value in ROW.items() if name != "reference"}
    assert bring([nameless]).added == 5
    assert bring([nameless]).unchanged == 5
    assert down(use_cases)["L-A"][0] == "T-1/T-1:20261105T080000Z"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"service": "L-X"}, "service: nothing runs on L-X by the topology"),
        ({"service": "S-9"}, "service: nothing runs on S-9 by the topology"),
        ({"reference": "x" * 127}, "reference: T-1/x"),
        (
            {"started_at": "2027-01-01T00:00:00Z", "ended_at": None},
            "started_at: 2027-01-01T00:00:00Z lies in the future",
        ),
    ],
)
def test_a_trunk_that_carries_nothing_is_refused_and_stops_no_other(
    bring: Bring, use_cases: UseCases, changes: dict[str, Any], says: str
) -> None:
    report = bring([ROW | changes, ROW])
    assert says in f"{report.rejected[0].field}: {report.rejected[0].reason}"
    assert {one.row for one in report.rejected} == {1}
    assert set(down(use_cases)) == {"T-1", "T-12", "L-A", "L-B", "L-C"}


def test_the_trunk_of_the_field_file_reaches_both_legs(use_cases: UseCases, shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "field_files"
    legs = ["S-TRUNK", "S-LEG1", "S-LEG2"]
    with use_cases.work.database.write() as connection:
        connection.execute(t.services.insert(), [{"id": one, "name": one, "kind": "leg"} for one in legs])
    for kind in ("resources", "topology"):
        [file] = (folder / "27-hierarchical-services").glob(f"{kind}*.csv")
        plain = plain_mapping(kind, KINDS[kind].record.model_fields)
        use_cases.imports.records(file, kind=kind, mapping=plain, as_of=date(2026, 11, 30), progress=lambda _: None)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING.format(trunks="[S-TRUNK]"), "utf-8")
    [file] = [one for one in (folder / "27-hierarchical-services").glob("*.csv") if "TR-1" in one.read_text("utf-8")]
    use_cases.imports.records(
        file, kind="outages", mapping=read_mapping(str(mapping)), as_of=date(2026, 11, 30), progress=lambda _: None
    )
    assert {name: hours for name, (_, _, hours) in down(use_cases).items()} == dict.fromkeys(legs, 3)

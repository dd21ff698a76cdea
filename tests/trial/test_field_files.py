"""Files of the field whose terms the database has to keep: partial outages, and hours in which service is promised."""

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from include.sla_logic.domain.contract import UnableToReadContract, read_contract
from include.sla_logic.domain.sla import RefusalCode
from include.sla_logic.importers import KINDS, read_mapping
from include.sla_logic.importers.mapping import plain_mapping
from include.sla_logic.persistence.schema.reference import outages
from include.sla_logic.services import UseCases
from include.sla_logic.settings import Settings
from tests.clock import Clock
from tests.reference.walk import SECOND, walk

NOVEMBER = datetime(2026, 11, 5, 9, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 7, 9, tzinfo=UTC)
BY_SHARE = """\
format: 2
id: BUG-MONTH
version: "1"
title: Access line, charged for the time it was down
zone: UTC
currency: EUR
charge_base: recurring
claim: {automatic: true}
cap: {share: 100%}
counting: {partial_outages: by_share}
objectives:
  - {id: availability, metric: availability, target: 99.9, rule: {kind: credit, rate: pro_rata, times: 10}}
"""
WORKDAYS = "[mon,tue,wed,thu,fri]"
AS_WRITTEN = f'service_hours: {{days: {WORKDAYS}, from: "08:00", to: "18:00"}}'
AS_STATED = f'counting: {{service_hours: [{{days: {WORKDAYS}, opens: "08:00", closes: "18:00"}}]}}'


@pytest.fixture
def clock() -> Clock:
    return Clock(NOVEMBER, tick=SECOND)


@pytest.fixture
def teleco(tmp_path: Path, clock: Clock) -> UseCases:
    use_cases = UseCases(Settings(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path / "letters"), clock=clock)
    use_cases.work.migrate()
    return use_cases


def bring(use_cases: UseCases, kind: str, file: Path, mapping: Path | None = None) -> None:
    layout = read_mapping(str(mapping)) if mapping else plain_mapping(kind, KINDS[kind].record.model_fields)
    report = use_cases.imports.records(
        file, kind=kind, mapping=layout, as_of=date(2026, 11, 5), progress=lambda _rows: None
    )
    assert report.rejected == []


def written(folder: Path, name: str, *lines: str) -> Path:
    file = folder / name
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


@pytest.fixture
def budget_line(teleco: UseCases, shared_data: Path) -> UseCases:
    """Load the customers and agreements of the field files, under a contract that weighs outages."""
    base = shared_data / "field_files" / "00-base"
    others = [(file.name, file.read_text("utf-8")) for file in sorted(base.glob("c-*.yaml")) if file.stem != "c-month"]
    teleco.imports.contracts([("by-share.yaml", BY_SHARE), *others])
    bring(teleco, "customers", base / "customers.csv")
    bring(teleco, "agreements", base / "agreements.csv")
    return teleco


@pytest.mark.parametrize("mapped", [False, True])
def test_thirty_percent_of_four_hours_count_4320_seconds(
    budget_line: UseCases, clock: Clock, shared_data: Path, tmp_path: Path, *, mapped: bool
) -> None:
    mapping = written(
        tmp_path,
        "map.yaml",
        "title: Partial outages",
        "sections: {outages: {columns: {service: service, reference: reference, started_at: started_at,",
        "  ended_at: ended_at, affected_percent: {column: weight, multiply: 100}}}}",
    )
    [folder] = (shared_data / "field_files").glob("26-*")
    bring(budget_line, "outages", folder / "outages.csv", mapping if mapped else None)
    comparison = budget_line.sla_status.assess("S-BUD", at=OCTOBER)
    [found] = comparison.objectives
    assert Fraction(found.measured_exact or 0) == 100 - Fraction(100 * 4320, 31 * 86_400)
    assert Fraction(found.credit_exact or 0) == Fraction(100 * 10 * 4320, 31 * 86_400)
    walk(
        budget_line,
        clock,
        {
            "customer": "K-1",
            "service": "S-BUD",
            "symptom": "service_down",
            "description": "Down.",
            "observed_from": "2026-10-07T08:10:00+00:00",
        },
        "partly",
    )
    case = budget_line.lookups.incident("partly")
    assert case.adjustment is not None
    assert case.adjustment.booked.amount == Decimal("1.61")


def test_what_was_recorded_before_weights_were_kept_is_refused_until_it_is_imported_again(
    budget_line: UseCases, shared_data: Path
) -> None:
    [folder] = (shared_data / "field_files").glob("26-*")
    bring(budget_line, "outages", folder / "outages.csv")
    with budget_line.work.database.write() as connection:
        connection.execute(outages.update().values(degraded=None, affected_percent=None))
    [found] = budget_line.sla_status.assess("S-BUD", at=OCTOBER).objectives
    assert found.refusal is RefusalCode.NOT_KEPT
    bring(budget_line, "outages", folder / "outages.csv")
    [found] = budget_line.sla_status.assess("S-BUD", at=OCTOBER).objectives
    assert found.refusal is None


def test_a_weekend_out_of_service_hours_costs_the_two_hours_inside(
    teleco: UseCases, shared_data: Path, tmp_path: Path
) -> None:
    [folder] = (shared_data / "field_files").glob("20-*")
    text = (folder / "contract-hours.yaml").read_text("utf-8")
    assert AS_WRITTEN in text
    with pytest.raises(UnableToReadContract, match=r"service_hours: there is no such field; write it into counting"):
        read_contract(text, name="hours.yaml")
    teleco.imports.contracts([("hours.yaml", text.replace(AS_WRITTEN, AS_STATED))])
    bring(teleco, "customers", written(tmp_path, "c.csv", "id,name", "K-1,One"))
    agreement = "A-1,K-1,S-1,BUG-HOURS,1,2026-01-01,100.00,EUR"
    columns = "id,customer,service,contract,contract_version,starts,monthly_charge,currency"
    bring(teleco, "agreements", written(tmp_path, "a.csv", columns, agreement))
    row = "S-1,W-1,2026-10-09T17:00:00Z,2026-10-12T09:00:00Z"  # Friday to Monday
    bring(teleco, "outages", written(tmp_path, "o.csv", "service,reference,started_at,ended_at", row))
    comparison = teleco.sla_status.assess("S-1", at=OCTOBER)
    [found] = comparison.objectives
    assert found.counted_seconds == 2 * 3600
    assert Fraction(found.measured_exact or 0) == 100 - Fraction(200, 22 * 10)  # of 22 working days
    assert comparison.credit_due is not None
    assert comparison.credit_due.amount == Decimal("10.00")

"""Faults that were once seen in the field, through the whole process: what is booked is what was worked by hand.

What a database cannot hold (readings, a misspelt field) is judged from its file, in `tests/acceptance`.
"""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import insert, select, update

from include.sla_logic.domain.facts_file import read_facts
from include.sla_logic.domain.samples import NOT_MEASURED, SampleSeries
from include.sla_logic.importers.mapping import Mapping
from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.sample_data import DEFAULT_SEED, load_sample, make_sample
from include.sla_logic.services import UseCases
from include.sla_logic.settings import Settings
from tests.clock import Clock
from tests.reference.walk import walk

FILES_ALONE = {
    "fault-misspelt-field-in-series",  # a file that is refused
    "fault-reading-of-availability-ignored",  # no record keeps readings
    "fault-two-readings-contradict",
}
WALKED = {
    "fault-double-credit-after-upgrade",
    "fault-late-claim-percent",
    "fault-month-of-5-minute-samples",
    "fault-next-tier-beyond-the-cap",
    "fault-two-series-of-one-metric",
}


def opened(tmp_path: Path, clock: Clock) -> UseCases:
    use_cases = UseCases(Settings(f"sqlite:///{tmp_path / 'teleco.db'}", tmp_path / "letters"), clock=clock)
    use_cases.work.migrate()
    return use_cases


def expected(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "expected.json").read_text(encoding="utf-8")))


def registered(folder: Path, tmp_path: Path) -> tuple[UseCases, Clock, datetime]:
    """Bring contract, outages and samples of a case into a database; return also the moment of its incident."""
    text, terms = (folder / "contract.yaml").read_text("utf-8"), yaml.safe_load((folder / "contract.yaml").read_text())
    facts = read_facts((folder / "facts.yaml").read_text("utf-8"), name="facts.yaml")
    assert facts.window is not None
    assert facts.charges.recurring is not None
    clock = Clock(facts.as_of or facts.window.end + timedelta(days=1))
    use_cases = opened(tmp_path, clock)
    with use_cases.work.database.write() as connection:
        load_contract(connection, text, name="contract.yaml", now=clock.now)
        connection.execute(insert(t.customers), [{"id": "C", "name": "Cee", "locale": "en", "protected": False}])
        connection.execute(insert(t.billing_accounts), [{"id": "A", "customer": "C", "currency": "EUR"}])
        open_one = {"id": "INV", "account": "A", "state": "open", "starts": clock.now.date()}
        connection.execute(insert(a.invoices), [open_one | {"ends": clock.now.date() + timedelta(days=30)}])
        connection.execute(insert(t.services), [{"id": facts.service, "name": "Line", "kind": "line"}])
        agreement = {"id": "AG", "customer": "C", "service": facts.service, "contract": terms["id"], "account": "A"}
        agreement |= {"contract_version": terms["version"], "starts": date(2020, 1, 1), "currency": "EUR"}
        charge = int(facts.charges.recurring.amount * 100)
        connection.execute(insert(t.agreements), [agreement | {"monthly_charge": charge}])
        outages = [
            {"service": facts.service, "reference": one.reference, "started_at": one.start, "ended_at": one.end}
            for one in facts.outages
        ]
        if outages:
            connection.execute(insert(t.outages), [row | {"attribution": "provider"} for row in outages])
    begun = facts.outages[0].start if facts.outages else facts.window.start
    for number, series in enumerate(facts.series):
        import_samples(use_cases, facts.service, series, tmp_path / f"samples-{number}.csv", clock.now.date())
        begun = max(begun, series.start)
    return use_cases, clock, begun


def import_samples(use_cases: UseCases, service: str, series: SampleSeries, file: Path, day: date) -> None:
    rows = [row for row in enumerate(series.values.tolist()) if row[1] != NOT_MEASURED]
    lines = [
        f"{service},{series.start + n * timedelta(seconds=series.step_seconds):%Y-%m-%dT%H:%M:%SZ},"
        f"{Decimal(value).scaleb(-series.decimals)}"
        for n, value in rows
    ]
    file.write_text("\n".join(["service,at,value", *lines]), encoding="utf-8")
    held = {"metric": series.metric, "unit": series.unit, "from": "value", "step_seconds": series.step_seconds}
    section = {"columns": {"service": "service", "at": "at"}, "series": [held]}
    mapping = Mapping.model_validate({"title": "-", "layout": "csv", "sections": {"samples": section}})
    report = use_cases.imports.records(file, kind="samples", mapping=mapping, as_of=day, progress=lambda _rows: None)
    assert report.rejected == []


def lead(use_cases: UseCases, clock: Clock, run: str, customer: str, service: str, at: datetime) -> Decimal:
    """Lead an incident to its end, and book the customer's claim where one is needed; return what it brought."""
    symptom = {"symptom": "service_down", "description": "Down.", "observed_from": at.isoformat()}
    now = clock.now
    walk(use_cases, clock, {"customer": customer, "service": service} | symptom, run, operator="release")
    clock.now = now
    for waiting in use_cases.credits.waiting():
        if waiting.state == "unclaimed":
            use_cases.credits.claim(waiting.reference, by="ann")
    adjustment = use_cases.lookups.incident(run).adjustment
    assert adjustment is not None
    return adjustment.booked.amount


@pytest.mark.parametrize("name", sorted(WALKED - {"fault-double-credit-after-upgrade"}))
def test_the_process_books_what_was_worked_by_hand(name: str, tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "contract_clauses" / name
    use_cases, clock, begun = registered(folder, tmp_path)
    booked = lead(use_cases, clock, "run-1", "C", "S", begun)
    assert booked == Decimal(expected(folder)["credit"])
    assert lead(use_cases, clock, "run-2", "C", "S", begun) == 0  # a second incident of the same window
    if "next_tier_costs_more" in expected(folder):
        [budget] = use_cases.sla_status.budgets(["S"])
        tiers = [one.next_tier for one in budget.objectives]
        assert [tier.costs_more.amount for tier in tiers if tier and tier.costs_more] in ([], [0])
    assert list(map(str, use_cases.monitoring.violations())) == []


@pytest.mark.more
def test_an_upgrade_pays_the_outage_of_before_once(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "contract_clauses" / "fault-double-credit-after-upgrade"
    anchor = datetime(2026, 11, 29, tzinfo=UTC)
    clock = Clock(anchor)
    use_cases = opened(tmp_path, clock)
    begun = datetime(2026, 11, 20, 8, tzinfo=UTC)
    with use_cases.work.database.write() as connection:
        load_sample(connection, make_sample(DEFAULT_SEED, anchor))
        first = t.agreements.c.id == "A-1015"
        [row] = connection.execute(select(t.agreements).where(first))
        connection.execute(update(t.agreements).where(first).values(ends=date(2026, 11, 24)))
        changed = {"id": "A-1015b", "starts": date(2026, 11, 25), "ends": None}
        upgraded = dict(row._mapping) | changed | {"monthly_charge": 2 * row.monthly_charge}
        connection.execute(insert(t.agreements), [upgraded])
        outage = {"service": "S-1015", "reference": "X", "started_at": begun, "attribution": "provider"}
        connection.execute(insert(t.outages), [outage | {"ended_at": begun + timedelta(hours=3)}])
        customer = row.customer
    booked = lead(use_cases, clock, "run-1", customer, "S-1015", begun)
    assert booked == Decimal(expected(folder)["credit"])
    after = lead(use_cases, clock, "run-2", customer, "S-1015", datetime(2026, 11, 26, 8, tzinfo=UTC))
    assert after == 0


def test_each_fault_is_walked_or_said_to_be_of_a_file_alone(shared_data: Path) -> None:
    faults = {case.name for case in (shared_data / "contract_clauses").glob("fault-*")}
    assert faults == WALKED | FILES_ALONE

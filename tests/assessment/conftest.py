"""A sample of one service with a claimed credit, a chronic clause and time that is used."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert

from include.sla_logic.persistence.contracts import load_contract
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.services.sample import open_use_cases

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONTRACT = """
id: claimed-line
version: "1"
title: Line whose credits must be claimed
zone: Europe/Berlin
currency: EUR
charge_base: recurring
claim: {within_days: 10, counted_from: outage_end}
chronic: {count: 3, outage: {more_than: 30 min}, within_days: 60, notice_days: 30}
objectives:
  - id: availability
    metric: availability
    target: 99.9
    rule:
      kind: tiers
      tiers:
        - {at_least: 99.9, credit: 0}
        - {at_least: 99.0, below: 99.9, credit: 10%}
        - {below: 99.0, credit: 30%}
"""
OUTAGES = [
    ("OUT-1", datetime(2026, 10, 5, 8, tzinfo=UTC), datetime(2026, 10, 5, 9, tzinfo=UTC)),
    ("OUT-2", datetime(2026, 11, 15, 8, tzinfo=UTC), datetime(2026, 11, 15, 10, tzinfo=UTC)),
]


class Sample:
    """Use cases, their clock, and the service S-9 of the customer C-1."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.clock = url, Clock(NOW)
        self.use_cases: UseCases = open_use_cases(url, folder, self.clock)
        with self.use_cases.work.database.write() as connection:
            load_contract(connection, CONTRACT, name="claimed-line", now=NOW)
            connection.execute(insert(t.services), [{"id": "S-9", "name": "Line", "kind": "line"}])
        self.subscribe("AG-9", "C-1", "S-9")
        for reference, start, end in OUTAGES:
            self.outage(reference, start, end)

    def subscribe(self, agreement: str, customer: str, service: str) -> None:
        row: dict[str, object] = {"id": agreement, "customer": customer, "service": service, "contract": "claimed-line"}
        row |= {"contract_version": "1", "starts": date(2020, 1, 1), "monthly_charge": 30_000}
        with self.use_cases.work.database.write() as connection:
            connection.execute(insert(t.agreements), [row | {"currency": "EUR", "account": "A-1"}])

    def outage(self, reference: str, start: datetime, end: datetime | None) -> None:
        row = {"service": "S-9", "reference": reference, "started_at": start, "ended_at": end}
        with self.use_cases.work.database.write() as connection:
            connection.execute(insert(t.outages), [row | {"attribution": "provider"}])


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sample:
    url = f"sqlite:///{tmp_path / 'teleco.db'}"
    monkeypatch.setenv("TELECO_DB_URL", url)
    monkeypatch.setenv("COLUMNS", "300")
    return Sample(url, tmp_path)

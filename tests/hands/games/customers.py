"""A customer, a service and a contract of its own for each game, from the small TELECO."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import insert

from benchmarks.sample import renamed
from include.sla_logic.sample_data import Sample, make_sample
from include.sla_logic.sample_data.expectations import Expectation
from include.sla_logic.sample_data.loading import TABLES
from include.sla_logic.services import UseCases
from tests.hands.games.series import Series

HISTORY_DAYS = 12  # the window of every contract begins ten days before
NAMES = ("service", "customer", "resource", "id")  # the first that a row has tells the owner


@dataclass(frozen=True)
class Known:
    """What the data say of one game, whatever people do: the oracle judges by nothing else."""

    series: Series
    customer: str
    service: str
    account: str
    email: str
    conf: Mapping[str, Any]
    expected: Expectation

    @property
    def run_id(self) -> str:
        return f"incident.GAME-{self.series.seed}"


def load(use_cases: UseCases, series: Series) -> Known:
    """Load the customer of this game as if the fault had been found just now."""
    teleco = make_sample(7, datetime.now(UTC), history_days=HISTORY_DAYS)
    rows = {table.name: list(_rows(teleco, series, table.name)) for table in TABLES}
    with use_cases.work.database.write() as connection:
        for table in TABLES:
            if rows[table.name]:
                connection.execute(insert(table), rows[table.name])
    [customer], [account] = rows["customers"], rows["billing_accounts"]
    conf = renamed(teleco.notifications[series.key].model_dump(mode="json"), series.seed)
    conf["external_reference"] = f"GAME-{series.seed}"
    expected = teleco.expectations[series.key]
    return Known(series, customer["id"], conf["service"], account["id"], customer["email"], conf, expected)


def _rows(teleco: Sample, series: Series, table: str) -> Iterator[dict[str, Any]]:
    told = teleco.notifications[series.key]
    mine = {told.customer, told.service}
    mine |= {row["resource"] for row in teleco.rows["topology"] if row["service"] == told.service}
    [agreement] = [row for row in teleco.rows["agreements"] if row["customer"] == told.customer]
    for row in teleco.rows.get(table, ()):
        if table == "contracts":
            if row["id"] == agreement["contract"]:
                yield _contract(row, series)
        elif next((row[name] for name in NAMES if name in row), None) in mine or _is_line_of(row, agreement):
            yield _changed(renamed(row, series.seed), table, series)


def _is_line_of(row: Mapping[str, object], agreement: Mapping[str, object]) -> bool:
    return agreement["id"] == row.get("agreement") or agreement["account"] == row.get("account")


def _contract(row: Mapping[str, Any], series: Series) -> dict[str, Any]:
    """Give the contract a version of this game's own, whose held requests wait only for a moment."""
    lines = [line for line in row["text"].splitlines() if not line.startswith("restoration_window")]
    text = "\n".join([*lines, f"restoration_window: PT{series.window_seconds}S", ""])
    text = text.replace('version: "1"', f'version: "{_version(series)}"')
    return {**row, "version": _version(series), "text": text, "digest": sha256(text.encode()).hexdigest()}


def _version(series: Series) -> str:
    return f"game-{series.seed}"


def _changed(row: dict[str, Any], table: str, series: Series) -> dict[str, Any]:
    if table == "agreements":
        row["contract_version"] = _version(series)
    if table == "customers":
        row["email"] = f"game-{series.seed}@customer.example"
    return row

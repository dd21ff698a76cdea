"""Customers join, leave and upgrade while incidents are paid: no second is ever paid twice, by any order of acts."""

import os
import shutil
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from include.sla_logic.persistence.database import open_database
from include.sla_logic.persistence.migrations import migrate
from tests.assessment.provider import TERMS, Provider

FEW, EXAMPLES = 2, int(os.environ.get("SLA_EXAMPLES", "20"))
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
SECONDS = 100 * 86_400
_empty: list[bytes] = []  # one migrated database for all machines

charges, versions = st.integers(10, 300), st.sampled_from(sorted(TERMS))
moments = st.integers(0, SECONDS).map(lambda seconds: BEGIN + timedelta(seconds=seconds))


def empty_database() -> bytes:
    if not _empty:
        file = Path(tempfile.mkdtemp()) / "empty.db"
        database = open_database(f"sqlite:///{file}")
        migrate(database)
        database.engine.dispose()
        _empty.append(file.read_bytes())
        shutil.rmtree(file.parent)
    return _empty[0]


class Agreements(RuleBasedStateMachine):
    """One line of one customer; `open` is the agreement in force without an end, by its name, first day and terms."""

    def __init__(self) -> None:
        super().__init__()
        self.provider = Provider(Path(tempfile.mkdtemp()), empty_database())
        self.number, self.open = 0, ("", date(2026, 8, 1), "")
        self.changed = date(2026, 8, 1)
        self.held: list[tuple[date, date | None]] = []
        self.led: set[datetime] = set()
        self._begin(date(2026, 8, 1), 100, "1", "B-1")

    def teardown(self) -> None:
        shutil.rmtree(self.provider.folder)

    def _row(self, ends: date | None, terms: str, valid_from: str = "") -> str:
        charge, version, account = terms.split("/")
        name, starts, _terms = self.open
        return f"{name},K-1,S-1,K-1,{version},{starts},{ends or ''},{charge},EUR,{account},{valid_from}"

    def _begin(self, starts: date, charge: int, version: str, account: str) -> None:
        self.number += 1
        self.open = (f"A-{self.number}", starts, f"{charge}/{version}/{account}")
        self.changed = starts
        assert self.provider.agree(self._row(None, self.open[2])) == []
        self.held.append((starts, None))

    @rule(after=st.integers(1, 40), gap=st.sampled_from([0, 0, 5]), charge=charges, version=versions)
    def upgrade(self, after: int, gap: int, charge: int, version: str) -> None:
        """End the agreement, perhaps inside of a window that was paid, and begin another."""
        starts = self.open[1]
        ends = starts + timedelta(days=after)
        if ends <= date(2026, 12, 1):
            self._end(ends)
            self._begin(ends + timedelta(days=1 + gap), charge, version, "B-2")

    def _end(self, ends: date) -> None:
        assert self.provider.agree(self._row(ends, self.open[2])) == []
        self.held[-1] = (self.open[1], ends)

    @rule(after=st.integers(1, 40), charge=charges)
    def change_the_price(self, after: int, charge: int) -> None:
        """Let the price change on a day after the last change; the agreement keeps its number."""
        name, starts, terms = self.open
        _old, version, account = terms.split("/")
        self.changed = day = self.changed + timedelta(days=after)
        new = f"{charge}/{version}/{account}"
        assert self.provider.agree(self._row(None, new, str(day))) == []
        self.open = (name, starts, new)

    @rule(start=moments, minutes=st.integers(1, 900))
    def fail(self, start: datetime, minutes: int) -> None:
        self.provider.fail((start, start + timedelta(minutes=minutes)))

    @rule(at=moments)
    def lead(self, at: datetime) -> None:
        """Lead an incident of a moment at which an agreement was in force for certain, to its end."""
        inside = any(first < at.date() and (last is None or at.date() < last) for first, last in self.held)
        if inside and at not in self.led:
            self.led.add(at)
            assert self.provider.lead(at) >= 0

    @invariant()
    def the_doctor_is_content(self) -> None:
        assert [str(one) for one in self.provider.use_cases.monitoring.violations(settled=False)] == []


def played(examples: int) -> Any:
    case: Any = type("Played", (Agreements.TestCase,), {})
    case.settings = settings(max_examples=examples, stateful_step_count=15, suppress_health_check=list(HealthCheck))
    return case


TestAgreements = played(FEW)
TestAgreementsMoreOften = pytest.mark.more(played(EXAMPLES))

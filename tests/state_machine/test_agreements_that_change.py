"""Customers join, leave, move and upgrade, facts are corrected, people decide: no second is ever paid twice."""

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from include.sla_logic.persistence.database import open_database
from include.sla_logic.services.credit_decisions import UnableToDecideCredit
from tests.assessment.provider import TERMS, Provider
from tests.kept_connections import whole
from tests.sharing import migrate_as_use_cases_do

FEW, EXAMPLES = 2, int(os.environ.get("SLA_EXAMPLES", "20"))
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
SECONDS = 100 * 86_400
_empty: list[bytes] = []  # one migrated database for all machines

charges, versions, customers = st.integers(10, 300), st.sampled_from(sorted(TERMS)), st.sampled_from(["K-1", "K-2"])
lengths = st.integers(1, 900)
moments = st.integers(0, SECONDS).map(lambda seconds: BEGIN + timedelta(seconds=seconds))


def empty_database() -> bytes:
    if not _empty:
        file = Path(tempfile.mkdtemp()) / "empty.db"
        database = open_database(f"sqlite:///{file}")
        migrate_as_use_cases_do(database)
        database.engine.dispose()
        _empty.append(whole(file).read_bytes())
        shutil.rmtree(file.parent)
    return _empty[0]


class Agreements(RuleBasedStateMachine):
    """One line, of one customer after another; `open` is the agreement without an end: name, first day and terms."""

    def __init__(self) -> None:
        super().__init__()
        self.provider = Provider(Path(tempfile.mkdtemp()), empty_database())
        self.number, self.open = 0, ("", date(2026, 8, 1), "")
        self.changed = date(2026, 8, 1)
        self.held: list[tuple[date, date | None, str]] = []
        self.led: set[datetime] = set()
        self.failed: list[datetime] = []
        self._begin(date(2026, 8, 1), 100, "1", "1", "K-1")

    def teardown(self) -> None:
        shutil.rmtree(self.provider.folder)

    def _row(self, ends: date | None, terms: str, valid_from: str = "") -> str:
        charge, version, account, customer = terms.split("/")
        name, starts, _terms = self.open
        charged = f"B-{account}-{customer}"
        return f"{name},{customer},S-1,K-1,{version},{starts},{ends or ''},{charge},EUR,{charged},{valid_from}"

    def _begin(self, starts: date, charge: int, version: str, account: str, customer: str) -> None:
        self.number += 1
        self.open = (f"A-{self.number}", starts, f"{charge}/{version}/{account}/{customer}")
        self.changed = starts
        assert self.provider.agree(self._row(None, self.open[2])) == []
        self.held.append((starts, None, customer))

    @rule(gap=st.sampled_from([0, 0, 5]), after=st.integers(1, 40), charge=charges, version=versions, whose=customers)
    def upgrade(self, gap: int, after: int, charge: int, version: str, whose: str) -> None:
        """End the agreement, perhaps inside of a window that was paid, and begin another, perhaps somebody else's."""
        ends = self.changed + timedelta(days=after)
        if ends <= date(2026, 12, 1):
            assert self.provider.agree(self._row(ends, self.open[2])) == []
            self.held[-1] = (self.held[-1][0], ends, self.held[-1][2])
            self._begin(ends + timedelta(days=1 + gap), charge, version, "2", whose)

    @rule(what=st.integers(0, 3), after=st.integers(1, 40), charge=charges, version=versions, whose=customers)
    def change(self, what: int, after: int, charge: int, version: str, whose: str) -> None:
        """Let price, version, account or customer change on a day after the last change, in the same agreement."""
        name, starts, terms = self.open
        changed = terms.split("/")
        changed[what] = (str(charge), version, "3", whose)[what]
        self.changed = day = self.changed + timedelta(days=after)
        new = "/".join(changed)
        assert self.provider.agree(self._row(None, new, str(day))) == []
        self.open = (name, starts, new)
        if what == 3:
            self.held[-1] = (self.held[-1][0], day - timedelta(days=1), self.held[-1][2])
            self.held.append((day, None, whose))

    @rule(start=moments, minutes=lengths)
    def fail(self, start: datetime, minutes: int) -> None:
        self.failed.append(start)
        self.provider.fail((start, start + timedelta(minutes=minutes)))

    @precondition(lambda self: self.failed)
    @rule(which=st.integers(0, 100), minutes=lengths)
    def correct(self, which: int, minutes: int) -> None:
        """Record another end of an outage, perhaps of one that was paid."""
        start = self.failed[which % len(self.failed)]
        self.provider.fail((start, start + timedelta(minutes=minutes)))

    @rule(at=moments | st.integers(0, 100))
    def lead(self, at: datetime | int) -> None:
        """Lead an incident of an outage or a moment to its end, where an agreement was in force then for certain."""
        if isinstance(at, int):
            at = self.failed[at % len(self.failed)] if self.failed else BEGIN
        whose = [who for first, last, who in self.held if first < at.date() and (last is None or at.date() < last)]
        if whose and at not in self.led:
            self.led.add(at)
            assert self.provider.lead(at, customer=whose[0]) >= 0

    @rule(which=st.integers(0, 100), approves=st.booleans())
    def decide(self, which: int, approves: bool) -> None:
        """Let a second person approve or decline what is held; what has changed meanwhile is refused."""
        credits_ = self.provider.use_cases.credits
        if held := [one for one in credits_.waiting() if one.state == "held"]:
            reference = held[which % len(held)].reference
            with suppress(UnableToDecideCredit):
                if approves:
                    credits_.approve(reference, by="ben", reason="seen", roles=["Admin"])
                else:
                    credits_.decline(reference, by="ben", reason="seen")

    @invariant()
    def the_doctor_is_content(self) -> None:
        assert [str(one) for one in self.provider.use_cases.monitoring.violations(settled=False)] == []


def played(examples: int) -> Any:
    case: Any = type("Played", (Agreements.TestCase,), {})
    case.settings = settings(max_examples=examples, stateful_step_count=15, suppress_health_check=list(HealthCheck))
    return case


TestAgreements = played(FEW)
TestAgreementsMoreOften = pytest.mark.more(played(EXAMPLES))

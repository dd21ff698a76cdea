"""Settlement under a killer: any part of a run, import or decision may be cut off before any write, then done again.

Whatever happens on the way, in the end each month is paid what an independent program says that it owes.
"""

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from include.sla_logic.persistence.settlement import UnableToFindRun
from include.sla_logic.services.credit_decisions import UnableToDecideCredit
from include.sla_logic.services.settlement import UnableToSettle
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import FIRST, booked_of, complete, minutes, owed
from tests.state_machine.test_agreements_that_change import empty_database
from tests.state_machine.test_crashes_between_writes import Killer, moments

FEW, EXAMPLES = 2, int(os.environ.get("SLA_EXAMPLES", "20"))
SERVICES = ("S-1", "S-2")
lengths = st.sampled_from([1, 43, 44, 45, 430, 446, 447, 2_000])
shards = st.integers(0, 1)


class KilledSettlement(RuleBasedStateMachine):
    @initialize(day=st.integers(1, 30))
    def open(self, day):
        self.folder = Path(tempfile.mkdtemp(prefix="settled-"))
        self.provider = Provider(self.folder, empty_database())
        self.use_cases, self.killer = self.provider.use_cases, Killer(self.provider.use_cases)
        self.joined = date(2026, 9, day)
        rows = (f"A-{one},K-{one[2]},{one},K-1,1,{self.joined},,100,EUR,B-{one[2]}," for one in SERVICES)
        assert self.provider.agree(*rows) == []
        complete(self.provider, datetime(2027, 1, 5, tzinfo=UTC))
        self.down = {one: {} for one in SERVICES}

    @rule(service=st.sampled_from(SERVICES), minute=minutes, length=lengths, moment=moments)
    def record_an_outage(self, service, minute, length, moment):
        start = FIRST + timedelta(minutes=minute)
        end = start + timedelta(minutes=length)
        row = f"{service},{service}-{minute},{start.isoformat()},{end.isoformat()}"
        text = f"service,reference,started_at,ended_at\n{row}\n"
        with self.killer.before_write(moment):
            self.provider.bring("outages", text)
        assert self.provider.bring("outages", text) == []
        self.down[service][minute] = (start, end)

    @precondition(lambda self: any(getattr(self, "down", {}).values()))
    @rule(data=st.data(), length=lengths, moment=moments)
    def correct_an_outage(self, data, length, moment):
        service, minute = data.draw(st.sampled_from([(one, at) for one, known in self.down.items() for at in known]))
        self.record_an_outage(service, minute, length, moment)

    @rule(part=st.sampled_from(["open", "check", "release", "end"]), moment=moments)
    def do_a_part_of_a_run(self, part, moment):
        settlement = self.use_cases.settlement
        with self.killer.before_write(moment), suppress(UnableToSettle, UnableToFindRun):
            if part == "open":
                settlement.open(by="ann", shards=2)
            elif part == "release":
                settlement.release(settlement.current().number, by="ben", reason="seen")
            else:
                getattr(settlement, part)(settlement.current().number)

    @rule(part=st.sampled_from(["look", "settle"]), shard=shards, moment=moments)
    def do_a_shard(self, part, shard, moment):
        settlement = self.use_cases.settlement
        with self.killer.before_write(moment), suppress(UnableToSettle, UnableToFindRun):
            getattr(settlement, part)(settlement.current().number, shard)

    @rule(moments=st.lists(moments, min_size=1, max_size=6))
    def settle(self, moments):
        for moment in moments:
            with self.killer.before_write(moment):
                self.run()

    @rule(moment=moments)
    def decide_a_credit(self, moment):
        held = [one for one in self.use_cases.credits.waiting() if one.state == "held"]
        if held:
            with self.killer.before_write(moment), suppress(UnableToDecideCredit):
                self.use_cases.credits.approve(held[0].reference, by="cleo", reason="seen")

    @invariant()
    def nothing_is_ever_wrong(self):
        if hasattr(self, "use_cases"):
            monitoring = self.use_cases.monitoring
            assert [str(one) for one in (*monitoring.violations(), *monitoring.unsettled())] == []

    def run(self):
        settlement = self.use_cases.settlement
        run = settlement.run(by="ann", shards=2)
        if run.state == "held":
            settlement.release(run.number, by="ben", reason="seen")
            settlement.run(by="ann")

    def teardown(self):
        if not hasattr(self, "use_cases"):
            return
        for _ in range(4):
            self.run()
            self.decide_all()
        assert self.use_cases.settlement.preview().lines == ()
        for service in SERVICES:
            assert booked_of(self.provider, service) == owed(self.joined, list(self.down[service].values()))
        self.nothing_is_ever_wrong()
        self.use_cases.outbox.deliver(limit=1_000)
        assert {one.state for one in self.use_cases.outbox.messages(limit=100_000)} <= {"sent"}
        shutil.rmtree(self.folder, ignore_errors=True)

    def decide_all(self):
        for one in self.use_cases.credits.waiting():
            if one.state == "held":
                with suppress(UnableToDecideCredit):
                    self.use_cases.credits.approve(one.reference, by="cleo", reason="seen")


def test_a_run_that_is_cut_off_before_any_of_its_writes_is_done_again_without_doubling(tmp_path):
    """Kill each attempt one write later than the one before, until the run comes through."""
    provider = Provider(tmp_path, empty_database())
    provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,100,EUR,B-1,", "A-2,K-2,S-2,K-1,1,2026-09-01,,100,EUR,B-2,")
    complete(provider)
    start = FIRST + timedelta(days=32)
    for service in SERVICES:
        row = f"{service},{service}-1,{start.isoformat()},{(start + timedelta(hours=40)).isoformat()}"
        provider.bring("outages", f"service,reference,started_at,ended_at\n{row}\n")
    killer, settlement = Killer(provider.use_cases), provider.use_cases.settlement
    for number in range(100):
        with killer.before_write(number):
            if settlement.run(by="ann", shards=2).state == "held":
                settlement.release(settlement.current().number, by="ben", reason="seen")
                settlement.run(by="ann")
        if settlement.runs() and settlement.current().state == "ended":
            break
    assert killer.kills > 10
    assert settlement.current().state == "ended"
    assert [booked_of(provider, one) for one in SERVICES] == [{"2026-10": Decimal("25.00")}] * 2
    mails = [one for one in provider.use_cases.outbox.messages(limit=100) if one.kind == "mail"]
    assert len(mails) == len({one.key for one in mails}) == 2


def played(examples: int) -> type:
    case = type("Played", (KilledSettlement.TestCase,), {})
    case.settings = settings(
        max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
    )
    return case


TestKilledSettlement = played(FEW)
TestSettlementKilledMoreOften = pytest.mark.more(pytest.mark.timeout(60 * EXAMPLES)(played(EXAMPLES)))

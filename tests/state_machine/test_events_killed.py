"""Events under a killer: what a listener has taken at last is what happened, each ticket's in its order, none left out.

Any act and any sending may be cut off before any of its writes; the listener refuses, or takes an event and loses its
answer. What is told twice has the same id.
"""

import json
import os
import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule

from include.sla_logic.domain.events import TROUBLE_TICKET
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.gateways import event_callbacks
from include.sla_logic.process.step import Step
from include.sla_logic.services import UseCases
from include.sla_logic.services.holds import ClockOwner
from tests.clock import Clock
from tests.services.sample import conf, open_use_cases
from tests.state_machine.test_crashes_between_writes import Killer

PARTNER, ORIGIN = "paula", "https://hooks.partner.example"
EXAMPLES = int(os.environ.get("SLA_EXAMPLES", "12"))
MOST = 3  # tickets of one machine, so that several events of each wait
moments = st.none() | st.integers(0, 12)
WEATHER = st.sampled_from(["works", "refuses", "loses its answer"])


class ToldUnderAKiller(RuleBasedStateMachine):
    runs = Bundle("runs")

    @initialize()
    def open(self):
        self.folder = Path(tempfile.mkdtemp(prefix="told-"))
        file = self.folder / "open-apis.yaml"
        file.write_text(json.dumps({"partners": {PARTNER: {"customers": ["C-1"], "listeners": [ORIGIN]}}}))
        self.clock = Clock()
        plain = open_use_cases(f"sqlite:///{self.folder / 'teleco.db'}", self.folder, self.clock)
        self.use_cases = UseCases(replace(plain.work.settings, open_apis=file), clock=self.clock)
        self.killer = Killer(self.use_cases)
        self.weather, self.told, self.count = "works", [], 0
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(event_callbacks, "tell_listener", self.take)
        self.patch.setattr(event_callbacks, "find_addresses", lambda *_: ["8.8.8.8"])
        self.use_cases.open_apis.event_hub.register(
            api=TROUBLE_TICKET, partner=PARTNER, callback=f"{ORIGIN}/x", query="", root=""
        )

    def take(self, _url, notice, _hosts):
        if self.weather == "refuses":
            raise ConnectionRefusedError
        self.told.append(notice)
        if self.weather == "loses its answer":
            raise TimeoutError
        return {"status": 204}

    @precondition(lambda self: getattr(self, "count", MOST) < MOST)
    @rule(target=runs, moment=moments)
    def report(self, moment):
        """Report a problem and begin the work, each again where it was cut off."""

        def enter(file):
            file.move_ticket(TicketStatus.IN_PROGRESS, reason="entered")

        self.count += 1
        run_id = f"run-{self.count}"
        for at in (moment, None):
            with self.killer.before_write(at):
                self.use_cases.incidents.accept(conf(), run_id=run_id, origin="test")
        for at in (moment, None):
            with self.killer.before_write(at):
                self.use_cases.incidents.perform(Step("enter", "", enter), run_id=run_id)
        return run_id

    @rule(run_id=runs, owner=st.sampled_from(ClockOwner), moment=moments)
    def hold_or_resume(self, run_id, owner, moment):
        ticket = self.use_cases.lookups.incident(run_id).ticket
        with self.killer.before_write(moment):
            if ticket.status is TicketStatus.IN_PROGRESS:
                self.use_cases.holds.hold(ticket.id, owner=owner, by="Otto", reason="so")
            elif ticket.status in {TicketStatus.HELD, TicketStatus.PENDING}:
                self.use_cases.holds.resume(ticket.id, by="Otto", reason="so")

    @rule(weather=WEATHER, moment=moments)
    def send(self, weather, moment):
        self.weather = weather
        with self.killer.before_write(moment):
            self.use_cases.outbox.deliver_events()

    @rule(seconds=st.sampled_from([1, 16, 61, 301, 901]))
    def let_time_pass(self, seconds):
        self.clock.pass_by(seconds=seconds)

    @invariant()
    def nothing_is_ever_wrong(self):
        if hasattr(self, "use_cases"):
            assert list(map(str, self.use_cases.monitoring.violations())) == []

    def teardown(self):
        if not hasattr(self, "use_cases"):
            return
        self.weather = "works"
        for _ in range(6):  # claims of killed senders end, and who failed has rested
            self.clock.now += timedelta(minutes=16)
            self.use_cases.outbox.deliver_events()
        for number in range(self.count):
            case = self.use_cases.lookups.incident(f"run-{number + 1}")
            assert self.statuses_of(case.ticket.id) == [str(one.status) for one in case.status_history]
        assert {one.state for one in self.use_cases.outbox.messages(limit=1000)} <= {"sent"}
        self.patch.undo()
        self.use_cases.work.database.engine.dispose()
        shutil.rmtree(self.folder)

    def statuses_of(self, ticket):
        """Return what was told of one ticket, each event once, at its first arrival."""
        first = {one["eventId"]: one for one in self.told if one["correlationId"] == ticket}
        kinds = ("TroubleTicketCreateEvent", "TroubleTicketStatusChangeEvent")
        return [one["event"]["troubleTicket"]["status"] for one in first.values() if one["eventType"] in kinds]


TestToldUnderAKiller = pytest.mark.more(ToldUnderAKiller.TestCase)
TestToldUnderAKiller.settings = settings(
    max_examples=max(4, EXAMPLES // 2),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

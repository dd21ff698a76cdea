"""Departments and store under a killer: any act may be cut off before any of its writes, and is then done again.

Incidents go alone or in cohorts; mail and billing take what they are told, refuse it, or fail after they took it.
"""

import json
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import event, insert, select, update

from benchmarks.leading import ORDER
from include.sla_logic.domain.follow_up import Basis
from include.sla_logic.domain.trouble_ticket import UnableToMoveTicket
from include.sla_logic.gateways.sender import Transport
from include.sla_logic.persistence.restorations import UnableToFindRestoration
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.system_t import restorations
from include.sla_logic.process.following_up import UnableToFollowUp
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import done_in_one_go, step_named
from include.sla_logic.sample_data import load_sample, make_sample
from include.sla_logic.services import Settings, UnableToAcceptNotification, UnableToReleaseRestoration, UseCases
from include.sla_logic.services import transports as transports_of
from include.sla_logic.services.credit_decisions import UnableToDecideCredit
from tests.clock import NOON, Clock
from tests.kept_connections import whole
from tests.reference.walk import next_step

KEYS = ("premium", "re_prioritised", "minor_correction", "automatic_restoration", "held_and_released", "too_late")
KEYS += ("credit_under_review",)
TELECO = make_sample(7, NOON, history_days=32)
moments = st.none() | st.integers(0, 25)  # before which write the process is killed
FEW, EXAMPLES = 2, int(os.environ.get("SLA_EXAMPLES", "12"))  # of about 40 acts each; `make faults` plays more
MOST = 8  # incidents of one machine, so that most acts are done to them
WEATHER = st.sampled_from(["works", "works", "refuses", "fails afterwards"])
_WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT")


class Killed(BaseException):
    """As nothing catches kill -9, nothing may catch this."""


class Killer:
    """Cuts an act off before its n-th write; a commit counts as one, so that nothing or all of it is kept."""

    def __init__(self, use_cases: UseCases) -> None:
        self.left: int | None = None
        self.kills = 0
        event.listen(use_cases.work.database.engine, "before_cursor_execute", self._statement)
        event.listen(use_cases.work.database.engine, "commit", self._count)

    @contextmanager
    def before_write(self, number: int | None):
        self.left = number
        try:
            yield
        except Killed:
            self.kills += 1
        finally:
            self.left = None

    def _statement(self, _connection, _cursor, statement, *_rest):
        if statement.lstrip().upper().startswith(_WRITES):
            self._count()

    def _count(self, _connection=None):
        if self.left is None:
            return
        if self.left == 0:
            self.left = None
            raise Killed
        self.left -= 1


class Outside:
    """Mail and billing in any weather; what arrives under a key is the same each time."""

    def __init__(self) -> None:
        self.weather: dict[str, str] = {}
        self.arrived: dict[str, list[str]] = {}
        self.lost_answers = 0

    @contextmanager
    def in_weather(self, **weather: str):
        real = transports_of.transports
        self.weather = weather

        def transports(*parts):
            return {
                kind: Transport(partial(self._deliver, kind, transport.deliver), transport.refused)
                for kind, transport in real(*parts).items()
            }

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(transports_of, "transports", transports)
            yield

    def _deliver(self, kind, deliver, message):
        if self.weather[kind] == "refuses":
            raise ConnectionRefusedError
        answer = deliver(message)
        times = self.arrived.setdefault(message.key, [])
        times.append(json.dumps(message.payload, sort_keys=True))
        assert times[-1] == times[0], f"{message.key} says another thing the second time"
        if self.weather[kind] == "fails afterwards":
            self.lost_answers += 1
            raise TimeoutError
        return answer


_prepared: list[bytes] = []


def open_use_cases(folder: Path, clock: Clock) -> UseCases:
    file = folder / "teleco.db"
    use_cases = UseCases(Settings(f"sqlite:///{file}", folder / "letters"), clock=clock)
    if _prepared:
        file.write_bytes(_prepared[0])
        return use_cases
    use_cases.work.migrate()
    with use_cases.work.database.write() as connection:
        load_sample(connection, TELECO)
    _prepared.append(whole(file).read_bytes())
    return use_cases


def has_room(machine):
    return len(getattr(machine, "sent", ())) < MOST


class KilledProcess(RuleBasedStateMachine):
    runs = Bundle("runs")
    cohorts = Bundle("cohorts")

    @initialize()
    def open(self):
        self.folder = Path(tempfile.mkdtemp(prefix="killed-"))
        self.clock = Clock()
        self.use_cases = open_use_cases(self.folder, self.clock)
        self.killer = Killer(self.use_cases)
        self.outside = Outside()
        self.sent = {}
        self.members = {}
        self.answers = {}
        self.changed = set()

    @precondition(has_room)
    @rule(target=runs, key=st.sampled_from(KEYS), moment=moments)
    def start(self, key, moment):
        return self.begin(key, moment)

    def begin(self, key, moment):
        run_id = f"run-{len(self.sent) + 1}"
        conf = TELECO.notifications[key].model_dump(mode="json") | {"external_reference": f"REF-{run_id}"}
        with self.killer.before_write(moment):
            self.use_cases.incidents.accept(conf, run_id=run_id, origin="test")
        self.sent[run_id] = conf
        self.use_cases.incidents.accept(conf, run_id=run_id, origin="test")
        return run_id

    @rule(run_id=runs)
    def send_again_under_another_run(self, run_id):
        with pytest.raises(UnableToAcceptNotification, match=f"by run {run_id}"):
            self.use_cases.incidents.accept(self.sent[run_id], run_id=f"again.{run_id}", origin="test")

    @rule(run_id=runs, under=st.sampled_from(["", "other."]))
    def send_another_body_under_its_reference(self, run_id, under):
        before = len(self.use_cases.lookups.tickets(limit=1000))
        other = self.sent[run_id] | {"description": "Something else."}
        with pytest.raises(UnableToAcceptNotification, match=f"by run {run_id}"):
            self.use_cases.incidents.accept(other, run_id=f"{under}{run_id}", origin="test")
        assert len(self.use_cases.lookups.tickets(limit=1000)) == before

    @precondition(has_room)
    @rule(target=cohorts, keys=st.lists(st.sampled_from(KEYS), min_size=2, max_size=4), moment=moments)
    def start_a_cohort(self, keys, moment):
        runs = [self.begin(key, None) for key in keys]
        tickets = [self.use_cases.lookups.incident(run_id).ticket.id for run_id in runs]
        run_id = f"cohort-{len(self.members) + 1}"
        with self.killer.before_write(moment):
            self.use_cases.cohorts.accept({"incidents": tickets}, run_id=run_id)
        self.use_cases.cohorts.accept({"incidents": tickets}, run_id=run_id)
        self.members[run_id] = runs
        return run_id

    @rule(
        cohort=cohorts,
        moments=st.lists(moments, min_size=3, max_size=10),
        at_once=st.integers(1, 4),
        more=st.booleans(),
    )
    def lead_a_cohort(self, cohort, moments, at_once, more):
        """Do the next step of the member that is furthest behind, for all members that come to it, or more of them."""
        for moment in moments:
            carried = {member.own_run for member in self.use_cases.cohorts.members(cohort) if member.state == "carried"}
            tasks = {task for run_id in self.members[cohort] if run_id in carried and (task := self.next_step(run_id))}
            if not tasks:
                return
            task = min(tasks, key=ORDER.index)
            with self.killer.before_write(moment):
                if task == WAIT:
                    self.use_cases.cohorts.await_restoration(run_id=cohort, at_once=at_once)
                else:
                    then = done_in_one_go(task) if more else ()
                    self.use_cases.cohorts.perform(step_named(task), run_id=cohort, then=then, at_once=at_once)
            assert not [member for member in self.use_cases.cohorts.members(cohort) if member.state == "set aside"]

    @rule(cohort=cohorts, data=st.data())
    def let_a_member_go_alone(self, cohort, data):
        self.step(data.draw(st.sampled_from(self.members[cohort])))

    @rule(run_id=runs, moment=moments)
    def do_the_next_step(self, run_id, moment):
        with self.killer.before_write(moment):
            self.step(run_id)

    @rule(run_id=runs, moments=st.lists(moments, min_size=5, max_size=15))
    def do_many_steps(self, run_id, moments):
        for moment in moments:
            self.do_the_next_step(run_id, moment)

    @rule(run_id=runs, data=st.data())
    def do_a_step_again(self, run_id, data):
        done = [step for step in self.use_cases.lookups.incident(run_id).path if step.task != WAIT]
        if done:
            step = data.draw(st.sampled_from(done))
            assert self.use_cases.incidents.perform(step_named(step.task), run_id=run_id) == step.choice

    @rule(run_id=runs, how=st.sampled_from(["release", "reject"]), moment=moments)
    def answer_the_request(self, run_id, how, moment):
        ticket = self.use_cases.lookups.incident(run_id).ticket.id
        act = getattr(self.use_cases.restorations, how)
        with self.killer.before_write(moment):
            try:
                act(ticket, by="operator", reason="So be it.")
            except UnableToReleaseRestoration:
                wait = self.use_cases.restorations.find(run_id)
                assert wait.sent_at or wait.rejected_at or wait.outcome or self.clock.now > wait.deadline
            except UnableToFindRestoration:
                assert self.use_cases.lookups.incident(run_id).restoration is None

    @rule(how=st.sampled_from(["approve", "decline", "enter"]), by=st.sampled_from(["ann", "ben"]), moment=moments)
    def decide_a_credit(self, how, by, moment):
        held = [credit for credit in self.use_cases.credits.waiting() if credit.state == "held"]
        if not held:
            return
        act, parts = getattr(self.use_cases.credits, how), {"by": by, "reason": "So be it."}
        parts |= {"amount": "1.00"} if how == "enter" else {}
        with self.killer.before_write(moment), suppress(UnableToDecideCredit):
            act(held[0].reference, **parts)

    @rule(
        run_id=runs,
        how=st.sampled_from(["record", "measure", "resolve", "resolve", "reopen", "write"]),
        basis=st.sampled_from(Basis),
        moment=moments,
    )
    def follow_up(self, run_id, how, basis, moment):
        """Act on an incident after its run, or on the ticket of the extra process; before, everything is refused."""
        case = self.use_cases.lookups.incident(run_id)
        parts = {"by": "ann", "reason": "So be it."}
        if how == "record":
            parts = {"by": "ann", "done": "Changed the card.", "done_at": self.clock.now}
        if how == "resolve":
            parts |= {"basis": basis, "with_children": True}
        with self.killer.before_write(moment), suppress(UnableToFollowUp, UnableToMoveTicket):
            getattr(self.use_cases.follow_ups, how)(case.ticket.id, **parts)
            assert case.closed is not None

    @rule(run_id=runs, days=st.integers(1, 25))
    def upgrade_the_service(self, run_id, days):
        """Let another agreement follow at twice the charge, some days ago: inside the window, before it or after."""
        service = self.sent[run_id]["service"]
        if service in self.changed:
            return
        self.changed.add(service)
        last = (self.clock.now - timedelta(days=days)).date()
        with self.use_cases.work.database.write() as connection:
            before = connection.execute(select(t.agreements).where(t.agreements.c.service == service)).one()
            if before.starts >= last:
                return
            mine = t.agreements.c.id == before.id
            connection.execute(update(t.agreements).where(mine).values(ends=last))
            after = {"id": f"{before.id}b", "starts": last + timedelta(days=1), "ends": before.ends}
            charge = {"monthly_charge": 2 * before.monthly_charge}
            connection.execute(insert(t.agreements).values(before._asdict() | after | charge))

    @rule(run_id=runs, to=st.sampled_from(["customer", "provider"]))
    def correct_the_facts(self, run_id, to):
        mine = t.outages.c.service == self.sent[run_id]["service"]
        with self.use_cases.work.database.write() as connection:
            connection.execute(update(t.outages).where(mine).values(attribution=to))

    @rule(seconds=st.sampled_from([1, 44, 45, 46, 600, 3600, 172_799, 172_801]))
    def let_time_pass(self, seconds):
        if self.clock.now < NOON + timedelta(days=20):
            self.clock.pass_by(seconds=seconds)

    @rule(moment=moments, mail=WEATHER, billing=WEATHER)
    def deliver(self, moment, mail, billing):
        with self.killer.before_write(moment), self.outside.in_weather(mail=mail, billing=billing):
            self.use_cases.outbox.deliver()

    @invariant()
    def nothing_is_ever_wrong(self):
        if hasattr(self, "use_cases"):
            assert list(map(str, self.use_cases.monitoring.violations())) == []

    @invariant()
    def a_decision_is_for_ever(self):
        if not hasattr(self, "use_cases"):
            return
        with self.use_cases.work.reading() as connection:
            for row in connection.execute(select(restorations).where(restorations.c.outcome.is_not(None))):
                decided = row.outcome, row.deadline, row.decided_at
                assert self.answers.setdefault(row.ticket, decided) == decided

    def next_step(self, run_id):
        return next_step(self.use_cases, run_id)

    def step(self, run_id):
        """Do what comes next for this incident, as the database has it."""
        task = self.next_step(run_id)
        if task == WAIT:
            return self.use_cases.restorations.decide(run_id)
        return task and self.use_cases.incidents.perform(step_named(task), run_id=run_id)

    def teardown(self):
        """Lead every incident to its end, in peace: all have one, and every letter and credit has left."""
        if not hasattr(self, "use_cases"):
            return
        for run_id in self.sent:
            self.lead_to_its_end(run_id)
        with self.outside.in_weather(mail="fails afterwards", billing="fails afterwards"):
            self.use_cases.outbox.deliver(limit=1000)
        for _ in range(3):
            self.clock.pass_by(hours=1)
            with self.outside.in_weather(mail="works", billing="works"):
                self.use_cases.outbox.deliver(limit=1000)
        assert list(map(str, self.use_cases.monitoring.violations(settled=True))) == []
        assert {one.state for one in self.use_cases.outbox.messages(limit=100_000)} <= {"sent"}
        letters = len(list((self.folder / "letters").glob("*.eml")))
        assert letters == sum(message.kind == "mail" for message in self.use_cases.outbox.messages(limit=1000))
        told = self.use_cases.lookups
        rounds = [d for run_id in self.sent for d in told.incident(run_id).documents if d.kind == "CustomerReport"]
        later = sum(round_.task.startswith(("credit ", "incident ", "customer ")) for round_ in rounds)
        assert letters == len(self.sent) + later
        assert {message.key for message in self.use_cases.outbox.messages(limit=1000)} == set(self.outside.arrived)
        shutil.rmtree(self.folder, ignore_errors=True)

    def lead_to_its_end(self, run_id):
        while step := self.next_step(run_id):
            if self.step(run_id) is None and step == WAIT:
                deadline = self.use_cases.restorations.find(run_id).deadline
                self.clock.now = max(self.clock.now, deadline + timedelta(seconds=1))


def test_an_act_that_is_cut_off_before_any_of_its_writes_has_done_nothing(tmp_path):
    use_cases = open_use_cases(tmp_path, Clock())
    killer, conf = Killer(use_cases), TELECO.notifications["premium"].model_dump(mode="json")
    for number in range(100):
        with killer.before_write(number):
            use_cases.incidents.accept(conf, run_id="run-1", origin="test")
        if killer.kills == number:
            break
        assert list(use_cases.lookups.tickets()) == []
    assert killer.kills > 5
    assert len(use_cases.lookups.tickets()) == 1


def played(examples: int) -> type:
    case = type("Played", (KilledProcess.TestCase,), {})
    case.settings = settings(
        max_examples=examples, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
    )
    return case


TestKilledProcess = played(FEW)
TestProcessKilledMoreOften = pytest.mark.more(pytest.mark.timeout(180 * EXAMPLES)(played(EXAMPLES)))

"""Departments and store under a killer: any act may be cut off before any of its writes, and is then done again."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import event

from include.sla_logic.adapters.restorations import UnableToFindRestoration
from include.sla_logic.adapters.small_teleco import load_small_teleco, small_teleco
from include.sla_logic.office import Office, Settings, UnableToAcceptNotification, UnableToReleaseRestoration
from tests.office.town import NOON, Clock
from tests.reference.walk import FOLLOWS, WAIT, the_activity

KEYS = ("premium", "re_prioritised", "minor_correction", "automatic_restoration", "held_and_released", "too_late")
HOUSE = small_teleco(7, NOON, history_days=32)
moments = st.none() | st.integers(0, 25)  # before which write the process is killed
EXAMPLES = int(os.environ.get("SLA_EXAMPLES", "20"))  # of 50 acts each; `make faults` plays more
_WRITES = ("INSERT", "UPDATE", "DELETE", "COMMIT")


class Killed(BaseException):
    """As nothing catches kill -9, nothing may catch this."""


class Killer:
    """Cuts an act off before its n-th write; a commit counts as one, so that nothing or all of it is kept."""

    def __init__(self, office: Office) -> None:
        self.left: int | None = None
        self.kills = 0
        event.listen(office.database.engine, "before_cursor_execute", self._statement)
        event.listen(office.database.engine, "commit", self._count)

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


_prepared: list[bytes] = []


def open_office(folder: Path, clock: Clock) -> Office:
    file = folder / "teleco.db"
    office = Office(Settings(f"sqlite:///{file}", folder / "letters"), clock=clock)
    if _prepared:
        file.write_bytes(_prepared[0])
        return office
    office.migrate()
    with office.database.write() as connection:
        load_small_teleco(connection, HOUSE)
    _prepared.append(file.read_bytes())
    return office


class KilledHouse(RuleBasedStateMachine):
    runs = Bundle("runs")

    @initialize()
    def open(self):
        self.folder = Path(tempfile.mkdtemp(prefix="killed-house-"))
        self.clock = Clock()
        self.office = open_office(self.folder, self.clock)
        self.killer = Killer(self.office)
        self.sent = {}
        self.answers = {}

    @rule(target=runs, key=st.sampled_from(KEYS), moment=moments)
    def start(self, key, moment):
        run_id = f"run-{len(self.sent) + 1}"
        conf = HOUSE.notifications[key].model_dump(mode="json") | {"external_reference": f"REF-{run_id}"}
        with self.killer.before_write(moment):
            self.office.accept(conf, run_id=run_id, origin="test")
        self.sent[run_id] = conf
        self.office.accept(conf, run_id=run_id, origin="test")
        return run_id

    @rule(run_id=runs)
    def send_again_under_another_run(self, run_id):
        with pytest.raises(UnableToAcceptNotification, match=f"by run {run_id}"):
            self.office.accept(self.sent[run_id], run_id=f"again.{run_id}", origin="test")

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
        done = [step for step in self.office.case(run_id).path if step.task != WAIT]
        if done:
            step = data.draw(st.sampled_from(done))
            assert self.office.perform(the_activity(step.task), run_id=run_id) == step.choice

    @rule(run_id=runs, how=st.sampled_from(["release", "reject"]), moment=moments)
    def answer_the_request(self, run_id, how, moment):
        ticket = self.office.case(run_id).ticket.id
        act = getattr(self.office, f"{how}_restoration")
        with self.killer.before_write(moment):
            try:
                act(ticket, by="operator", reason="So be it.")
            except UnableToReleaseRestoration:
                wait = self.office.restoration(run_id)
                assert wait.sent_at or wait.rejected_at or wait.outcome or self.clock.now > wait.deadline
            except UnableToFindRestoration:
                assert self.office.case(run_id).restoration is None

    @rule(seconds=st.sampled_from([1, 44, 45, 46, 600, 3600, 172_799, 172_801]))
    def let_time_pass(self, seconds):
        if self.clock.now < NOON + timedelta(days=20):
            self.clock.pass_by(seconds=seconds)

    @rule(moment=moments)
    def deliver(self, moment):
        with self.killer.before_write(moment):
            self.office.deliver()

    @invariant()
    def nothing_is_ever_wrong(self):
        if hasattr(self, "office"):
            assert list(map(str, self.office.breaches())) == []

    @invariant()
    def a_decision_is_for_ever(self):
        if not hasattr(self, "office"):
            return
        for run_id in self.sent:
            wait = self.office.case(run_id).restoration
            if wait and wait.outcome:
                assert self.answers.setdefault(run_id, (wait.outcome, wait.deadline)) == (wait.outcome, wait.deadline)

    def step(self, run_id):
        """Do what comes next for this incident, as the database has it."""
        path = self.office.case(run_id).path
        last = path[-1] if path else None
        task = (last.choice or FOLLOWS.get(last.task)) if last else "enter_problem_report"
        if task == WAIT:
            return self.office.decide_restoration(run_id)
        return task and self.office.perform(the_activity(task), run_id=run_id)

    def teardown(self):
        """Lead every incident to its end, in peace: all have one, and every letter and credit has left."""
        if not hasattr(self, "office"):
            return
        for run_id in self.sent:
            for _ in range(60):
                if self.office.case(run_id).closed:
                    break
                if self.step(run_id) is None and self.waits(run_id):
                    self.clock.now = max(
                        self.clock.now, self.office.restoration(run_id).deadline + timedelta(seconds=1)
                    )
        for _ in range(3):
            self.clock.pass_by(hours=1)
            self.office.deliver()
        assert list(map(str, self.office.breaches(settled=True))) == []
        assert set(self.office.message_counts()) <= {"sent"}
        letters = len(list((self.folder / "letters").glob("*.eml")))
        assert letters == sum(message.kind == "mail" for message in self.office.messages(limit=1000))
        assert letters == len(self.sent)
        shutil.rmtree(self.folder, ignore_errors=True)

    def waits(self, run_id):
        wait = self.office.case(run_id).restoration
        return wait is not None and wait.outcome is None


def test_an_act_that_is_cut_off_before_any_of_its_writes_has_done_nothing(tmp_path):
    office = open_office(tmp_path, Clock())
    killer, conf = Killer(office), HOUSE.notifications["premium"].model_dump(mode="json")
    for number in range(100):
        with killer.before_write(number):
            office.accept(conf, run_id="run-1", origin="test")
        if killer.kills == number:
            break
        assert list(office.tickets()) == []
    assert killer.kills > 5
    assert len(office.tickets()) == 1


TestKilledHouse = pytest.mark.timeout(3600)(KilledHouse.TestCase)
TestKilledHouse.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=50, deadline=None, suppress_health_check=list(HealthCheck)
)

"""A step is done wholly or not at all, and once, however many processes try."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from textwrap import dedent
from threading import Barrier

import pytest
from sqlalchemy import event, select

from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.database import UnableToUseDatabase
from include.sla_logic.persistence.flush import UnableToKeepMessage
from include.sla_logic.persistence.incident_records import UnableToFindIncident
from include.sla_logic.persistence.schema.columns import metadata
from include.sla_logic.process.step import Step, step
from include.sla_logic.services import Settings, UseCases
from tests.clock import NOON
from tests.services.sample import conf

PATIENCE = 600  # seconds for a process to end
ROOT = Path(__file__).parents[2]


class Crash(BaseException):
    """The process ends here; nothing in the code may catch it."""


class Note(Document):
    text: str


class Way(StrEnum):
    LEFT = "turn_left"


@step
def do_everything(file) -> Way:
    """Write to every table that a step can write to."""
    file.write(Note(text="one"))
    file.write(Note(text="two"))
    file.record("noted", lane=Lane.BILLING)
    file.move_ticket(TicketStatus.IN_PROGRESS, reason="begun")
    file.hand_over(Lane.SERVICE_MANAGEMENT)
    file.escalate("for once")
    file.restorations.open(deadline=NOON + timedelta(days=2), held_because="by hand")
    file.open_child_ticket("premium", to=Lane.EXTRA_PROBLEM_FIX)
    file.outgoing.put(kind="mail", key="letter-1", payload={"text": "Grüße", "lines": [1, 2]})
    file.outgoing.put(kind="billing", key="credit-1", payload={"amount": "1.00"})
    return Way.LEFT


@contextmanager
def crash_at(use_cases: UseCases, statement: int) -> Iterator[Counter[str]]:
    """Crash just before the given statement that writes; count what was written."""
    count: Counter[str] = Counter()

    def before(_connection, _cursor, sql, *_) -> None:
        if sql.startswith(("INSERT", "UPDATE")):
            count["writes"] += 1
            if count["writes"] == statement:
                raise Crash

    event.listen(use_cases.work.database.engine, "before_cursor_execute", before)
    try:
        yield count
    finally:
        event.remove(use_cases.work.database.engine, "before_cursor_execute", before)


def contents(use_cases: UseCases) -> dict[str, list[tuple]]:
    with use_cases.work.database.read() as connection:
        return {
            name: [tuple(row) for row in connection.execute(select(table))] for name, table in metadata.tables.items()
        }


def test_a_crash_before_any_write_leaves_nothing_and_the_next_try_does_it_all(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    before, crashes = contents(any_use_cases), 0
    while True:
        with crash_at(any_use_cases, crashes + 1) as count:
            try:
                any_use_cases.incidents.perform(do_everything, run_id="run-1")
                break
            except Crash:
                crashes += 1
        assert contents(any_use_cases) == before
    assert count["writes"] == crashes >= 10
    case = any_use_cases.lookups.incident("run-1")
    assert [(step.task, step.choice) for step in case.path] == [("do_everything", "turn_left")]
    assert [(d.kind, d.round, d.task) for d in case.documents[1:]] == [
        ("Note", 1, "do_everything"),
        ("Note", 2, "do_everything"),
    ]
    assert [m.key for m in case.outbox] == ["letter-1", "credit-1"]
    assert case.restoration is not None
    assert len(case.children) == 1
    assert case.ticket.escalated
    assert [entry.sequence for entry in case.timeline] == list(range(1, len(case.timeline) + 1))


def test_a_crash_before_any_write_of_accepting_leaves_nothing(any_use_cases):
    before, crashes = contents(any_use_cases), 0
    while True:
        with crash_at(any_use_cases, crashes + 1):
            try:
                any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
                break
            except Crash:
                crashes += 1
        assert contents(any_use_cases) == before
    assert crashes >= 4


def test_a_step_that_is_done_is_not_called_again(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    any_use_cases.incidents.perform(do_everything, run_id="run-1")
    before = contents(any_use_cases)
    assert any_use_cases.incidents.perform(do_everything, run_id="run-1") == "turn_left"
    assert contents(any_use_cases) == before


def test_of_many_who_do_the_same_step_one_does_it(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    ready, calls = Barrier(6), []

    @step
    def count_me(file) -> Way:
        calls.append(file.now)
        file.write(Note(text="one"))
        return Way.LEFT

    def try_it(_: int) -> str | None:
        ready.wait()
        return any_use_cases.incidents.perform(count_me, run_id="run-1")

    with ThreadPoolExecutor(6) as threads:
        assert list(threads.map(try_it, range(6))) == ["turn_left"] * 6
    assert len(calls) == 1
    assert len(any_use_cases.lookups.incident("run-1").documents) == 2


def test_different_steps_of_one_incident_at_once_keep_the_sequence_free_of_gaps(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")

    def step_number(number: int) -> str | None:
        def note(file) -> None:
            for part in "abc":
                file.record(f"{number}{part}", lane=Lane.BILLING)
            file.write(Note(text=str(number)))

        return any_use_cases.incidents.perform(Step(f"step_{number}", "", note), run_id="run-1")

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(step_number, range(12)))
    case = any_use_cases.lookups.incident("run-1")
    assert [entry.sequence for entry in case.timeline] == list(range(1, 38))
    assert [d.round for d in case.documents if d.kind == "Note"] == list(range(1, 13))


@pytest.mark.more
def test_processes_that_do_the_same_step_do_it_once(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    program = dedent("""
        import sys, time
        from pathlib import Path
        from include.sla_logic.domain.lanes import Lane
        from include.sla_logic.process.step import Step, step
        from include.sla_logic.services import UseCases, Settings

        @step
        def once(file):
            time.sleep(0.2)
            file.record("once", lane=Lane.BILLING)

        use_cases = UseCases(Settings(database_url=sys.argv[1], letters_folder=Path(".")))
        sys.stdin.readline()
        use_cases.incidents.perform(once, run_id="run-1")
    """)
    command = [sys.executable, "-c", program, any_use_cases.work.settings.database_url]
    processes = [subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE) for _ in range(3)]
    for process in processes:
        process.stdin.write(b"\n")
        process.stdin.flush()
    codes = [process.wait(PATIENCE) for process in processes]
    for process in processes:
        process.stdin.close()
    assert codes == [0, 0, 0]
    assert [entry.event for entry in any_use_cases.lookups.incident("run-1").timeline].count("once") == 1


@pytest.mark.more
def test_a_killed_process_leaves_nothing_behind(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    before = contents(any_use_cases)
    program = dedent("""
        import os, signal, sys
        from pathlib import Path
        from sqlalchemy import event
        from include.sla_logic.services import UseCases, Settings
        from tests.services.test_performing import do_everything

        use_cases = UseCases(Settings(database_url=sys.argv[1], letters_folder=Path(".")))
        kill = lambda connection: os.kill(os.getpid(), signal.SIGKILL)
        event.listen(use_cases.work.database.engine, "commit", kill)
        use_cases.incidents.perform(do_everything, run_id="run-1")
    """)
    command = [sys.executable, "-c", program, any_use_cases.work.settings.database_url]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=PATIENCE).returncode == -9
    assert contents(any_use_cases) == before
    assert any_use_cases.incidents.perform(do_everything, run_id="run-1") == "turn_left"


def test_two_runs_work_at_the_same_time_on_their_own_incidents(any_use_cases):
    for run in ("run-1", "run-2"):
        any_use_cases.incidents.accept(conf(), run_id=run, origin="form")
    any_use_cases.incidents.perform(step(lambda file: file.record("mine", lane=Lane.BILLING)), run_id="run-1")
    assert len(any_use_cases.lookups.incident("run-1").timeline) == 2
    assert len(any_use_cases.lookups.incident("run-2").timeline) == 1


def test_a_run_without_an_incident_is_named(any_use_cases):
    with pytest.raises(UnableToFindIncident, match="No incident was accepted for the run 'run-9'"):
        any_use_cases.incidents.perform(do_everything, run_id="run-9")


def test_a_run_that_is_called_like_a_ticket_does_not_reach_that_ticket(use_cases):
    use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    with pytest.raises(UnableToFindIncident):
        use_cases.incidents.perform(do_everything, run_id="TT-000001")


def test_the_same_key_with_another_content_is_refused(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")

    def post(text: str, number: int) -> Step:
        def put(file) -> None:
            file.outgoing.put(kind="mail", key="letter-1", payload={"text": text})

        return Step(f"post_{number}", "", put)

    any_use_cases.incidents.perform(post("a", 1), run_id="run-1")
    any_use_cases.incidents.perform(post("a", 2), run_id="run-1")
    with pytest.raises(UnableToKeepMessage, match="letter-1"):
        any_use_cases.incidents.perform(post("b", 3), run_id="run-1")
    assert len(any_use_cases.outbox.messages()) == 1


def test_an_unmigrated_database_says_what_to_do(empty_url, tmp_path):
    use_cases = UseCases(Settings(database_url=empty_url, letters_folder=tmp_path))
    with pytest.raises(UnableToUseDatabase, match="run `sla database migrate` first"):
        use_cases.incidents.perform(do_everything, run_id="run-1")
    with pytest.raises(UnableToUseDatabase, match="no tables of this product yet"):
        use_cases.incidents.accept(conf(), run_id="run-1", origin="form")

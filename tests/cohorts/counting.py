"""Counting the statements that reach the driver: one call of its cursor is one, however many rows it carries."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event

from benchmarks.leading import ORDER, runs_that_go_on
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.services import UseCases

SENDING = "(sending)"
ENDS_AND_BEGINNINGS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements, but not those that begin or end a transaction."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        if not sql.lstrip().startswith(ENDS_AND_BEGINNINGS):
            statements.append(sql)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


def statements_of_steps(use_cases: UseCases, tickets: list[str], *, run_id: str = "cohort") -> dict[str, list[str]]:
    """Lead a cohort to its end, send what it leaves, and return the statements of each step and of the sending."""
    use_cases.cohorts.accept({"incidents": tickets}, run_id=run_id)
    found, runs = {}, [run_id]
    for task in ORDER:
        with counted(use_cases.work.database.engine) as found[task]:
            if task == WAIT:
                runs = runs_that_go_on(use_cases.cohorts.await_restoration(run_id=run_id), run_id)
            else:
                for carrying in runs:
                    use_cases.cohorts.perform(step_named(task), run_id=carrying)
    with counted(use_cases.work.database.engine) as found[SENDING]:
        use_cases.outbox.deliver(limit=10_000)
    return found

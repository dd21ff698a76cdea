"""How far one step reaches: the files that `compare_with_sla` enters for one incident, and its SQL statements.

Run with `PYTHONPATH=.:plugins python -m benchmarks.walk`. The walk begins where the task calls `perform`, in a
process that has done the step before it, and ends with the commit. Counted are the project's files of which a
function is called, and statements that reach the driver, without those that begin and end the transaction. The rules
in domain/ are shown and not counted: they know neither the task nor the rows.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType

from sqlalchemy import event

from benchmarks.sample import open_sample
from include.sla_logic.process.customer_service import compare_with_sla, enter_problem_report
from include.sla_logic.services import UseCases
from sla_airflow.runtime import perform

ROOT = Path(__file__).resolve().parent.parent
MOST_FILES, MOST_STATEMENTS = 20, 8
FOLDERS = ("include", "plugins")
RULES = "include/sla_logic/domain/"
RUN = "walk"


def open_walk(folder: Path) -> UseCases:
    """Accept one incident and enter its report."""
    use_cases, [conf] = open_sample(folder, 1)
    use_cases.incidents.accept(conf, run_id=RUN, origin="walk")
    perform(enter_problem_report, RUN, use_cases)
    return use_cases


def files_entered(use_cases: UseCases) -> Counter[str]:
    """Return how many calls each file between the task and the rows takes."""
    return Counter({name: calls for name, calls in calls_of(use_cases).items() if not name.startswith(RULES)})


def calls_of(use_cases: UseCases) -> Counter[str]:
    """Return how many calls each file of the project takes."""
    calls: Counter[str] = Counter()

    def note(frame: FrameType, what: str, _argument: object) -> None:
        file = Path(frame.f_code.co_filename)
        if what == "call" and any(file.is_relative_to(ROOT / folder) for folder in FOLDERS):
            calls[str(file.relative_to(ROOT))] += 1

    sys.setprofile(note)
    try:
        perform(compare_with_sla, RUN, use_cases)
    finally:
        sys.setprofile(None)
    return calls


def statements_of(use_cases: UseCases) -> list[str]:
    """Return the statements of the step."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        if not sql.startswith("BEGIN"):
            statements.append(sql)

    event.listen(use_cases.work.database.engine, "before_cursor_execute", note)
    try:
        perform(compare_with_sla, RUN, use_cases)
    finally:
        event.remove(use_cases.work.database.engine, "before_cursor_execute", note)
    return statements


def main() -> None:
    """Print both lists."""
    with tempfile.TemporaryDirectory() as folder:
        calls = calls_of(open_walk(Path(folder)))
    files = [name for name in calls if not name.startswith(RULES)]
    with tempfile.TemporaryDirectory() as folder:
        statements = statements_of(open_walk(Path(folder)))
    print(
        f"{len(files)} files between the task and the rows, {MOST_FILES} at most; {len(calls) - len(files)} of rules:"
    )
    for name, count in sorted(calls.items()):
        print(f"    {count:6d} calls  {name}")
    print(f"{len(statements)} statements, {MOST_STATEMENTS} at most:")
    for sql in statements:
        print(f"    {' '.join(sql.split())[:100]}")


if __name__ == "__main__":
    main()

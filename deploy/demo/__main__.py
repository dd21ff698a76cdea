"""Run the demo: `python -m deploy.demo [--only KEY …] [--metadata-url URL]`."""

import argparse
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.markup import escape
from sqlalchemy.exc import OperationalError

from deploy.demo.closing import Closed, close_a_month
from deploy.demo.incidents import DemoIncident, load_incidents
from deploy.demo.table import Result, table_of
from deploy.demo.verdict import differences
from deploy.demo.watch import DAG, EXTRA_DAG, Watch
from deploy.stack import AirflowStack, OperationsDatabase, StackSettings
from deploy.stack.settings import ROOT, sqlite_url
from include.sla_logic.cli import sentence_of
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.services import Settings, UseCases

HOME = ROOT / ".airflow" / "demo"
RUN_SECONDS = 600
LOG_WIDTH = 160
# Its two cores are for the incidents: nothing runs on a schedule beside them, and no DAG file is read twice.
ENVIRONMENT = {
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": str(RUN_SECONDS),
}


def main() -> int:
    """Start everything, wait for everything, stop everything; 0 only where every incident ended as it must."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--only", metavar="KEY", nargs="+", help="keys of the incidents to start (all by default)")
    parser.add_argument("--metadata-url", help="URL of Airflow's own database (a server of its own by default)")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    started = time.monotonic()
    shutil.rmtree(HOME, ignore_errors=True)
    try:
        results, closed = _run(console, only=given.only, metadata_url=given.metadata_url)
    except (ForeseenError, OSError, OperationalError) as error:
        console.print(f"The demo cannot go on: {sentence_of(error)}")
        return 1
    except KeyboardInterrupt:
        console.print("Stopped")
        return 130
    console.print(f"All that was started is stopped. {time.monotonic() - started:.0f} s in all.")
    return _report(console, results, closed)


def _run(
    console: Console, *, only: Sequence[str] | None, metadata_url: str | None
) -> tuple[list[Result], Closed | None]:
    """Lead the incidents to their ends; what needs no Airflow is done while it starts and while it stops."""
    operations = _settings()
    use_cases = UseCases(operations)
    settings = StackSettings(
        home=HOME,
        operations=OperationsDatabase(operations.database_url),
        metadata_url=metadata_url,
        extra_environment=ENVIRONMENT,
    )
    with ThreadPoolExecutor(max_workers=1) as beside:
        console.print("Migrating the operations database, loading the small TELECO")
        migrated, loaded = beside.submit(use_cases.work.migrate), beside.submit(load_incidents, use_cases)
        with AirflowStack(settings, tell=console.print, before=migrated.result) as stack:
            stack.wait_for_dags([DAG, EXTRA_DAG])
            for name in (DAG, EXTRA_DAG):
                stack.api.unpause(name)
            incidents = [incident for incident in loaded.result() if not only or incident.key in only]
            console.print(f"Airflow is at {stack.address} ({stack.user} / {stack.password})")
            watch = Watch(stack, use_cases, incidents)
            watch.until_all_ended(console, timeout_seconds=RUN_SECONDS)
            results = [_result(watch, incident) for incident in incidents]
            closed = beside.submit(close_a_month, operations, results)
        return results, closed.result()


def _settings() -> Settings:
    return Settings(database_url=sqlite_url(HOME / "teleco.db"), letters_folder=HOME / "letters")


def _result(watch: Watch, incident: DemoIncident) -> Result:
    case = watch.case(incident)
    wrong = differences(case, watch.states.get(incident.run_id, "unknown"), incident.expected)
    return Result(incident=incident, case=case, wrong=tuple(wrong))


def _report(console: Console, results: Sequence[Result], closed: Closed | None) -> int:
    console.print(table_of(results, beside=HOME / "letters"))
    console.print(f"The letters, as page (.html) and as mail (.eml), are in {(HOME / 'letters').relative_to(ROOT)}")
    wrong = [result for result in results if result.wrong]
    for result in wrong:
        console.print(f"[red]{result.incident.key}[/red]: {'; '.join(result.wrong)}")
    none_closed = "No month is closed: the premium incident has not run, or has no provisional credit."
    told = closed.told if closed else (none_closed,)
    console.print("[bold]A month is closed, and corrected[/bold]", *(escape(line) for line in told), sep="\n")
    if closed and closed.wrong:
        console.print(f"[red]settlement[/red]: {'; '.join(closed.wrong)}")
    console.print(f"{len(results) - len(wrong)} of {len(results)} incidents ended as the data say they must.")
    console.print("Look at them again: TELECO_DB_URL=sqlite:///.airflow/demo/teleco.db .venv/bin/sla --help")
    return 1 if wrong or not results or (closed and closed.wrong) else 0


if __name__ == "__main__":
    sys.exit(main())

"""A whole installation under test: the real components, the sample data, a mail server, a billing system."""

import json
import os
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import uuid4

import psutil
from sqlalchemy.exc import DBAPIError

from benchmarks.sample import load_copy, renamed
from deploy.postgres import PostgresServer
from deploy.stack import AirflowStack, OperationsDatabase, StackSettings
from deploy.stack.rest import FINISHED
from deploy.stack.settings import ROOT, sqlite_url
from include.sla_logic.cli.airflow_api import UnableToReachAirflow
from include.sla_logic.persistence.incident_records import UnableToFindIncident
from include.sla_logic.persistence.outbox import UnableToRetryMessage
from include.sla_logic.sample_data import load_sample, make_sample
from include.sla_logic.services import Settings, UseCases
from tests.faults.checking import Verdict, check
from tests.faults.disk import SmallDisk, small_disk
from tests.faults.outside import SENDER, Billing, Mailbox

DAG = "sla_violation"
HOUSEKEEPING = "sla_housekeeping"
WAIT = "await_restoration_request"
DAGS = ROOT / "dags"
DISK_MIB = 2048
PATIENCE = 1800  # seconds for any one thing: two minutes where nothing else runs, and a machine may have much to do
SUPERVISED, SICK_SECONDS = {"scheduler", "triggerer"}, 90
HASTE = {
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "20",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "20",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "20",
}


class Installation:
    """Starts incidents, breaks things, waits until all is quiet, and judges."""

    def __init__(self, stack: AirflowStack, use_cases: UseCases, mailbox: Mailbox, billing: Billing) -> None:
        self.stack, self.use_cases, self.mailbox, self.billing = stack, use_cases, mailbox, billing
        self.server: PostgresServer
        self.disk: SmallDisk | None = None  # with all that the operations database writes
        self.dags: Path = stack.settings.dags_folder
        self.teleco = make_sample(7, datetime.now(UTC), history_days=35)
        with use_cases.work.database.write() as connection:
            load_sample(connection, self.teleco)
        self.started: set[str] = set()
        self.copy = 0
        self.reviving = Lock()
        self.sick_since: dict[str, float] = {}
        self.over: set[str] = set()  # runs seen to have succeeded
        self.away: set[str] = set()  # components that a fault keeps down

    def conf(self, key: str, reference: str) -> dict[str, Any]:
        conf = self.teleco.notifications[key].model_dump(mode="json")
        return renamed(conf, self.copy) | {"external_reference": reference}

    def start(self, key: str, reference: str) -> str:
        """Start one incident by REST, asking again until the api-server has answered."""
        run_id = f"incident.{reference}"
        self.stack.api.start_run(DAG, conf=self.conf(key, reference), run_id=run_id)
        self.started.add(run_id)
        return run_id

    def move_on(self) -> None:
        """Load the same customers, services and faults under new names: credits are due and nothing is repaired."""
        self.copy += 1
        with self.use_cases.work.database.write() as connection:
            load_copy(connection, self.teleco, self.copy)

    def start_apart(self, key: str, reference: str) -> str:
        """Start one incident at a service of its own: one release is for all that wait for one service problem."""
        self.move_on()
        return self.start(key, reference)

    def kill(self, component: str) -> None:
        """Kill one component with -9 and start it again, as a supervisor does."""
        self.stack.components.kill(component)
        self.stack.components.wait_ended(component)
        self.stack.start_component(component)

    def revive(self) -> None:
        """Start what has ended and restart what is unhealthy, as a supervisor with a health check does."""
        if not self.reviving.acquire(blocking=False):
            return
        try:
            self._revive()
        finally:
            self.reviving.release()

    def start_ended(self) -> None:
        """Start what has ended by itself."""
        for name in set(self.stack.components.ended) - self.away:
            self.stack.start_component(name)

    def _revive(self) -> None:
        self.start_ended()
        sick = {part for part, status in self.stack.api.health().items() if status == "unhealthy"}
        self.sick_since = {part: self.sick_since.get(part, time.monotonic()) for part in sick & SUPERVISED - self.away}
        for part, since in self.sick_since.items():
            if time.monotonic() > since + SICK_SECONDS:
                print(f"{part} is alive but unhealthy: it is restarted")  # noqa: T201 - a finding
                self.sick_since = {}
                self.kill(part)
                return

    def workers(self) -> list[psutil.Process]:
        """Find the processes that run tasks now: children of the workers of the scheduler, or of Celery's."""
        if self.stack.settings.celery_workers:
            names = sorted(name for name in self.stack.components.pids if name.startswith("worker-"))
            return [task for name in names for task in self.tasks_of(name)]
        pid = self.stack.components.pids.get("scheduler")
        with suppress(psutil.Error):
            workers = [p for p in psutil.Process(pid).children() if "LocalExecutor" in " ".join(p.cmdline())]
            return [task for worker in workers for task in worker.children()]
        return []

    def tasks_of(self, worker: str) -> list[psutil.Process]:
        """Find the processes that run tasks now below one worker of Celery: children of its pool."""
        with suppress(psutil.Error):
            pool = psutil.Process(self.stack.components.pids.get(worker)).children()
            return [task for process in pool for task in process.children()]
        return []

    def sla(self, *words: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "TELECO_DB_URL": self.use_cases.work.settings.database_url,
            "TELECO_SMTP_URL": f"smtp://127.0.0.1:{self.mailbox.port}?sender={SENDER}",
            "TELECO_BILLING_URL": f"http://127.0.0.1:{self.billing.port}",
            "TELECO_AIRFLOW_URL": self.stack.address,
            "TELECO_AIRFLOW_USER": self.stack.user,
            "TELECO_AIRFLOW_PASSWORD": self.stack.password,
        }
        command = [str(self.stack.settings.root / ".venv" / "bin" / "sla"), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def waiting(self, run_id: str) -> bool:
        """Tell whether the incident's request is held and undecided."""
        with suppress(UnableToFindIncident):
            wait = self.use_cases.lookups.incident(run_id).restoration
            return wait is not None and wait.held_because is not None and not (wait.sent_at or wait.outcome)
        return False

    def asked(self, run_id: str) -> bool:
        """Tell whether the incident has come to its wait, whatever became of that since."""
        with suppress(UnableToFindIncident):
            wait = self.use_cases.lookups.incident(run_id).restoration
            return wait is not None and wait.held_because is not None
        return False

    def release_held(self) -> None:
        """Do what an operator does with held requests; one whose time is short is left to pass."""
        for run_id in sorted(self.started):
            if self.waiting(run_id):
                left = self.use_cases.restorations.find(run_id).deadline - datetime.now(UTC)
                if left.total_seconds() > 3600:
                    self.use_cases.restorations.release(run_id, by="operator", reason="The route has room.")

    def until(self, reached: Callable[[], bool], what: str, every: float = 1) -> None:
        """Wait until the condition holds; after the patience is over report what did not come, and the situation."""
        end = time.monotonic() + PATIENCE
        while not self._is(reached):
            self.revive()
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: not within {PATIENCE} s; {self.situation()}")
            time.sleep(every)

    @staticmethod
    def _is(reached: Callable[[], bool]) -> bool:
        """Ask; an unanswered question is asked again."""
        with suppress(UnableToReachAirflow, DBAPIError, json.JSONDecodeError):
            return reached()
        return False

    def until_deferred(self, run_id: str) -> None:
        self.until(lambda: self.stack.api.task_states(DAG, run_id).get(WAIT) == "deferred", "not deferred")

    def situation(self) -> str:
        with suppress(UnableToReachAirflow):
            states = self.stack.api.run_states(DAG)
            open_runs = {run: state for run, state in states.items() if run in self.started and state != "success"}
            tasks = {
                run: {
                    k: v
                    for k, v in self.stack.api.task_states(DAG, run).items()
                    if v not in {None, "success", "skipped"}
                }
                for run in list(open_runs)[:5]
            }
            messages = Counter(one.state for one in self.use_cases.outbox.messages(limit=100_000))
            return f"{open_runs} {tasks} outbox {dict(messages)}"
        return "the api-server does not answer"

    def until_felt(self, kind: str) -> None:
        """Wait until a message of this kind was deferred: only then has the trouble been felt."""
        self.until(
            lambda: any(m.kind == kind and m.last_error for m in self.use_cases.outbox.messages(limit=1000)), "not felt"
        )

    def hurry(self) -> None:
        """Make deferred messages due now that the trouble is over: the housekeeping sends them within a minute."""
        for message in self.use_cases.outbox.messages(state="waiting", limit=1000):
            if message.last_error and message.next_attempt_at > datetime.now(UTC):
                with suppress(UnableToRetryMessage):
                    self.use_cases.outbox.retry(message.id, by="operator")

    def settle(self) -> None:
        """Wait until every run has ended and everything that had to leave has left, reviving what died."""

        def quiet() -> bool:
            self.release_held()
            if not self.mailbox.trouble and not self.billing.trouble:
                self.hurry()
            states = {run: self.stack.api.run_state(DAG, run) for run in self.started - self.over}
            self.over |= {run for run, state in states.items() if state == "success"}
            messages = partial(self.use_cases.outbox.messages, limit=1)
            return set(states.values()) <= FINISHED and not messages(state="waiting") and not messages(state="claimed")

        self.until(quiet, "not quiet")

    def restore(self) -> None:
        """Undo what a stuck fault has left behind, for the next one."""
        self.mailbox.be(None)
        self.billing.be(None)
        if self.disk:
            self.disk.make_room()
        if not self.server.runs:
            self.server.start_again()
        self.away.clear()

    def judge(self) -> Verdict:
        return check(self.use_cases, self.started, self.mailbox, self.billing)


@contextmanager
def open_installation(
    folder: Path,
    *,
    operations: str,
    metadata: str = "postgres",
    on_small_disk: bool = False,
    environment: Mapping[str, str] = HASTE,
    celery_workers: int = 0,
) -> Iterator[Installation]:
    """Open an installation; its operations database and Airflow's own are each 'sqlite' or 'postgres'.

    Where one may mount, the operations database can be given a small disk of its own.
    """
    with ExitStack() as opened:
        on_server = operations == "postgres"
        disk = small_disk(mebibytes=DISK_MIB) if on_small_disk else None
        if disk:
            opened.callback(disk.close)
        server = opened.enter_context(PostgresServer(within=disk.folder if disk and on_server else None))
        mailbox, billing = Mailbox(), Billing()
        opened.callback(mailbox.close)
        opened.callback(billing.close)
        file = (disk.folder if disk else folder) / "teleco.db"
        url = server.create_database(f"teleco_{uuid4().hex[:8]}") if on_server else sqlite_url(file)
        mail = {"conn_type": "smtp", "host": "127.0.0.1", "port": mailbox.port}
        mail |= {"extra": {"disable_ssl": True, "disable_tls": True, "from_email": SENDER, "timeout": 5}}
        post = {"conn_type": "http", "host": "127.0.0.1", "port": billing.port, "extra": {"timeout": 5}}
        connections = {
            "AIRFLOW_CONN_TELECO_SMTP": json.dumps(mail),
            "AIRFLOW_CONN_TELECO_BILLING": json.dumps(post),
        }
        settings = StackSettings(
            home=folder / "airflow",
            dags_folder=shutil.copytree(
                DAGS, folder / "dags", ignore=shutil.ignore_patterns("__pycache__")
            ),  # so that another version can be deployed
            operations=OperationsDatabase(url),
            metadata_url=server.create_database(f"airflow_{uuid4().hex[:8]}")
            if metadata == "postgres"
            else sqlite_url(folder / "airflow.db"),
            celery_workers=celery_workers,
            extra_environment={**connections, **environment},
        )
        use_cases = UseCases(Settings(url, folder / "letters"))
        use_cases.work.migrate()
        stack = opened.enter_context(AirflowStack(settings, tell=print))
        stack.wait_for_dags([DAG, HOUSEKEEPING])
        made = Installation(stack, use_cases, mailbox, billing)
        made.server, made.disk = server, disk
        yield made

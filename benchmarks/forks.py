"""What the steps of one incident cost in a process each, with and without what is compiled before the fork.

Run with `PYTHONPATH=.:plugins python -m benchmarks forks [--rounds 3]`. Each step runs in a fork of a process that has
imported what Airflow's scheduler and workers import, as a task does, on PostgreSQL and without Airflow. In every other
round that process has called `services.warm_up` before. Printed are CPU seconds of the forks, how many of the
statements that they send had to be compiled, and the ratio of both ways.
"""

import argparse
import importlib
import json
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import event

import config.airflow_local_settings as preload
from benchmarks.aims import aim
from benchmarks.floor import KEY
from benchmarks.sample import ANCHOR, open_sample
from deploy.postgres import PostgresServer
from include.sla_logic.letters import letter_outbox
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.way import next_steps
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.services.warm_up import warm_up

RUN, SENDS = "forks", "send_customer_report"
FORKS = multiprocessing.get_context("fork")


def in_a_fork(work: Callable[[], Any]) -> Any:
    """Return what this returns in a fork."""
    reading, writing = FORKS.Pipe(duplex=False)
    fork = FORKS.Process(target=_answer, args=(work, writing))
    fork.start()
    writing.close()
    try:
        return reading.recv()
    finally:
        fork.join()


def _answer(work: Callable[[], Any], to: Connection) -> None:
    to.send(work())


def opened(url: str, folder: Path) -> UseCases:
    """Open the use cases as each task does."""
    return UseCases(Settings(url, folder / "letters"), clock=lambda: ANCHOR)


def do_step(url: str, folder: Path, task: str) -> dict[str, Any]:
    """Do one step; return its choice, CPU seconds, and how many statements were sent and compiled."""
    sent: list[str] = []
    began = time.process_time()
    use_cases = opened(url, folder)
    listened = (
        use_cases.work.database.engine,
        "before_cursor_execute",
        lambda *args: sent.append(args[4].cache_hit.name),
    )
    event.listen(*listened)
    if task == WAIT:
        use_cases.restorations.decide(RUN)
        choice = next(step.choice for step in use_cases.lookups.incident(RUN).path if step.task == WAIT)
    else:
        choice = use_cases.incidents.perform(step_named(task), run_id=RUN)
    if task == SENDS:
        use_cases.outbox.deliver_run(RUN)
    return {
        "choice": choice,
        "cpu": time.process_time() - began,
        "sent": len(sent),
        "compiled": sent.count("CACHE_MISS"),
    }


def lead(url: str, folder: Path, *, warm: bool) -> tuple[float, int, int]:
    """Lead the incident to its end, each step in a fork of this process; return CPU seconds, statements, compiled."""
    if warm:
        warm_up(opened(url, folder).work)
    done: dict[str, str | None] = {}
    cpu, sent, compiled = 0.0, 0, 0
    while following := next_steps(done):
        told = in_a_fork(partial(do_step, url, folder, following[0]))
        done[following[0]] = told["choice"]
        cpu, sent, compiled = cpu + told["cpu"], sent + told["sent"], compiled + told["compiled"]
    return cpu, sent, compiled


def prepare(url: str, folder: Path) -> None:
    """Load a sample and accept the incident with the longest path that needs nobody."""
    use_cases, confs = open_sample(folder, KEY + 1, url=url)
    use_cases.incidents.accept(json.loads(json.dumps(confs[KEY])), run_id=RUN, origin="benchmark")


def main() -> None:
    """Take turns: cold, warm, cold …, each on a database of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for name in preload.SHARED:
        importlib.import_module(name)
    policies_in_force()
    letter_outbox.preload()
    found: dict[bool, list[tuple[float, int, int]]] = {False: [], True: []}
    print("before the fork   CPU s   statements   compiled", flush=True)
    with tempfile.TemporaryDirectory() as name, PostgresServer() as server:
        for turn in range(2 * options.rounds):
            warm, folder = turn % 2 == 1, Path(name) / str(turn)
            folder.mkdir()
            url = server.create_database(f"forks_{turn}")
            in_a_fork(partial(prepare, url, folder))
            cpu, sent, compiled = in_a_fork(partial(lead, url, folder, warm=warm))
            found[warm].append((cpu, sent, compiled))
            print(f"{'compiled' if warm else 'nothing':15s} {cpu:7.2f} {sent:12d} {compiled:10d}", flush=True)
    ratio = statistics.median(w[0] / c[0] for c, w in zip(found[False], found[True], strict=True))
    aim("CPU of an incident's forks, compiled before / not", ratio, at_most=0.68)


if __name__ == "__main__":
    main()

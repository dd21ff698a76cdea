"""The forks of an Airflow component end with it, so that no database session stays open."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60  # seconds for two processes to end, on a machine with much else to do
FORKING = """
import os, runpy, sys, time
sys.argv = ["airflow", *COMPONENT]
sys.path.insert(0, "config")
namespace = runpy.run_path("config/airflow_local_settings.py")
if os.fork() == 0 and os.fork() == 0:
    print(os.getppid(), os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.mark.more
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can end a process with its parent")
@pytest.mark.parametrize(
    ("component", "ends"),
    [("triggerer", True), ("dag-processor", True), ("celery worker", True), ("api-server", False)],
)
def test_forks_end_with_the_component_that_made_them(component: str, ends: bool) -> None:
    code = FORKING.replace("COMPONENT", repr(component.split()))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        forks = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.kill()
        parent.wait()
        until = time.monotonic() + (PATIENCE if ends else 0.5)
        while (alive := [fork.pid for fork in forks if _lives(fork)]) and time.monotonic() < until:
            time.sleep(0.05)
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
    assert bool(alive) is not ends


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE

"""Nothing that a stack has started outlives it, however its owner ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from deploy.stack import AirflowStack, StackSettings, UnableToStartAirflow
from deploy.stack.airflow_stack import RESTARTS
from deploy.stack.components import Components

# A component that ignores the polite signal and has a grandchild in a session of its own, as workers are.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
time.sleep(600)
"""
PATIENCE = 300  # seconds for a process to start or to end, on a machine with much else to do
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]
OWNER = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs begin with it ignored
from pathlib import Path
from deploy.stack.components import Components
import os
components = Components(environment=os.environ, log_folder=Path(sys.argv[1]), working_folder=Path.cwd())
print(components.start("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"]), flush=True)
time.sleep(600)
"""


def _components(folder: Path) -> Components:
    return Components(environment=os.environ, log_folder=folder, working_folder=Path.cwd())


def _grandchild(folder: Path) -> int:
    log = folder / "stubborn.log"
    deadline = time.monotonic() + PATIENCE
    while not log.read_text().strip() and time.monotonic() < deadline:
        time.sleep(0.05)
    return int(log.read_text())


def _wait_gone(pid: int, seconds: float = PATIENCE) -> bool:
    deadline = time.monotonic() + seconds
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not psutil.pid_exists(pid)


@pytest.mark.more
def test_closing_ends_stubborn_components_and_their_children(tmp_path: Path) -> None:
    with _components(tmp_path) as components:
        component = components.start("stubborn", [sys.executable, "-c", STUBBORN])
        grandchild = _grandchild(tmp_path)
        assert psutil.pid_exists(grandchild)
    assert not psutil.pid_exists(component)
    assert not psutil.pid_exists(grandchild)


@pytest.mark.more
@pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_components_end_when_their_owner_is_killed(tmp_path: Path, with_signal: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as owner:
        component = int(owner.stdout.readline())
        assert psutil.pid_exists(component)
        owner.send_signal(with_signal)
        owner.wait(PATIENCE)
    assert _wait_gone(component)


@pytest.mark.more
def test_one_component_can_be_killed_and_started_again(tmp_path: Path) -> None:
    with _components(tmp_path) as components:
        first = components.start("one", SLEEPER)
        other = components.start("other", SLEEPER)
        components.kill("one")
        assert components.wait_ended("one") == -signal.SIGKILL
        second = components.start("one", SLEEPER)
        assert first != second
        assert components.pids == {"one": second, "other": other}


def test_what_a_component_says_is_kept(tmp_path: Path) -> None:
    with _components(tmp_path) as components:
        components.start("speaker", [sys.executable, "-c", "print('ready'); print('and done')"])
        assert components.wait_ended("speaker") == 0
        assert components.log_tail("speaker", lines=1) == "and done"


def test_a_component_that_ends_again_and_again_is_given_up_with_its_reason(tmp_path: Path) -> None:
    program = tmp_path / ".venv" / "bin" / "airflow"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'ConfigError: no such option'\nexit 3\n", encoding="utf-8")
    program.chmod(0o755)
    told: list[str] = []
    stack = AirflowStack(
        StackSettings(home=tmp_path / "home", root=tmp_path, metadata_url="sqlite://"), tell=told.append
    )
    with _components(tmp_path) as components:
        stack.use(components)
        stack.start_component("triggerer")
        for _ in range(RESTARTS):
            components.wait_ended("triggerer")
            stack.restart_ended()
        components.wait_ended("triggerer")
        with pytest.raises(UnableToStartAirflow, match="triggerer ended with 3"):
            stack.restart_ended()
    assert told == ["triggerer ended with 3 and is started again: ConfigError: no such option"] * RESTARTS

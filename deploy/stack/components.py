"""Talk to the keeper that owns the processes of one stack."""

import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Condition, Thread
from types import TracebackType
from typing import Self

ANSWER_SECONDS = 120
END_SECONDS = 120


class Components:
    """Start and kill components by name and know which of them run; leaving the context ends them all."""

    def __init__(self, *, environment: Mapping[str, str], log_folder: Path, working_folder: Path) -> None:
        log_folder.mkdir(parents=True, exist_ok=True)
        self.log_folder = log_folder
        self.pids: dict[str, int] = {}
        self.ended: dict[str, int] = {}
        self._started: dict[str, int] = {}  # those that have ended since included
        self._changed = Condition()
        self._keeper = subprocess.Popen(
            [sys.executable, "-m", "deploy.stack.keeper", str(log_folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=dict(environment),
            cwd=working_folder,
            start_new_session=True,
            text=True,
        )
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def start(self, name: str, command: list[str]) -> int:
        """Start a component, or start it again after it has ended; answers its process id."""
        self.ended.pop(name, None)
        self._started.pop(name, None)
        self._order(do="start", name=name, command=command)
        with self._changed:
            if not self._changed.wait_for(lambda: name in self._started or self._gone, ANSWER_SECONDS) or self._gone:
                raise RuntimeError(f"the keeper of the components did not start {name}")
            return self._started[name]

    def kill(self, name: str, with_signal: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to one component alone, as a fault would."""
        self._order(do="kill", name=name, signal=int(with_signal))

    def wait_ended(self, name: str, timeout_seconds: float = END_SECONDS) -> int:
        """Wait until a component has ended; answers its exit code."""
        with self._changed:
            if not self._changed.wait_for(lambda: name in self.ended, timeout_seconds):
                raise TimeoutError(f"{name} still runs after {timeout_seconds:g} s")
            return self.ended[name]

    def log_tail(self, name: str, lines: int = 20) -> str:
        """Quote the end of a component's log."""
        log = self.log_folder / f"{name}.log"
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""

    def reason(self, name: str) -> str:
        """Quote the last line of a component's log that speaks of an error, or else the last."""
        lines = [line for line in self.log_tail(name, 200).splitlines() if line.strip()]
        return next((line for line in reversed(lines) if "Error" in line), lines[-1] if lines else "it said nothing")

    def close(self) -> None:
        """End every component and every process that one of them has started."""
        if self._keeper.stdin and not self._keeper.stdin.closed:
            self._keeper.stdin.close()
        self._keeper.wait(END_SECONDS)
        self._listener.join(END_SECONDS)
        if self._keeper.stdout:
            self._keeper.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _gone(self) -> bool:
        return self._keeper.poll() is not None

    def _order(self, **order: object) -> None:
        if not self._keeper.stdin:
            raise RuntimeError("the keeper of the components has no input")
        self._keeper.stdin.write(json.dumps(order) + "\n")
        self._keeper.stdin.flush()

    def _listen(self) -> None:
        """Follow what the keeper says until it ends."""
        for line in self._keeper.stdout or ():
            said = json.loads(line)
            with self._changed:
                if said["event"] == "started":
                    self.pids[said["name"]] = self._started[said["name"]] = said["pid"]
                else:
                    self.pids.pop(said["name"], None)
                    self.ended[said["name"]] = said["code"]
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

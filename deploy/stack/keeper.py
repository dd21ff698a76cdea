"""Own the processes of one stack, and end them all when the owner of this process's input goes away.

Run as a process of its own: the caller may be killed with -9 and still nothing stays behind, because the end of
the input is noticed here and orphans are adopted by this process (Linux: child subreaper).
Input and output are JSON lines: {"do": "start", "name": …, "command": […]}, {"do": "kill", "name": …, "signal": 9};
{"event": "started", "name": …, "pid": …}, {"event": "ended", "name": …, "code": …}.
"""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from deploy.orphans import adopt_orphans, end_with_parent

LOOK_SECONDS = 0.2
GRACE_SECONDS = 5


class Keeper:
    """Start, watch and end named components."""

    def __init__(self, log_folder: Path) -> None:
        self._log_folder = log_folder
        self._components: dict[str, subprocess.Popen[bytes]] = {}

    def obey(self, order: dict[str, Any]) -> None:
        """Carry out one order of the owner."""
        if order["do"] == "start":
            self._start(order["name"], order["command"])
        elif order["do"] == "kill":
            self._components[order["name"]].send_signal(order["signal"])
        else:
            raise ValueError(f"unknown order: {order['do']}")

    def report_ended(self) -> None:
        """Tell the owner once about each component that has ended."""
        for name, process in list(self._components.items()):
            if process.poll() is not None:
                del self._components[name]
                _tell(event="ended", name=name, code=process.returncode)

    def end_all(self) -> None:
        """Ask every descendant to end, wait, then kill what is left."""
        for component in self._components.values():
            component.terminate()
        _, alive = psutil.wait_procs(psutil.Process().children(), timeout=GRACE_SECONDS)
        while remaining := psutil.Process().children(recursive=True):
            for process in [*alive, *remaining]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            _, alive = psutil.wait_procs(remaining, timeout=1)

    def _start(self, name: str, command: list[str]) -> None:
        with (self._log_folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGTERM),  # noqa: PLW1509  (this process has one thread)
            )
        self._components[name] = process
        _tell(event="started", name=name, pid=process.pid)


def _tell(**event: object) -> None:
    """Say it, unless the owner has gone."""
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(event), flush=True)


def keep(log_folder: Path) -> None:
    """Obey the input line by line until it ends, then end everything."""
    adopt_orphans()
    for ignored in (signal.SIGINT, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    keeper = Keeper(log_folder)
    os.set_blocking(sys.stdin.fileno(), False)
    buffered = b""
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
            while True:
                if selector.select(LOOK_SECONDS):
                    if not (read := os.read(sys.stdin.fileno(), 65536)):
                        return
                    *orders, buffered = (buffered + read).split(b"\n")
                    for order in orders:
                        keeper.obey(json.loads(order))
                keeper.report_ended()
    finally:
        keeper.end_all()


if __name__ == "__main__":
    keep(Path(sys.argv[1]))

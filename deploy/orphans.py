"""Keep processes from outliving the one that started them."""

import ctypes
import signal
import sys
from collections.abc import Callable

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Make this process the parent of every descendant whose own parent dies."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent(with_signal: signal.Signals) -> Callable[[], None]:
    """Make the function that a child runs before its program, so that the death of its parent ends it."""
    return lambda: _prctl(PR_SET_PDEATHSIG, with_signal)


def _prctl(option: int, value: int) -> None:
    """Set a process attribute on Linux; elsewhere nothing can, and an orderly end is the only guard."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)

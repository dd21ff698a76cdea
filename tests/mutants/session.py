"""A pytest plugin that runs the tests once to learn what each reaches, then once for each change, in forks."""

import json
import os
import resource
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import pytest
from _pytest.runner import runtestprotocol

from tests.mutants.changes import CORE, ROOT, Change
from tests.mutants.warm import Live, Place, apply, forget_results, live_functions, place, record

PASSED, FAILED, AT_IMPORT = 0, 1, 3
_LEAST_SECONDS, _TIMES_LONGER, _MORE_BYTES = 10, 20, 2 << 30
_ANYWHERE = 0  # no line, where the lines of a file are no longer those that were reached
_T = TypeVar("_T")


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


@dataclass
class Reached:
    """Which tests reach each place, and how many seconds of the processor each test takes."""

    places: dict[Place, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    of: dict[str, str] = field(default_factory=lambda: {_named(path): _digest(path) for path in CORE})

    def tests(self, change: Change, every: Iterable[str]) -> list[str]:
        """Return the tests that reach the change, its file where that is all that is known, or are not known yet."""
        near = set(self.places.get(place(change), ())) | set(self.places.get((change.file, _ANYWHERE), ()))
        return self._by_time(test for test in every if test in near or test not in self.seconds)

    def tests_first_of(self, file: str, every: Iterable[str]) -> list[str]:
        """Return every test, those first that reach a place of the file."""
        near = {test for (where, _), tests in self.places.items() if where == file for test in tests}
        first, last = [one for one in every if one in near], [one for one in every if one not in near]
        return [*self._by_time(first), *self._by_time(last)]

    def _by_time(self, tests: Iterable[str]) -> list[str]:
        return sorted(tests, key=lambda test: self.seconds.get(test, 0))

    def write(self, path: Path) -> int:
        """Keep it for another run, each test by its number."""
        numbers = {test: number for number, test in enumerate(self.seconds)}
        places = [[*where, [numbers[test] for test in tests]] for where, tests in self.places.items()]
        path.write_text(json.dumps([places, self.seconds, self.failed, self.of]), "utf-8")
        return PASSED

    @classmethod
    def read(cls, path: Path) -> "Reached":
        """Return what was kept; of a file that has changed only which tests reached it, nothing where one is new."""
        now = cls().of
        places, seconds, failed, of = json.loads(path.read_text("utf-8")) if path.is_file() else ([], {}, [], {})
        if now.keys() - of.keys():
            return cls()
        names, found = list(seconds), defaultdict[Place, dict[str, None]](dict)
        for file, line, tests in places:
            found[file, line if of.get(file) == now.get(file) else _ANYWHERE] |= dict.fromkeys(names[n] for n in tests)
        return cls({where: list(tests) for where, tests in found.items()}, seconds, failed)


def in_fork(work: Callable[[], int], output: Path = Path(os.devnull)) -> int:
    """Start a process that ends with what the work returns."""
    child = os.fork()
    if child:
        return child
    code = FAILED
    try:
        with output.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        code = work()
    except BaseException as error:  # noqa: BLE001 - a change may raise anything; without one it is printed
        os.write(2, f"{error}\n".encode())
    finally:
        os._exit(code)


def bound(seconds: float) -> None:
    """End this process if it uses far more of the processor or of the memory: a busy machine changes nothing."""
    most = int(_LEAST_SECONDS + _TIMES_LONGER * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))
    used = int(Path("/proc/self/statm").read_text("utf-8").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + _MORE_BYTES, used + _MORE_BYTES))


def bound_one(seconds: float) -> None:
    """End this process if what it does next uses far more of the processor: a change may let a search never end."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    most = int(time.process_time() + _LEAST_SECONDS + _TIMES_LONGER * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def each(of: Sequence[_T], jobs: int, start: Callable[[_T], int]) -> Iterator[tuple[_T, int]]:
    """Start a process for each, `jobs` at a time, and return each with its exit code as it ends."""
    running, left = dict[int, _T](), list(reversed(of))
    while running or left:
        while left and len(running) < jobs:
            following = left.pop()
            running[start(following)] = following
        ended, status = os.wait()
        code = os.waitstatus_to_exitcode(status)
        if code == -signal.SIGKILL:
            sys.exit("A process was killed from outside, perhaps as the machine has no memory left.")
        if ended in running:
            yield running.pop(ended), code


class Session:
    """Replaces pytest's loop over the tests; `work` gets the session once all tests are imported."""

    def __init__(self, work: Callable[["Session"], None]) -> None:
        self._work, self.items, self.live = work, dict[str, pytest.Item](), Live()
        self._noticing = Path(os.devnull)  # the tests that have noticed a change, one a line

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Let Hypothesis neither shrink nor judge the speed."""
        for item in items:
            with_examples(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Work."""
        if session.testsfailed:
            raise session.Interrupted("not every test could be imported")
        self.items = {item.nodeid: item for item in session.items}
        self.live = live_functions()
        self._noticing = session.config._tmp_path_factory.getbasetemp() / "noticing"  # type: ignore[attr-defined]
        self._work(self)
        return True

    def passes(self, tests: Sequence[str], reached: Reached) -> bool:
        """Run tests until one fails, or takes far longer than it should."""
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            bound_one(reached.seconds.get(test, 1))
            if not _passes(self.items[test], None if following is None else self.items[following]):
                with self._noticing.open("a", encoding="utf-8") as file:
                    file.write(f"{test}\n")
                return False
        return True

    def learn(self, known: Reached) -> Reached:
        """Run every test that is not known yet once, with few examples, and note what each reaches."""
        reached, places = record(self.live), defaultdict[Place, list[str]](list, known.places)
        found = replace(known, places=places)
        for test, item in [one for one in self.items.items() if one[0] not in known.seconds]:
            with_examples(item, most=10)
            reached.clear()
            forget_results()
            begin = time.process_time()
            if not _passes(item, None):
                found.failed.append(test)
            found.seconds[test] = round(time.process_time() - begin, 4)
            for one in reached:
                places[one].append(test)
        return found

    def try_change(self, change: Change, reached: Reached) -> int:
        """Start a process that ends with 1 if a test fails with the change, those first that have noticed most."""
        noticed = Counter(self._noticed())
        tests = sorted(reached.tests(change, self.items), key=lambda test: -noticed[test])
        return self._try(tests, reached, lambda: apply(change, self.live))

    def try_nothing(self, reached: Reached) -> int:
        """Start a process that ends with 1 if one of the tests that have noticed a change fails without any."""
        noticed = set(self._noticed())
        return self._try([test for test in self.items if test in noticed], reached, lambda: True)

    def _noticed(self) -> list[str]:
        return self._noticing.read_text("utf-8").splitlines() if self._noticing.is_file() else []

    def _try(self, tests: Sequence[str], reached: Reached, make: Callable[[], bool]) -> int:
        def work() -> int:
            bound(sum(reached.seconds.get(test, 1) for test in tests))
            if not make():
                return AT_IMPORT
            return PASSED if self.passes(tests, reached) else FAILED

        return in_fork(work)


def with_examples(item: pytest.Item, most: int | None = None) -> None:
    """Let Hypothesis try at most as many examples, the same each time."""
    from hypothesis import HealthCheck, Phase, settings  # only after pytest has begun: it rewrites Hypothesis

    test: Any = getattr(getattr(item, "obj", None), "__func__", getattr(item, "obj", None))
    given = getattr(test, "_hypothesis_internal_use_settings", None)
    if given is not None:
        test._hypothesis_internal_use_settings = settings(
            given,
            max_examples=min(given.max_examples, most or given.max_examples),
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
            database=None,
        )


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def run(folders: Sequence[str], work: Callable[[Session], None]) -> None:
    """Import the tests of some folders and work with them."""
    quiet = ("-q", "-s", "-p", "no:cacheprovider", "-n", "0", "-m", "not more", "--hypothesis-seed=1")
    code = pytest.main([*quiet, *folders], plugins=[Session(work)])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        sys.exit("The tests cannot be imported.")

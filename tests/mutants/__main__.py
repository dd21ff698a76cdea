"""Change the core in one place at a time and count what the tests notice: `make mutants`.

mutmut skips every decorated function and property, and cosmic-ray runs all tests for each change. Here the tests are
imported once; each change is made in a fork, which runs the tests that reach the changed statement until one fails.
"""

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from importlib.machinery import SourceFileLoader
from itertools import chain
from pathlib import Path
from types import CodeType

import yaml

from tests.mutants.changes import CORE, ROOT, Change, changes, sample
from tests.mutants.session import AT_IMPORT, FAILED, PASSED, Reached, Session, bound, each, in_fork, run

FOLDERS = ("tests/domain", "tests/acceptance", "tests/process")
_DOMAIN, _LEAST = "include/sla_logic/domain/", 95
_IN_DOUBT = "Tests fail without any change too: what was counted as noticed may not be."
SURVIVORS = Path(__file__).parent / "survivors.yaml"


def explained() -> dict[str, str]:
    """Return the known survivors by their keys, each with the reason why it changes nothing."""
    found: dict[str, str] = yaml.safe_load(SURVIVORS.read_text("utf-8")) or {}
    return found


def choose(asked: argparse.Namespace) -> list[Change]:
    """Choose changes of the modules whose path contains one of the words."""
    modules = [changes(file) for file in CORE if any(word in str(file) for word in asked.only)]
    groups, size = (modules, asked.each) if asked.each else ([list(chain(*modules))], asked.sample)
    return [change for group in groups for change in sample(group, size, asked.seed)]


def verdicts(chosen: Sequence[Change], asked: argparse.Namespace) -> Iterator[tuple[Change, int]]:
    """Tell of each change how its process ended; at the end the tests must pass without any change."""
    at_import, ended = list[Change](), False
    with tempfile.TemporaryDirectory() as folder:
        kept, output = asked.reached or Path(folder) / "reached.json", Path(folder) / "output"
        reading, writing = os.pipe()
        in_fork(lambda: _warm(chosen, asked, kept, writing), output)
        os.close(writing)
        with open(reading) as lines:  # noqa: PTH123
            for line in lines:
                index, code = map(int, line.split())
                if index == len(chosen):
                    ended = code == PASSED
                elif code == AT_IMPORT:
                    at_import.append(chosen[index])
                else:
                    yield chosen[index], code
        os.wait()
        if not ended:
            sys.exit(output.read_text("utf-8"))
        reached = Reached.read(kept)
    nothing = [replace(change, end=change.begin, new="") for change in at_import[:1]]
    tried = each([*at_import, *nothing], asked.jobs, lambda change: in_fork(lambda: _cold(change, asked, reached)))
    for change, code in tried:
        if change not in nothing:
            yield change, code
        elif code != PASSED:
            sys.exit(_IN_DOUBT)


def _warm(chosen: Sequence[Change], asked: argparse.Namespace, kept: Path, writing: int) -> int:
    """Import the tests once, and write the number of each change, and one more for none, with how its process ended."""

    def work(session: Session) -> None:
        known = Reached.read(kept)
        if not session.items.keys() <= known.seconds.keys():
            os.waitpid(in_fork(lambda: session.learn(known).write(kept)), 0)
        reached, numbers = Reached.read(kept), {change: number for number, change in enumerate(chosen)}
        if reached.failed:
            kept.unlink()
            print(f"These tests fail without any change: {', '.join(reached.failed)}", flush=True)
            return
        for change, code in each(chosen, asked.jobs, lambda change: session.try_change(change, reached)):
            os.write(writing, f"{numbers[change]} {code}\n".encode())
        code = os.waitstatus_to_exitcode(os.waitpid(session.try_nothing(reached), 0)[1])
        os.write(writing, f"{len(chosen)} {code}\n".encode())
        if code != PASSED:
            print(_IN_DOUBT, flush=True)

    run(asked.tests, work)
    return PASSED


def _cold(change: Change, asked: argparse.Namespace, reached: Reached) -> int:
    """Import everything with the change, which lies outside of functions."""
    get_code, file = SourceFileLoader.get_code, ROOT / change.file

    def changed_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        if loader.path != str(file):
            return get_code(loader, name)
        return compile(change.apply(file.read_text("utf-8")), loader.path, "exec", dont_inherit=True)

    def work(session: Session) -> None:
        if not session.passes(reached.tests_first_of(change.file, session.items), reached):
            os._exit(FAILED)

    SourceFileLoader.get_code = changed_code  # type: ignore[assignment,method-assign]
    bound(sum(reached.seconds.values()))
    run(asked.tests, work)
    return PASSED


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample", type=int, default=112, help="how many changes; 0 for all")
    parser.add_argument("--each", type=int, default=0, help="how many changes of each module, instead")
    parser.add_argument("--only", nargs="+", default=[""], help="parts of the paths of the modules to change")
    parser.add_argument("--tests", nargs="+", default=FOLDERS, help="files or folders of tests")
    parser.add_argument("--jobs", type=int, default=2, help="how many changes at once")
    parser.add_argument("--reached", type=Path, help="a file that keeps which tests reach what, between runs")
    return parser.parse_args()


def main() -> None:
    """Try a seeded sample, print every change that no test notices, and fail below 95 %."""
    asked = arguments()
    chosen, reasons = choose(asked), explained()
    tried, missed, listed, stopped = Counter[str](), Counter[str](), 0, 0
    for change, code in verdicts(chosen, asked):
        module = change.file.removeprefix(_DOMAIN)
        tried[module] += 1
        stopped += code not in (PASSED, FAILED)
        if code != PASSED:
            continue
        if change.key in reasons:
            listed += 1
            print(f"{change} (changes nothing: {reasons[change.key]})", flush=True)
        else:
            missed[module] += 1
            print(change, flush=True)
    for module, count in sorted(tried.items()):
        print(f"{count - missed[module]:4} of {count:4}  {module}")
    good = tried.total() - missed.total()
    share = 100 * good / max(tried.total(), 1)
    print(f"{good} of {tried.total()} changes noticed, or listed ({listed}): {share:.1f} % (seed {asked.seed})")
    print(f"{stopped} of them by no failing test, but as they used far too much of the processor")
    sys.exit(share < _LEAST)


if __name__ == "__main__":
    main()

"""A pytest plugin: imports one module in a changed form, or records which tests call which functions of the core."""

import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from hypothesis import settings

from tests.mutants.changes import CORE, ROOT

CHANGED, CALLS = "SLA_MUTANT", "SLA_MUTANT_CALLS"
_OF_CORE = {str(path) for path in CORE}
_get_code = SourceFileLoader.get_code
_called: dict[str, set[str]] = defaultdict(set)


def _changed_code(loader: SourceFileLoader, name: str) -> CodeType | None:
    change = json.loads(os.environ[CHANGED])
    if loader.path != str(ROOT / change["file"]):
        return _get_code(loader, name)
    source = Path(loader.path).read_text("utf-8")
    changed = source[: change["begin"]] + change["new"] + source[change["end"] :]
    return compile(changed, loader.path, "exec", dont_inherit=True)


if CHANGED in os.environ:
    SourceFileLoader.get_code = _changed_code  # type: ignore[assignment,method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try few examples where calls are recorded: which functions they call hardly differs."""
    for item in items if CALLS in os.environ else ():
        tried = getattr(getattr(item, "obj", None), "_hypothesis_internal_use_settings", None)
        if tried is not None:
            item.obj._hypothesis_internal_use_settings = settings(tried, max_examples=4)  # type: ignore[attr-defined]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Record the functions of the core that the test calls."""
    if CALLS not in os.environ:
        return (yield)

    def record(frame: FrameType, _event: str, _argument: Any) -> None:
        code = frame.f_code
        if code.co_filename in _OF_CORE:
            _called[f"{Path(code.co_filename).relative_to(ROOT)} {code.co_qualname}"].add(item.nodeid)

    sys.settrace(record)
    try:
        return (yield)
    finally:
        sys.settrace(None)


def pytest_sessionfinish() -> None:
    """Write down what was recorded."""
    if CALLS in os.environ:
        found = {name: sorted(tests) for name, tests in sorted(_called.items())}
        Path(os.environ[CALLS]).write_text(json.dumps(found), "utf-8")

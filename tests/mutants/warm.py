"""Change functions that are already imported: their code is replaced, and nothing is imported again."""

import ast
import builtins
import gc
from collections import defaultdict
from collections.abc import Iterator
from functools import _lru_cache_wrapper, cache
from inspect import CO_OPTIMIZED
from types import CodeType, FunctionType

from tests.mutants.changes import CORE, ROOT, Change

_HIT = "__reached_by_test__"
Place = tuple[str, int]
Name = tuple[str, str, int]
Live = dict[Name, list[FunctionType]]


def live_functions() -> Live:
    """Find every function of the core in memory, also inside properties, validators and caches."""
    core, found = {str(path) for path in CORE}, defaultdict[Name, list[FunctionType]](list)
    for thing in gc.get_objects():
        if type(thing) is FunctionType and thing.__code__.co_filename in core:
            found[_name(thing.__code__)].append(thing)
    return {name: same for name, same in found.items() if len({one.__code__ for one in same}) == 1}


def _name(code: CodeType) -> Name:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            if inner.co_flags & CO_OPTIMIZED:
                yield inner
            yield from _codes(inner)


def _compiled(file: str, source: str | ast.Module) -> dict[Name, CodeType]:
    return {_name(code): code for code in _codes(compile(source, file, "exec", dont_inherit=True))}


def apply(change: Change, live: Live) -> bool:
    """Replace the code of the changed functions; tell whether there were any, or the change is made at import."""
    path = ROOT / change.file
    source = path.read_text("utf-8")
    before, after = _compiled(str(path), source), _compiled(str(path), change.apply(source))
    changed = [name for name in before if before[name] != after[name] and name in live]
    _replace({name: after[name] for name in changed}, live)
    forget_results()
    return bool(changed)


def _replace(codes: dict[Name, CodeType], live: Live) -> None:
    for name, code in codes.items():
        for function in live[name]:
            function.__code__ = code


def forget_results() -> None:
    """Clear the caches of the project and of its tests: what was worked out before counts no more."""
    for cached in _caches():
        cached.cache_clear()


@cache
def _caches() -> "list[_lru_cache_wrapper[object]]":
    cached = (thing for thing in gc.get_objects() if type(thing) is _lru_cache_wrapper)  # a proxy's class may raise
    of_ours = [one for one in cached if str(one.__module__).startswith(("include.", "tests."))]
    return [one for one in of_ours if one is not _caches]


def record(live: Live) -> set[Place]:
    """Let every statement of the core add its place to the set that is returned."""
    reached = set[Place]()
    setattr(builtins, _HIT, reached.add)
    for path in CORE:
        tree = _Probes(str(path.relative_to(ROOT))).visit(ast.parse(path.read_text("utf-8")))
        codes = _compiled(str(path), ast.fix_missing_locations(tree))
        _replace({name: code for name, code in codes.items() if name in live}, live)
    return reached


def place(change: Change) -> Place:
    """Return the place of the smallest statement in which the change lies."""
    return change.file, max(begin for begin, end in _statements(change.file) if begin <= change.line <= end)


@cache
def _statements(file: str) -> list[tuple[int, int]]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    return [(node.lineno, node.end_lineno or node.lineno) for node in ast.walk(tree) if isinstance(node, ast.stmt)]


class _Probes(ast.NodeTransformer):
    """Puts a call before each statement of a function."""

    def __init__(self, file: str) -> None:
        self._file, self._inside = file, False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        outer, self._inside = self._inside, True
        self.generic_visit(node)
        self._inside = outer
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody") if self._inside and not isinstance(node, ast.ClassDef) else ():
            block = getattr(node, name, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                setattr(node, name, [one for statement in block for one in (self._probe(statement), statement)])
        return node

    def _probe(self, statement: ast.stmt) -> ast.stmt:
        call = ast.parse(f"{_HIT}(({self._file!r}, {statement.lineno}))").body[0]
        return ast.copy_location(call, statement)

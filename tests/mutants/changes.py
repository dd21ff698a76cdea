"""Single changes of a module's source: one comparison, sign, and/or, not, or number."""

import ast
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOMAIN = ROOT / "include" / "sla_logic" / "domain"
_ALONE = ("rebate", "money", "calendars", "instants", "period", "samples", "significance", "sla_clock")
CORE = (
    *sorted((DOMAIN / "sla").glob("*.py")),
    *sorted((DOMAIN / "contract").glob("*.py")),
    *(DOMAIN / f"{name}.py" for name in _ALONE),
)
_COMPARISONS = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
_SIGNS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "/", ast.Mod: "*"}
_WRITTEN = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.And: "and",
    ast.Or: "or",
}


@cache
def _source(file: str) -> str:
    return (ROOT / file).read_text("utf-8")


@dataclass(frozen=True)
class Change:
    """One change of one module; `begin` and `end` are places in its source."""

    file: str
    line: int
    function: str
    begin: int
    end: int
    old: str
    new: str

    def apply(self, source: str) -> str:
        """Return the changed source."""
        return source[: self.begin] + self.new + source[self.end :]

    @property
    def is_python(self) -> bool:
        """Tell whether the changed module can be parsed."""
        try:
            ast.parse(self.apply(_source(self.file)))
        except SyntaxError:
            return False
        return True

    @property
    def key(self) -> str:
        """Name it by its function and its line before and after, so that it is found again when lines move."""
        source = _source(self.file)
        start, end = source.rfind("\n", 0, self.begin) + 1, source.find("\n", self.end)
        before, after = source[start:end], source[start : self.begin] + self.new + source[self.end : end]
        name = self.file.removeprefix("include/sla_logic/domain/")
        return f"{name} {self.function}: {' '.join(before.split())} => {' '.join(after.split())}"

    def __str__(self) -> str:
        """Show where it is, and the line before and after."""
        return f"{self.file}:{self.line} {self.key.partition(' ')[2]}"


class _Finder(ast.NodeVisitor):
    def __init__(self, file: Path, source: str) -> None:
        self.file, self.source, self.found = str(file.relative_to(ROOT)), source, list[Change]()
        self._starts = [0]
        for line in source.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._within: list[str] = []
        self._lines = source.splitlines()

    def visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.keyword) and node.arg == "maxsize":
            return  # how much a cache keeps changes no result
        names = [node.name] if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
        self._within += names
        self._look(node)
        for child in ast.iter_child_nodes(node):
            self.visit(child)
        del self._within[len(self._within) - len(names) :]

    def _look(self, node: ast.AST) -> None:
        match node:
            case ast.Compare():
                for left, operator, right in zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                ):
                    self._between(left, right, _WRITTEN[type(operator)], _COMPARISONS[type(operator)])
            case ast.BoolOp():
                new = "or" if isinstance(node.op, ast.And) else "and"
                for left, right in zip(node.values, node.values[1:], strict=False):
                    self._between(left, right, _WRITTEN[type(node.op)], new)
            case ast.BinOp() if type(node.op) in _SIGNS and not _is_type(node):
                self._between(node.left, node.right, _WRITTEN[type(node.op)], _SIGNS[type(node.op)])
            case ast.UnaryOp(op=ast.Not() | ast.USub()):
                self._at(self._place(node), self._place(node.operand), "")
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                self._at(self._place(node), self._end(node), repr(number + 1))

    def _between(self, left: ast.AST, right: ast.AST, old: str, new: str) -> None:
        begin, end = self._end(left), self._place(right)
        at = self.source.find(old, begin, end)
        if at >= 0:
            self._at(at, at + len(old), new)

    def _at(self, begin: int, end: int, new: str) -> None:
        line = self.source.count("\n", 0, begin) + 1
        old = self.source[begin:end].strip()
        self.found.append(Change(self.file, line, ".".join(self._within) or "module", begin, end, old, new))

    def _place(self, node: ast.AST) -> int:
        return self._byte(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def _end(self, node: ast.AST) -> int:
        return self._byte(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _byte(self, line: int, column: int) -> int:
        """Count characters, where the parser counts bytes."""
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode())


def _is_type(node: ast.BinOp) -> bool:
    """Tell whether two texts or names of types are joined, and no numbers."""
    return any(isinstance(side, ast.Constant) and side.value is None for side in (node.left, node.right))


def changes(file: Path) -> list[Change]:
    """Return every change of a file."""
    source = file.read_text("utf-8")
    finder = _Finder(file, source)
    finder.visit(ast.parse(source))
    return finder.found


def sample(of: Sequence[Change], size: int, seed: int) -> list[Change]:
    """Choose changes that leave the module Python; 0 chooses all."""
    shuffled = random.Random(seed).sample(of, len(of))
    return list(islice((change for change in shuffled if change.is_python), size or len(of)))

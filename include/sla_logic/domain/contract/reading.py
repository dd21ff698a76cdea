"""Reading a contract from YAML text, with the line of everything that is wrong."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Self

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.errors import ForeseenError

Path = tuple[str | int, ...]
_MOST_NODES, _DEEPEST = 20_000, 30
_FLOAT, _INT = "tag:yaml.org,2002:float", "tag:yaml.org,2002:int"


class UnableToReadContract(ForeseenError):
    """The text is not a contract; `line` says where (1 is the first, 0 the whole text)."""

    def __init__(
        self, reason: str, *, name: str, line: int = 0, code: str = "unreadable", others: tuple[Self, ...] = ()
    ) -> None:
        """Keep where and why; `others` is what else is wrong."""
        self.others = others
        super().__init__(f"{name}, line {line}: {reason}" if line else f"{name}: {reason}")
        self.reason, self.name, self.line, self.code = reason, name, line, code


class Lines(Mapping[Path, int]):
    """The line of every field of a YAML text, by its path; an unknown path has its parent's line."""

    def __init__(self, lines: dict[Path, int]) -> None:
        """Keep the lines by path."""
        self._lines = lines

    def __getitem__(self, path: Path) -> int:
        """Return the line of the field, or of the nearest field around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def __iter__(self) -> Any:
        """Go through the paths."""
        return iter(self._lines)

    def __len__(self) -> int:
        """Count the fields."""
        return len(self._lines)


class _Fields:
    """The plain values of a YAML tree, with the line of each; numbers stay as they are written."""

    def __init__(self, name: str, most: int) -> None:
        self.name, self.most, self.lines, self.count = name, most, dict[Path, int](), 0
        self._loader = yaml.SafeLoader("")

    def plain(self, node: yaml.Node, path: Path) -> Any:
        self.count += 1
        if self.count > self.most or len(path) > _DEEPEST:  # an alias may stand for itself, or for millions
            reason = f"it is too large or too deep: at most {self.most} values are read, at most {_DEEPEST} levels deep"
            raise UnableToReadContract(reason, name=self.name, line=node.start_mark.line + 1)
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.plain(child, (*path, i)) for i, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for key, child in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise UnableToReadContract("the name of a field is a word", name=self.name, line=line)
            if key.value in fields:
                raise UnableToReadContract(f"{key.value} is given twice", name=self.name, line=line)
            self.lines[(*path, key.value)] = line
            fields[key.value] = self.plain(child, (*path, key.value))
        return fields

    def _scalar(self, node: yaml.Node) -> Any:
        """Read a number as a Decimal: 99.95 stays exact."""
        if node.tag == _FLOAT:
            try:
                return Decimal(node.value)
            except InvalidOperation:
                return node.value
        if node.tag == _INT:
            return int(node.value) if node.value.lstrip("+-").isdigit() else node.value
        return self._loader.construct_object(node)


def _compose(text: str) -> yaml.Node | None:
    """Parse with libyaml, ten times as fast; what it refuses is parsed again for the better-worded error."""
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)


def read_fields(
    text: str, *, name: str, most: int = _MOST_NODES, what: str = "a contract"
) -> tuple[dict[str, Any], Lines]:
    """Return the fields of a YAML mapping and their lines; raise `UnableToReadContract` for other text.

    A text with more than `most` values is refused: an alias may stand for millions.
    """
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        reason = f"not YAML: {error.problem}"
        raise UnableToReadContract(reason, name=name, line=line) from error
    except yaml.YAMLError as error:
        raise UnableToReadContract("not YAML: it contains characters that YAML forbids", name=name) from error
    if not isinstance(node, yaml.MappingNode):
        raise UnableToReadContract(f"{what} is a mapping of fields", name=name, line=1)
    fields = _Fields(name, most)
    try:
        return fields.plain(node, ()), Lines(fields.lines)
    except (yaml.YAMLError, ValueError) as error:
        raise UnableToReadContract("not YAML: it holds a value that no contract needs", name=name, line=1) from error


def parse_contract(text: str, *, name: str) -> tuple[Contract, Lines]:
    """Return the contract and its lines without linting it."""
    fields, lines = read_fields(text, name=name)
    try:
        return Contract.model_validate(fields), lines
    except ValidationError as error:
        first, *rest = (_unreadable(wrong, lines, name) for wrong in error.errors())
        first.others = tuple(rest)
        raise first from error


def _unreadable(wrong: ErrorDetails, lines: Lines, name: str) -> UnableToReadContract:
    path = _known(wrong["loc"], lines)
    line = lines[(*path, "kind")] if wrong["type"].startswith("union_tag") else lines[path]
    missing = wrong["loc"][-1:] if wrong["type"] == "missing" else ()
    field = ".".join(str(part) for part in (*path, *missing)) or "the contract"
    reason = f"{field}: {wrong['msg'].removeprefix('Value error, ')}"
    code = f"missing_{missing[0]}" if missing else "unreadable"
    return UnableToReadContract(reason, name=name, line=line, code=code)


def parse_supposing(text: str, supposed: Mapping[str, str], *, name: str) -> tuple[Contract, Lines] | None:
    """Return the contract as if its missing terms were these, to lint the rest of it; None where more is wrong."""
    try:
        fields, lines = read_fields(text, name=name)
        return Contract.model_validate({**supposed, **fields}), lines
    except (UnableToReadContract, ValidationError):
        return None


def _known(loc: tuple[str | int, ...], lines: Lines) -> Path:
    """Drop what pydantic puts between the fields (names of union members), so that the line is found."""
    path: Path = ()
    for part in loc:
        if (*path, part) in set(lines):
            path = (*path, part)
    return path

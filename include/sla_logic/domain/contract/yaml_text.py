"""Reading YAML text into plain values within bounds, with the line and the spelling of everything."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Self

import yaml

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.sentence import Sentence

Path = tuple[str | int, ...]

_NULLS = {"", "~", "null", "Null", "NULL"}
_TRUE = {word for way in ("yes", "true", "on") for word in (way, way.capitalize(), way.upper())}
_FALSE = {word for way in ("no", "false", "off") for word in (way, way.capitalize(), way.upper())}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
# What YAML 1.1 reads as a number in another base, in sixties or with gaps: 010 is 8, 1:30 is 90, 1_0 is 10.
_ODD_NUMBER = re.compile(
    r"[-+]?(0b[01_]+|0[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*_[0-9_]*|[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"
    r"|[0-9_]*_[0-9_]*\.[0-9_]*|[0-9]+\.[0-9]*_[0-9_]*)([eE][-+][0-9]+)?"
)
_CLOCK = re.compile(r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?")  # 17:00 is a time of day to people, and 1020 to YAML 1.1
HUGE = r"^[-+]?\.?[0-9][0-9_.]*[eE][-+]?[0-9]{3,}%?$"  # a power of ten that no exact arithmetic ends with
_HUGE = re.compile(HUGE)
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_MOST_VALUES, _CHARACTERS = 20_000, 50
_CONTRACT = Sentence("a contract")
_DEEPEST, _LONGEST_NUMBER, _SHOWN = 30, 40, 40


def shortened(text: str) -> str:
    """Show the beginning of a long value."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


class UnableToReadContract(ForeseenError):
    """The text is not a contract; `line` says where (1 is the first, 0 the whole text)."""

    def __init__(
        self, reason: str, *, name: str, line: int = 0, code: str = "unreadable", others: tuple[Self, ...] = ()
    ) -> None:
        """Keep where and why; `others` is what else is wrong."""
        self.others = others
        said = "%(name)s, line %(line)s: %(reason)s" if line else "%(name)s: %(reason)s"
        super().__init__(Sentence(said, name=name, line=str(line), reason=reason))
        self.reason, self.name, self.line, self.code = reason, name, line, code


class Lines(Mapping[Path, int]):
    """The line of every field of a YAML text, by its path; an unknown path has its parent's line."""

    def __init__(self, lines: dict[Path, int], spelt: dict[Path, str] | None = None) -> None:
        """Keep the lines and the spelling by path."""
        self._lines, self._spelt = lines, spelt or {}

    def __getitem__(self, path: Path) -> int:
        """Return the line of the field, or of the nearest field around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path, 1)

    def __contains__(self, path: object) -> bool:
        """Tell whether the text has this field."""
        return path in self._lines

    def __iter__(self) -> Iterator[Path]:
        """Go through the paths."""
        return iter(self._lines)

    def __len__(self) -> int:
        """Count the fields."""
        return len(self._lines)

    def spelt(self, path: Path) -> str | None:
        """Return a bare word as it stands in the text, where YAML made something else of it: NO, 2026, null."""
        return self._spelt.get(path)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    held: dict[str, Any] | list[Any]
    path: Path
    began: int
    anchor: str | None
    key: str | None = None


@dataclass(slots=True)
class _Reader:
    """Builds plain values from the parser's events, one by one: no nesting can exhaust the stack."""

    name: str
    most: int
    lines: dict[Path, int] = field(default_factory=dict)
    spelt: dict[Path, str] = field(default_factory=dict)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    count: int = 0
    roots: list[Any] = field(default_factory=list)

    def refuse(self, reason: str, event: yaml.Event) -> UnableToReadContract:
        return UnableToReadContract(reason, name=self.name, line=_line(event))

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent) and self.roots:
            raise self.refuse(Sentence("it holds more than one document: write one to a file"), event)
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._close()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)

    def _node(self, event: yaml.NodeEvent) -> None:
        if self.stack and isinstance(self.stack[-1].held, dict) and self.stack[-1].key is None:
            self._key(event)
            return
        path = self._path()
        self.lines.setdefault(path, _line(event))
        self._counted(1, event)
        if isinstance(event, yaml.AliasEvent):
            value, size = self.anchors.get(str(event.anchor), (None, 0))
            if not size:
                raise self.refuse(
                    Sentence("*%(name)s stands for nothing that was given before", name=event.anchor), event
                )
            self._counted(size, event)
            self._put(value)
        elif isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, path)
            self._remember(event.anchor, value, 1)
            self._put(value)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._tag_free(event)
            held: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
            self.stack.append(_Open(held, path, self.count, event.anchor))
            if len(self.stack) > _DEEPEST:
                raise self.refuse(Sentence("it is too deep: at most %(most)s levels of fields", most=_DEEPEST), event)

    def _counted(self, more: int, event: yaml.Event) -> None:
        self.count += more
        if self.count > self.most:  # an alias may stand for itself, or for millions
            raise self.refuse(Sentence("it is too large: at most %(most)s values are read", most=self.most), event)

    def _path(self) -> Path:
        if not self.stack:
            return ()
        top = self.stack[-1]
        return (*top.path, len(top.held) if isinstance(top.held, list) else str(top.key))

    def _key(self, event: yaml.NodeEvent) -> None:
        top = self.stack[-1]
        if not isinstance(event, yaml.ScalarEvent):
            raise self.refuse(Sentence("the name of a field is a word"), event)
        if event.value in top.held:
            raise self.refuse(Sentence("%(name)s is given twice", name=shortened(event.value)), event)
        top.key = event.value
        self.lines[(*top.path, event.value)] = _line(event)

    def _put(self, value: Any) -> None:
        if not self.stack:
            self.roots.append(value)
            return
        top = self.stack[-1]
        if isinstance(top.held, list):
            top.held.append(value)
        else:
            top.held[str(top.key)], top.key = value, None

    def _close(self) -> None:
        done = self.stack.pop()
        self._remember(done.anchor, done.held, self.count - done.began + 1)
        self._put(done.held)

    def _remember(self, anchor: str | None, value: Any, size: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = value, size

    def _tag_free(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            raise self.refuse(Sentence("the tag %(name)s is not read: leave it out", name=shortened(event.tag)), event)

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Any:
        self._tag_free(event)
        if _HUGE.match(event.value) and not event.value.endswith("\n"):
            field, shown = ".".join(map(str, path)), shortened(event.value)
            said = "%(field)s: %(shown)s has too large an exponent: write its digits"
            raise self.refuse(Sentence(said, field=field, shown=shown), event)
        if event.style or event.tag is not None:  # quotes, a block, or a tag: text
            return event.value
        value = self._plain(event, ".".join(map(str, path)))
        if not isinstance(value, str):
            self.spelt[path] = event.value
        return value

    def _plain(self, event: yaml.ScalarEvent, field: str) -> Any:
        """Read a bare word as YAML 1.1 does; numbers stay exact, dates stay text, odd numbers are refused."""
        text = event.value
        if text in _NULLS:
            return None
        if text in _TRUE or text in _FALSE:
            return text in _TRUE
        if _NOT_FINITE.fullmatch(text):
            raise self.refuse(
                Sentence("%(field)s: %(shown)s is no number: write its digits", field=field, shown=text), event
            )
        whole, decimal = _WHOLE.fullmatch(text), _DECIMAL.fullmatch(text)
        if not (whole or decimal):
            if _ODD_NUMBER.fullmatch(text) and not _CLOCK.fullmatch(text):
                said = "%(field)s: %(shown)s may be read in two ways: write plain digits, or quotes"
                raise self.refuse(Sentence(said, field=field, shown=shortened(text)), event)
            return text
        if len(text) > _LONGEST_NUMBER:
            said = "%(field)s: %(shown)s is too long: write a number of at most %(most)s characters"
            raise self.refuse(Sentence(said, field=field, shown=shortened(text), most=_LONGEST_NUMBER), event)
        return int(text) if whole else Decimal(text)


def read_fields(
    text: str, *, name: str, most: int = _MOST_VALUES, what: str = _CONTRACT
) -> tuple[dict[str, Any], Lines]:
    """Return the fields of a YAML mapping and their lines; raise `UnableToReadContract` for other text.

    A text with more than `most` values, or 50 characters for each of them, is refused.
    """
    if len(text) > _CHARACTERS * most:
        reason = "it is too large: %(count)s characters, at most %(most)s"
        raise UnableToReadContract(Sentence(reason, count=len(text), most=_CHARACTERS * most), name=name)
    reader = _Reader(name, most)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reader.take(event)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        said = Sentence("not YAML: %(problem)s", problem=error.problem)
        raise UnableToReadContract(said, name=name, line=line) from error
    except (yaml.YAMLError, UnicodeError) as error:
        said = Sentence("not YAML: it contains characters that YAML forbids")
        raise UnableToReadContract(said, name=name) from error
    if not reader.roots or not isinstance(reader.roots[0], dict):
        raise UnableToReadContract(Sentence("%(what)s is a mapping of fields", what=what), name=name, line=1)
    return reader.roots[0], Lines(reader.lines, reader.spelt)

"""Proposing a mapping for an unknown file of outages, with what it is unsure of."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from include.sla_logic.importers.cells import look_up
from include.sla_logic.importers.mapping import Mapping, read_mapping, shipped_mappings
from include.sla_logic.importers.moments import EPOCHS, read_moment
from include.sla_logic.importers.rejection import Rejected, UnableToImportRow
from include.sla_logic.importers.tables import Dialect, Row, UnableToReadFile, open_table
from include.sla_logic.importers.tables.documents import list_paths, parse_json
from include.sla_logic.importers.tables.encodings import guess_encoding
from include.sla_logic.importers.tables.files import Lines, open_text

_DELIMITERS = (",", ";", "\t", "|")
_READ, _SEEN = 200, 1 << 20
_WORDS = {
    "service": "service leitung line circuit monitor host component affected",
    "reference": "reference nr number id incident ticket key eventid",
    "started_at": "started start begin beginn from down opened raised",
    "ended_at": "ended end ende until to resolved up closed cleared",
    "seconds": "seconds duration dauer length minutes",
    "cause": "cause reason ursache description title name output",
}
_FORMATS = (
    *(f"{day} {clock}" for day in ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y") for clock in ("%H:%M:%S", "%H:%M")),
    *(f"{day} {clock}" for day in ("%m/%d/%Y", "%d/%m/%Y") for clock in ("%I:%M:%S %p", "%I:%M %p")),
)


@dataclass
class Proposal:
    """A mapping as it would be written, names of shipped ones that fit, and what a person has to decide."""

    written: dict[str, Any]
    shipped: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the mapping as a file, what is unsure above it."""
        notes = [f"# `--mapping {name}` reads such files." for name in self.shipped]
        notes += [f"# Unsure: {one}" for one in self.unsure]
        return "\n".join([*notes, yaml.safe_dump(self.written, sort_keys=False, allow_unicode=True)])


def sniff(path: Path) -> Proposal:
    """Propose how a file is read; raise `UnableToReadFile` where nothing can be told."""
    found = Proposal({"title": path.stem})
    said = _dialect(path, found)
    with open_table(path, Dialect.model_validate(said)) as table:
        rows = [entry[1] for entry in islice(table.rows, _READ) if not isinstance(entry, Rejected)]
    if not rows:
        raise UnableToReadFile(f"{path.name} has no rows by which its columns can be told.")
    found.written |= said
    found.shipped = [name for name in shipped_mappings() if _fits(read_mapping(name), rows[0])]
    columns = list(_columns(rows[0]))
    chosen = {name: column for name in _WORDS if (column := _best(name, columns)) is not None}
    for name in ("service", "started_at"):
        if name not in chosen:
            found.unsure.append(f"which column is {name}? There are {', '.join(columns)}.")
    if not {"ended_at", "seconds"} & chosen.keys():
        found.unsure.append("no column seems to be the end or the length: every outage would last until now.")
    sources = {name: _source(name, column, rows, found) for name, column in chosen.items()}
    found.written["sections"] = {"outages": {"columns": sources}}
    return found


def _dialect(path: Path, found: Proposal) -> dict[str, Any]:
    with path.open("rb") as file:
        beginning = file.read(_SEEN)
    said: dict[str, Any] = {}
    if beginning.startswith(b"PK"):
        return {"layout": "xlsx"}
    if beginning[:2] != b"\x1f\x8b" and (guess := guess_encoding(beginning)) is not None:
        said["encoding"] = guess
        found.unsure.append(f"the encoding is {guess}, or one that is like it: look at letters such as ä and é.")
    with open_text(path, said.get("encoding")) as file_text:
        lines = [line.rstrip("\r\n") for line in islice(Lines(file_text, path), _READ)]
    text = "\n".join(lines).lstrip()
    if text[:1] in ("{", "["):
        return said | _json(path, text, found)
    return said | {"layout": "csv"} | _delimited(lines, found)


def _json(path: Path, text: str, found: Proposal) -> dict[str, Any]:
    first = text.partition("\n")[0].strip()
    try:
        if isinstance(parse_json(first), dict) and "\n" in text:
            return {"layout": "jsonl"}
    except ValueError:
        pass
    document = parse_json(path.read_text("utf-8"))
    lists = list_paths(document)
    if len(lists) > 1:
        found.unsure.append(f"the rows may be at {', '.join(lists)}.")
    return {"layout": "json", **({"rows": lists[0]} if lists else {})}


def _delimited(lines: Sequence[str], found: Proposal) -> dict[str, Any]:
    counts = {mark: [line.count(mark) for line in lines] for mark in _DELIMITERS}
    mark = max(_DELIMITERS, key=lambda one: (sum(count > 0 for count in counts[one][-5:]), counts[one][-1]))
    usual = max(set(counts[mark]), key=lambda count: (count > 0, counts[mark].count(count)))
    skip = next((place for place, count in enumerate(counts[mark]) if count == usual), 0)
    said: dict[str, Any] = {} if mark == "," else {"delimiter": mark}
    if skip:
        said["skip_rows"] = skip
        found.unsure.append(f"the first {skip} lines seem to stand above the column names.")
    cells = [cell.strip('" ') for line in lines[skip + 1 :] for cell in line.split(mark)]
    if mark != "," and any(re.fullmatch(r"-?[0-9.]+,[0-9]+", cell) for cell in cells):
        said |= {"decimal": ","} | (
            {"thousands": "."} if any(re.fullmatch(r"-?[0-9]+\.[0-9]{3},[0-9]+", c) for c in cells) else {}
        )
    return said


def _columns(row: Row, above: str = "") -> Iterator[str]:
    for name, value in row.items():
        path = f"{above}{name}"
        if isinstance(value, dict):
            yield from _columns(value, f"{path}.")
        else:
            yield path


def _best(field_name: str, columns: Iterable[str]) -> str | None:
    """Return the column whose words name the field, the first where several do."""
    words = _WORDS[field_name].split()
    scored = []
    for place, column in enumerate(columns):
        parts = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", column).lower())
        ranks = [words.index(part) for part in parts if part in words]
        if ranks:
            scored.append((min(ranks), place, column))
    return min(scored)[2] if scored else None


def _source(name: str, column: str, rows: Sequence[Row], found: Proposal) -> Any:
    texts = [text for row in rows if (text := _text(row, column))]
    if name == "seconds" and "min" in column.lower():
        return {"column": column, "multiply": 60}
    return column if name not in ("started_at", "ended_at") else _time(name, column, texts, found)


def _text(row: Row, column: str) -> str:
    try:
        return str(look_up(row, column) or "").strip()
    except UnableToImportRow:
        return ""


def _time(name: str, column: str, texts: Sequence[str], found: Proposal) -> Any:
    if _all_read(texts, None, None):
        return column
    zoned = {"column": column, "zone": "UTC"}
    ask = f"{name}: {texts[0]!r} has no zone: write the one of these clocks in place of UTC." if texts else ""
    if _all_read(texts, None, "UTC"):
        found.unsure.append(ask)
        return zoned
    for epoch in EPOCHS:
        if _all_read(texts, epoch, None):
            return {"column": column, "format": epoch}
    fitting = [written for written in _FORMATS if _all_read(texts, written, "UTC")]
    if len({written[:2] for written in fitting}) > 1:
        found.unsure.append(f"{name}: {texts[0]!r} may be written as {' or '.join(fitting)}.")
    if fitting:
        found.unsure.append(ask)
        return zoned | {"format": fitting[0]}
    if _all_read(texts, "excel", "UTC"):
        found.unsure.append(ask)
        return zoned | {"format": "excel"}
    found.unsure.append(f"{name}: how is {texts[0] if texts else 'an empty column'!r} written? Say so as format.")
    return column


def _all_read(texts: Sequence[str], written: str | None, zone: str | None) -> bool:
    try:
        return bool(texts) and all(read_moment("at", text, written, zone) for text in texts)
    except UnableToImportRow:
        return False


def _fits(mapping: Mapping, row: Row) -> bool:
    """Tell whether a row has all that a shipped mapping reads, and enough of it to be no accident."""
    needed = {column for section in mapping.sections.values() for column in section.needed()}
    try:
        return len(needed) > 2 and all(look_up(row, column) is not None for column in needed)  # noqa: PLR2004 - three
    except UnableToImportRow:
        return False

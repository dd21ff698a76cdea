"""What is wrong with all rows of a file: said once, before anything of it is kept."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from include.sla_logic.importers.mapping import Section
from include.sla_logic.importers.record_kinds import Kind
from include.sla_logic.importers.rejection import Rejected
from include.sla_logic.importers.tables import Dialect, NothingToRead, UnableToReadFile, open_table

_PREAMBLE = 20  # lines that may stand above the column names
_ALIKE = 100  # rows that are refused for one field before it is the file that is wrong


def check_columns(columns: list[str] | None, section: Section, kind: Kind, path: Path, dialect: Dialect) -> None:
    """Raise `UnableToReadFile` where the header alone says that no row can be read: once, and not for each row."""
    if columns is None:
        return
    needed = section.needed()
    if section.strict:
        needed = {name for name, one in kind.record.model_fields.items() if one.is_required()}
        needed -= {"started_at"} if {"ended_at", "seconds"} <= set(columns) else set()
    check_names(columns, needed, section.columns if section.strict else None, path, dialect)


def check_names(
    columns: Sequence[str], needed: Iterable[str], known: Iterable[str] | None, path: Path, dialect: Dialect
) -> None:
    """Raise `UnableToReadFile` where a needed column is missing, or where one is none of those that are known."""
    unknown = [] if known is None else sorted(set(columns).difference(known))
    missing = sorted(set(needed).difference(columns))
    if not unknown and not missing:
        return
    hint = _preamble(path, dialect, set(needed)) if missing else ""
    if unknown and not hint:
        hint = _other_case(unknown[0], known or ())
        listed = ", ".join(known or ())
        raise UnableToReadFile(f"{path.name}: {unknown[0]!r} is no field of this record; it has {listed}{hint}.")
    if missing:
        has = ", ".join(columns)
        raise UnableToReadFile(f"{path.name}: the column {missing[0]!r} is missing; the first line has {has}{hint}.")


def _other_case(name: str, known: Iterable[str]) -> str:
    meant = next((one for one in known if one.lower() == name.lower()), None)
    return "" if meant is None else f"; {meant!r} is meant, perhaps"


def _preamble(path: Path, dialect: Dialect, needed: set[str]) -> str:
    """Say where the column names are, if lines of a report stand above them."""
    for skipped in range(dialect.skip_rows + 1, dialect.skip_rows + _PREAMBLE):
        try:
            with open_table(path, dialect.model_copy(update={"skip_rows": skipped})) as table:
                if needed <= set(table.columns or ()):
                    return f". Line {skipped + 1} has the names: say so in a mapping (skip_rows: {skipped})"
        except NothingToRead:
            break
        except UnableToReadFile:
            continue
    return ""


def refuse_all_alike(rejected: Sequence[Rejected], rows: int, file: str) -> None:
    """Raise `UnableToReadFile` where every one of many rows is refused for the same field: the file is wrong."""
    fields = {one.field for one in islice(rejected, rows)}
    if rows < _ALIKE or len(rejected) < rows or len(fields) > 1 or len({one.row for one in rejected}) < rows:
        return
    first = min(rejected, key=lambda one: one.row)
    raise UnableToReadFile(f"None of the first {rows} rows of {file} can be read, and nothing of it was kept: {first}.")

"""What the first line of a file says about all its rows: said once, before anything is read."""

from include.sla_logic.importers.files import UnableToReadFile
from include.sla_logic.importers.mapping import Section
from include.sla_logic.importers.record_kinds import Kind


def check_columns(columns: list[str] | None, section: Section, kind: Kind, file: str) -> None:
    """Raise `UnableToReadFile` where the header alone says that no row can be read: once, and not for each row."""
    if columns is None:
        return
    needed = {source.column for source in section.columns.values() if source.column and not source.optional}
    needed |= {one.source.column for one in section.series if one.source.column and not one.source.optional}
    needed |= {*section.only, *({section.each} if section.each else ())}
    if missing := sorted(needed - set(columns)):
        reason = f"the mapping needs the column {missing[0]!r}, and the first line of the file does not have it"
        raise UnableToReadFile(f"{file}: {reason}: it has {', '.join(columns)}.")
    if not section.strict:
        return
    if unknown := sorted(set(columns) - section.columns.keys()):
        raise UnableToReadFile(
            f"{file}: {unknown[0]!r} is no field of this record; it has {', '.join(section.columns)}."
        )
    required = {name for name, field in kind.record.model_fields.items() if field.is_required()}
    if missing := sorted(required - set(columns)):
        raise UnableToReadFile(
            f"{file}: the column {missing[0]!r} is missing; the first line has {', '.join(columns)}."
        )

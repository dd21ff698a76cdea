"""Reading the tables of other systems row by row, whatever file they come in."""

from include.sla_logic.importers.tables.dialect import Dialect, NothingToRead, UnableToReadFile
from include.sla_logic.importers.tables.files import count_rows
from include.sla_logic.importers.tables.opening import open_table
from include.sla_logic.importers.tables.table import Entries, NumberedRow, Row, Table

__all__ = [
    "Dialect",
    "Entries",
    "NothingToRead",
    "NumberedRow",
    "Row",
    "Table",
    "UnableToReadFile",
    "count_rows",
    "open_table",
]

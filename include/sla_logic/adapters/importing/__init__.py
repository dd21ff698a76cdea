"""Importing an operator's own data: files in whatever columns, described by a mapping file, never by code."""

from include.sla_logic.adapters.importing.files import UnableToReadFile
from include.sla_logic.adapters.importing.importer import ImportReport, import_file
from include.sla_logic.adapters.importing.keeping import KINDS
from include.sla_logic.adapters.importing.mapping import (
    Mapping,
    UnableToReadMapping,
    plain_mapping,
    read_mapping,
    shipped_mappings,
)
from include.sla_logic.adapters.importing.rejection import Rejected

__all__ = [
    "KINDS",
    "ImportReport",
    "Mapping",
    "Rejected",
    "UnableToReadFile",
    "UnableToReadMapping",
    "import_file",
    "plain_mapping",
    "read_mapping",
    "shipped_mappings",
]

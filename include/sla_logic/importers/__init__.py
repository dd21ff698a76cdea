"""Importing an operator's own data: files in whatever columns, described by a mapping file, never by code."""

from include.sla_logic.importers.importer import import_file
from include.sla_logic.importers.mapping import (
    Mapping,
    UnableToReadMapping,
    plain_mapping,
    read_mapping,
    shipped_mappings,
)
from include.sla_logic.importers.record_kinds import KINDS
from include.sla_logic.importers.rejection import Rejected
from include.sla_logic.importers.report import ImportReport
from include.sla_logic.importers.tables import UnableToReadFile

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

"""Importing tickets of another system: rows of an event log become tickets with their histories."""

from include.sla_logic.importers.tickets.importer import TicketImport, TicketReport, import_tickets
from include.sla_logic.importers.tickets.mapping import (
    TicketMapping,
    read_ticket_mapping,
    shipped_ticket_mappings,
)

__all__ = [
    "TicketImport",
    "TicketMapping",
    "TicketReport",
    "import_tickets",
    "read_ticket_mapping",
    "shipped_ticket_mappings",
]

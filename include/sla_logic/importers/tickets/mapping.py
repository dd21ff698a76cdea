"""Mapping files for tickets: where an event log says what, and what its states mean here."""

from collections.abc import Collection
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from include.sla_logic.domain.sla_clock import Owner
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.importers.cells import is_path
from include.sla_logic.importers.mapping import FOLDER, read_model
from include.sla_logic.importers.sources import AnySource, Source
from include.sla_logic.importers.tables import Dialect

_FOLDER = FOLDER / "tickets"


class State(BaseModel):
    """What one foreign state means: a TMF621 status, and who has to act while it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: TicketStatus
    owner: Owner | None = None


def _as_state(written: Any) -> Any:
    return {"status": written} if isinstance(written, str) else written


class TicketMapping(Dialect):
    """One event log's dialect and columns: a row for each change of a ticket, or one for each ticket.

    `state` is the column of the foreign state, or several, joined by " / ". `fields` are those of the notification;
    what changes from row to row is read from the ticket's last row that has it. `held_for` is the whole time that a
    ticket of one row was on hold, for which `held_by` had to act. `strict` refuses further columns.
    """

    title: str
    strict: bool = False
    reference: AnySource
    opened_at: AnySource | None = None
    at: AnySource
    state: Annotated[tuple[str, ...], Field(min_length=1)]
    states: dict[str, Annotated[State, BeforeValidator(_as_state)]]
    owner: AnySource | None = None
    reason: AnySource | None = None
    held_for: AnySource | None = None
    held_by: Owner = Owner.CUSTOMER
    fields: dict[
        Literal["customer", "service", "symptom", "description", "impact", "urgency", "observed_from", "observed_to"],
        AnySource,
    ]

    def sources(self) -> list[Source]:
        """Return where everything comes from that is read of a row."""
        alone = (self.reference, self.opened_at, self.at, self.owner, self.reason, self.held_for)
        return [*(one for one in alone if one is not None), *self.fields.values()]

    def columns_of(self, field: str) -> list[str]:
        """Return the columns that a field is read from; its own name where no source says so."""
        source = self.fields.get(field) or getattr(self, field, None)  # type: ignore[call-overload]
        return sorted(source.named()) if isinstance(source, Source) else [field]

    def for_columns(self, columns: Collection[str]) -> Self:
        """Return the mapping without the fields that a table of these columns, which are checked, never has."""

        def is_read(source: Source) -> bool:
            always = not source.optional or source.otherwise is not None or (source.value or source.text) is not None
            return always or any(name in columns or is_path(name) for name in source.named())

        left = {name: source for name, source in self.fields.items() if is_read(source)}
        alone = {name: getattr(self, name) for name in ("opened_at", "owner", "reason", "held_for")}
        kept = {name: source if source and is_read(source) else None for name, source in alone.items()}
        reduced = self.model_copy(update={"fields": left, "strict": False, **kept})
        reduced.__dict__.pop("bare_fields", None)  # a copy has what was worked out of the whole
        return reduced

    def needed(self) -> set[str]:
        """Return the columns without which no row can be read."""
        return {column for source in self.sources() for column in source.needed()}.union(self.state)

    @cached_property
    def known(self) -> list[str]:
        """All columns that are read."""
        return sorted({column for source in self.sources() for column in source.named()}.union(self.state))

    @cached_property
    def bare_fields(self) -> dict[str, Source]:
        """The fields of the notification without what stands for a missing one."""
        return {name: source.model_copy(update={"otherwise": None}) for name, source in self.fields.items()}


def shipped_ticket_mappings() -> list[str]:
    """Return the names of the mappings that come with the product."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _FOLDER.iterdir() if entry.name.endswith(".yaml"))


def read_ticket_mapping(name: str) -> TicketMapping:
    """Read a mapping file by its path, or a shipped one by its name; raise `UnableToReadMapping`."""
    return read_model(TicketMapping, name, "mappings/tickets", shipped_ticket_mappings())

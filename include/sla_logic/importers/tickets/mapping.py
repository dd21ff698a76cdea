"""Mapping files for tickets: where an event log says what, and what its states mean here."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from include.sla_logic.domain.sla_clock import Owner
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.importers.mapping import Source, UnableToReadMapping

_FOLDER = files(__package__).parent / "mappings" / "tickets"  # type: ignore[attr-defined]


class TicketSource(Source):
    """Where one field comes from: as for other records, and what only tickets need.

    `format` reads dates as strptime does, `text` is a sentence with `$column` in it, `slug` turns what a reference
    may not contain into hyphens, `otherwise` is used where the cell is missing.
    """

    format: str | None = None
    text: str | None = None
    slug: bool = False
    otherwise: str | None = None


def _as_source(written: Any) -> Any:
    return {"column": written} if isinstance(written, str) else written


Cell = Annotated[TicketSource, BeforeValidator(_as_source)]


class State(BaseModel):
    """What one foreign state means: a TMF621 status, and who has to act while it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: TicketStatus
    owner: Owner | None = None


def _as_state(written: Any) -> Any:
    return {"status": written} if isinstance(written, str) else written


class TicketMapping(BaseModel):
    """One event log's layout: one row for each change of a ticket, the rows of a ticket one after the other.

    `state` is the column of the foreign state, or several, joined by " / ". `fields` are those of the notification;
    what changes from row to row is read from the ticket's last row that has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    layout: Literal["csv", "jsonl"] | None = None
    missing: tuple[str, ...] = ("",)
    reference: Cell
    opened_at: Cell | None = None
    at: Cell
    state: Annotated[tuple[str, ...], Field(min_length=1)]
    states: dict[str, Annotated[State, BeforeValidator(_as_state)]]
    owner: Cell | None = None
    reason: Cell | None = None
    fields: dict[
        Literal["customer", "service", "symptom", "description", "impact", "urgency", "observed_from", "observed_to"],
        Cell,
    ]


def shipped_ticket_mappings() -> list[str]:
    """Return the names of the mappings that come with the product."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _FOLDER.iterdir() if entry.name.endswith(".yaml"))


def read_ticket_mapping(name: str) -> TicketMapping:
    """Read a mapping file by its path, or a shipped one by its name; raise `UnableToReadMapping`."""
    path = Path(name)
    try:
        written = path.suffix in {".yaml", ".yml"}
        text = path.read_text("utf-8") if written else (_FOLDER / f"{name}.yaml").read_text("utf-8")
        return TicketMapping.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise UnableToReadMapping(
            f"There is no ticket mapping {name}; shipped are {', '.join(shipped_ticket_mappings())}."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UnableToReadMapping(f"The mapping {name} is not YAML.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "mapping"
        raise UnableToReadMapping(f"The mapping {name} cannot be used: {where}: {first['msg']}.") from error

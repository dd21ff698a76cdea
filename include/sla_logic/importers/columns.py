"""What the columns of each kind of import mean, how their texts are written, and an example of each."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.importers import mapping as dialects
from include.sla_logic.importers.field_kinds import AMOUNTS, DAYS, INSTANTS, LENGTHS, NUMBERS
from include.sla_logic.importers.mapping import read_mapping, shipped_mappings
from include.sla_logic.importers.record_kinds import KINDS
from include.sla_logic.importers.tickets.mapping import read_ticket_mapping, shipped_ticket_mappings

TICKETS = "tickets"
_INSTANT = "time with its zone, as 2026-10-05T08:00:00Z"
_PATTERNS: Mapping[str, str] = {
    "^[A-Z]{3}$": "code of a currency, as EUR",
    r"^[^@\s]+@[^@\s]+$": "mail address",
    "^[A-Za-z0-9_.:+~-]+$": "letters A to Z, digits and _ . : + ~ -",
    "^[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*$": "code of a language, as en or pt-BR",
}


@dataclass(frozen=True)
class Column:
    """One column: `form` says how its texts are written, with its unit."""

    name: str
    required: bool
    meaning: str
    form: str
    example: str


@dataclass(frozen=True)
class ImportKind:
    """One kind of import with its columns; `mappings` are the shipped ones, each with its title.

    `needed` is an example of a mapping, where columns that are named like ours do not say enough.
    """

    name: str
    about: str
    columns: Sequence[Column]
    mappings: Mapping[str, str]
    needed: str = ""

    def sample(self) -> str:
        """Return a file that can be imported as it stands, once what it refers to is known."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.name for column in self.columns])
        writer.writerow([column.example for column in self.columns])
        return text.getvalue()

    def form_of(self, name: str) -> str:
        """Return how the texts of a column are written; empty for a column that is not ours."""
        return next((column.form for column in self.columns if column.name == name), "")


@cache
def import_kinds() -> Mapping[str, ImportKind]:
    """Return every kind of import by its name, in the order in which a new installation imports them."""
    said = yaml.safe_load(files(__package__).joinpath("columns.yaml").read_text("utf-8"))
    return {name: _kind(name, **one) for name, one in said.items()}


def shipped_text(name: str) -> str | None:
    """Return a shipped mapping as it is written, or None where there is none of this name."""
    folder = files(__package__) / "mappings"
    for names, place in ((shipped_mappings(), folder), (shipped_ticket_mappings(), folder / "tickets")):
        if name in names:
            return place.joinpath(f"{name}.yaml").read_text("utf-8")
    return None


def _kind(name: str, about: str, columns: Mapping[str, tuple[str, Any]], mapping: str = "") -> ImportKind:
    required, forms = _of_tickets() if name == TICKETS else _of_records(name)
    described = [
        Column(each, each in required, meaning, forms[each], str(example))
        for each, (meaning, example) in columns.items()
    ]
    return ImportKind(name, about, described, dict(_mappings(name)), mapping)


def _mappings(kind: str) -> Iterator[tuple[str, str]]:
    if kind == TICKETS:
        yield from ((name, read_ticket_mapping(name).title) for name in shipped_ticket_mappings() if name != "plain")
        return
    yield from ((name, mapping.title) for name, mapping in _shipped().items() if kind in mapping.sections)


@cache
def _shipped() -> dict[str, dialects.Mapping]:
    return {name: read_mapping(name) for name in shipped_mappings()}


def _of_records(kind: str) -> tuple[set[str], dict[str, str]]:
    fields = KINDS[kind].record.model_fields
    forms = _forms(KINDS[kind].record.model_json_schema(), fields)
    return {name for name, one in fields.items() if one.is_required()}, forms


def _of_tickets() -> tuple[set[str], dict[str, str]]:
    plain = read_ticket_mapping("plain")
    notification = _forms(ProblemNotification.model_json_schema(), [*plain.fields, "external_reference"])
    states = " | ".join(state for state in plain.states if state in set(TicketStatus))
    forms = notification | dict.fromkeys(("at", "opened_at", "observed_from", "observed_to"), _INSTANT)
    forms |= {"status": states, "owner": "provider | customer | third_party", "reason": "text"}
    return plain.needed(), forms


def _forms(schema: Mapping[str, Any], names: Any) -> dict[str, str]:
    return {name: _form(name, schema["properties"][name], schema.get("$defs", {})) for name in names}


def _form(name: str, said: Mapping[str, Any], defined: Mapping[str, Any]) -> str:
    """Say how a field is written: by its name, as the importer reads it, else by the type of the record."""
    for names, words in (
        (INSTANTS, _INSTANT),
        (DAYS, "day, as 2026-10-05"),
        (LENGTHS, "seconds, or 1:30:00, PT1H, 90 min"),
        (AMOUNTS, "amount with a decimal point, as 120.00"),
        (NUMBERS, "number with a decimal point"),
    ):
        if name in names:
            return words
    return _of_schema(said, defined)


def _of_schema(said: Mapping[str, Any], defined: Mapping[str, Any]) -> str:
    for choice in said.get("anyOf", ()):
        if choice.get("type") != "null":
            return _of_schema(choice, defined)
    said = defined.get(str(said.get("$ref", "")).rpartition("/")[2], said)
    if "enum" in said:
        return " | ".join(map(str, said["enum"]))
    if said.get("type") in {"boolean", "integer"}:
        return "true | false" if said["type"] == "boolean" else "whole number"
    most, form = said.get("maxLength"), _PATTERNS.get(said.get("pattern", ""))
    if form is None:
        return "text" if most is None else f"text of at most {most} letters"
    return form if most is None else f"{form}; at most {most} letters"

"""The process log: incident by incident, then what belongs to none, then what the register knows of what they name."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, TextIO

from sqlalchemy import Connection

from include.sla_logic.domain.pseudonyms import Pseudonyms
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.process_log import (
    UnableToReadPeriod,
    credits_of,
    incidents_by_portion,
    known_of,
    other_acts_by_portion,
    other_messages_by_portion,
    problems_numbered,
    pseudonym_key,
    rounds_by_portion,
    rows_of,
    topology_of,
)
from include.sla_logic.persistence.queries.reports import month_of
from include.sla_logic.persistence.service_problems import problem_id
from include.sla_logic.persistence.settlement import ROUND
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.log_events import About, EventMaker, LogEvent
from include.sla_logic.services.log_formats import FORMATS
from include.sla_logic.services.log_parts import LogObject, LogPart, credit_object, letter_object

__all__ = ["FORMATS", "ProcessLog", "UnableToReadPeriod"]


@dataclass(frozen=True)
class ProcessLog:
    """Reads one moment of the database in portions, however long the log is."""

    work: UnitOfWork

    def write(
        self,
        out: TextIO,
        form: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        names: bool = False,
        count: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Write the incidents reported in `[since, until)` and what else happened then; return how many events.

        `form` is one of `FORMATS`; `count` is told each portion. Raises `UnableToReadPeriod` where the period is empty.
        """
        events, writer = 0, FORMATS[form](out)
        with self.work.reading() as connection, writer:
            key = None if names else pseudonym_key(connection)
            for part in _Reader(connection, EventMaker(Pseudonyms(key), names)).parts(since, until):
                writer.write(part)
                events += len(part.events)
                count(len(part.events))
        return events

    def write_month(self, out: TextIO, form: str, month: str) -> None:
        """Write the incidents reported in a month of UTC, with pseudonyms; raise `UnableToReadMonth`."""
        period = month_of(month)
        self.write(out, form, since=period.start, until=period.end)


_KEYS = {"acts": "subject", "problems": "analysed_as"}


@dataclass
class _Reader:
    connection: Connection
    maker: EventMaker
    named: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    customers: dict[str, str] = field(default_factory=dict)  # the id in the log → the customer's own

    def parts(self, since: datetime | None, until: datetime | None) -> Iterator[LogPart]:
        """Yield every part; the register comes last, when all that is named is known."""
        for part in chain(self._incidents(since, until), self._others(since, until)):
            abouts = ([event.about for event in part.events], [one.about for one in part.objects])
            for about in chain.from_iterable(chain(*abouts)):
                self.named[about.type].add(about.id)
            yield part
        yield LogPart(objects=tuple(self._register()))

    def _incidents(self, since: datetime | None, until: datetime | None) -> Iterator[LogPart]:
        for portion in incidents_by_portion(self.connection, since, until):
            kept = rows_of(self.connection, portion)
            found = {kind: _by(rows, _KEYS.get(kind, "ticket")) for kind, rows in kept.items()}
            for row in portion:
                self._remember(row)
                names = dict.fromkeys((row.number, ticket_id(row.number), row.run_id))  # as one or the other has it
                mine = {kind: [each for name in names for each in rows.get(name, ())] for kind, rows in found.items()}
                yield self._incident(row, mine)

    def _incident(self, row: Any, rows: dict[str, list[Any]]) -> LogPart:
        events = tuple(self.maker.of_incident(row, rows))
        said = {name: getattr(row, name) for name in ("origin", "contract", "priority", "cause", "outcome")}
        last = max((event.at for event in events), default=row.created_at)
        values = [("origin", row.origin, row.created_at)]
        values += [("status", one.status, one.at) for one in sorted(rows["history"], key=lambda one: one.sequence)]
        values += [(name, said[name], last) for name in ("priority", "cause", "outcome") if said[name]]
        values.append(("escalated", "true" if row.escalated else "false", last))
        about = [About("customer", self.maker.customer(row.customer), "reported by")]
        about.append(About("service", row.service, "about"))
        about += [About("contract", row.contract, "under")] if row.contract else []
        objects = [
            LogObject("incident", ticket_id(row.number), tuple(values), tuple(about)),
            *(credit_object(credit, ticket_id(row.number)) for credit in rows["credits"]),
            *(letter_object(message, ticket_id(row.number)) for message in rows["messages"] if message.kind == "mail"),
        ]
        shown = {name: value for name, value in said.items() if value}
        shown |= {"customer": self.maker.customer(row.customer), "service": row.service, "status": row.status}
        return LogPart(ticket_id(row.number), shown, events, tuple(objects))

    def _others(self, since: datetime | None, until: datetime | None) -> Iterator[LogPart]:
        for rounds in rounds_by_portion(self.connection, since, until):
            credits_ = _by(credits_of(self.connection, [f"{ROUND}{row.number}" for row in rounds]), "ticket")
            for row in rounds:
                self._remember(row)
                mine = credits_.get(f"{ROUND}{row.number}", [])
                objects = tuple(credit_object(credit) for credit in mine)
                yield LogPart(events=tuple(self.maker.of_round(row, mine)), objects=objects)
        for messages in other_messages_by_portion(self.connection, since, until):
            for row in messages:
                self._remember(row)
            letters = tuple(letter_object(row) for row in messages if row.kind == "mail")
            yield LogPart(events=_flat(self.maker.of_message, messages), objects=letters)
        for acts in other_acts_by_portion(self.connection, since, until):
            yield LogPart(events=_flat(self.maker.of_act, acts))

    def _remember(self, row: Any) -> None:
        if row.customer:
            self.customers[self.maker.customer(row.customer)] = row.customer

    def _register(self) -> Iterator[LogObject]:
        """Yield customers, contracts, services, service problems and resources that are named anywhere."""
        named = {kind: sorted(ids) for kind, ids in self.named.items()}
        titles = {}
        if self.maker.names:
            rows = known_of(self.connection, "customers", sorted(self.customers.values()))
            titles = {row.id: row.name for row in rows}
        for name in named.get("customer", ()):
            yield LogObject("customer", name, about=(), title=titles.get(self.customers[name], ""))
        yield from (LogObject("contract", name) for name in named.get("contract", ()))
        services, resources = named.get("service", []), set(named.get("resource", ()))
        runs_on = _by(topology_of(self.connection, services), "service")
        known = {row.id: row for row in known_of(self.connection, "services", services)}
        for name in services:
            on = tuple(About("resource", row.resource, "runs on") for row in runs_on.get(name, ()))
            resources |= {about.id for about in on}
            yield LogObject("service", name, _kind(known.get(name)), on, self._title(known.get(name)))
        for row in self._problems(named.get("service problem", [])):
            resources.add(row.resource)
            values = (("type_of_problem", row.type_of_problem, row.opened_at),)
            yield LogObject("service problem", problem_id(row.number), values, (About("resource", row.resource, "at"),))
        known = {row.id: row for row in known_of(self.connection, "resources", sorted(resources))}
        for name in sorted(resources):
            yield LogObject("resource", name, _kind(known.get(name)), title=self._title(known.get(name)))

    def _problems(self, names: list[str]) -> Iterable[Any]:
        return problems_numbered(self.connection, [int(name.rpartition("-")[2]) for name in names])

    def _title(self, row: Any) -> str:
        return row.name if row is not None and self.maker.names else ""


def _kind(row: Any) -> tuple[tuple[str, str, None], ...]:
    return () if row is None else (("kind", row.kind, None),)


def _by(rows: Iterable[Any], name: str) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


def _flat(make: Callable[[Any], list[LogEvent]], rows: Iterable[Any]) -> tuple[LogEvent, ...]:
    return tuple(event for row in rows for event in make(row))

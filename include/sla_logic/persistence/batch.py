"""The incidents of one transaction, which look things up and write together; one incident is a batch of one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol

from sqlalchemy import Connection, Table, select

from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.incident_records import IncidentRecord
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.measurements import FreshMeasurements
from include.sla_logic.persistence.pending import Pending
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.process.ports import LetterOutbox, Network


class BatchNetwork(Network, Protocol):
    """The network as a batch uses it: what it did is kept with everything else that the batch writes."""

    def flush(self) -> None:
        """Write what was done into the open transaction."""
        ...


@dataclass(frozen=True)
class Gateways:
    """Opens what lies outside the database: the network of a batch, and the outbox of one incident's letters.

    `ask` asks an external network, outside any transaction, what a step could not answer.
    """

    network: Callable[["Batch", Callable[[], Sequence[tuple[str, str]]]], BatchNetwork]
    ask: Callable[[Database, Sequence[Any]], Mapping[Any, Any]]
    letter_outbox: Callable[[Callable[[str, Mapping[str, Any]], None], str | None, str], LetterOutbox]


@dataclass
class Batch:
    """What the incidents of one transaction have in common.

    `run_id` is the run that carries them as a cohort; `sender` the address from which letters come, where one is set;
    `answers` what an external network has answered since the step was begun. One that only `looks` holds nothing: what
    it works out is never written.
    """

    connection: Connection
    records: Sequence[IncidentRecord]
    now: datetime
    gateways: Gateways
    run_id: str | None = None
    sender: str | None = None
    answers: Mapping[Any, Any] = field(default_factory=dict)
    looks: bool = False
    fresh: FreshMeasurements = field(default_factory=FreshMeasurements)
    pending: list[tuple[TroubleTicket, Pending]] = field(default_factory=list)
    _held: set[str] = field(default_factory=set)

    @cached_property
    def numbers(self) -> list[int]:
        """The numbers of the tickets."""
        return [incident.number for incident in self.records]

    @cached_property
    def tickets(self) -> list[str]:
        """The ids of the tickets."""
        return [incident.ticket.id for incident in self.records]

    @cached_property
    def installation(self) -> str:
        """The id of the installation; asked only where something leaves."""
        return installation_id(self.connection)

    @cached_property
    def subscriptions(self) -> list[tuple[str, str]]:
        """Customer and service of each incident, each pair once."""
        return list(dict.fromkeys((one.ticket.customer, one.ticket.service) for one in self.records))

    @cached_property
    def services(self) -> list[str]:
        """The services concerned."""
        return sorted({service for _, service in self.subscriptions})

    def hold_resources(self) -> None:
        """Hold all resources of the services here until the transaction ends."""
        self.hold(t.resources, select(t.topology.c.resource).where(t.topology.c.service.in_(self.services)))

    def hold(self, table: Table, names: Any) -> None:
        """Hold these rows until the transaction ends, in the order of their names.

        Batches that held them one by one, each in the order of its incidents, would wait for each other for ever.
        """
        held = table.name in self._held or self.looks
        if not held and self.connection.dialect.name == "postgresql":
            query = select(table.c.id).where(table.c.id.in_(names)).order_by(table.c.id)
            # FOR NO KEY UPDATE: inserts that refer to these rows need not wait, since no key changes here.
            self.connection.execute(query.with_for_update(key_share=True)).all()
        self._held.add(table.name)

"""The repositories that an activity may ask, each opened when it is first asked, on the activity's own transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from include.sla_logic.persistence.incident_records import ticket_number
from include.sla_logic.persistence.pending_messages import PendingMessages
from include.sla_logic.process.ports import Billing, Contracts, LetterOutbox, Measurements, Network

if TYPE_CHECKING:
    from include.sla_logic.persistence.service_problems import IncidentProblems


@dataclass
class Repositories:
    """Whatever a desk writes, it writes on `connection`; whatever must leave the house goes into `outgoing`.

    `ticket` is an id; `sender` is the address from which letters come, where one is configured.
    """

    connection: Connection
    ticket: str
    now: datetime
    sender: str | None = None
    outgoing: PendingMessages = field(default_factory=PendingMessages)

    @cached_property
    def contracts(self) -> Contracts:
        from include.sla_logic.persistence.contracts import ContractRegister

        return ContractRegister(connection=self.connection, ticket=self.ticket, now=self.now)

    @cached_property
    def measurements(self) -> Measurements:
        from include.sla_logic.persistence.measurements import MeasurementRegister

        return MeasurementRegister(connection=self.connection, ticket=self.ticket, now=self.now)

    @cached_property
    def network(self) -> Network:
        from include.sla_logic.gateways.simulated_network import SimulatedNetwork

        return SimulatedNetwork(connection=self.connection, ticket=self.ticket, now=self.now)

    @cached_property
    def problems(self) -> "IncidentProblems":
        from include.sla_logic.persistence.service_problems import IncidentProblems, ProblemRegister

        register = ProblemRegister(self.connection, [ticket_number(self.ticket) or 0], now=self.now)
        return IncidentProblems(lambda: register, self.ticket, now=self.now)

    @property
    def asked_about_problems(self) -> "IncidentProblems | None":
        """The desk of the service problems, where it was asked at all."""
        return self.__dict__.get("problems")

    @cached_property
    def billing(self) -> Billing:
        from include.sla_logic.persistence.billing import BillingLedger

        return BillingLedger(connection=self.connection, ticket=self.ticket, now=self.now, outgoing=self.outgoing)

    @cached_property
    def letter_outbox(self) -> LetterOutbox:
        from include.sla_logic.letters.letter_outbox import RenderingLetterOutbox

        return RenderingLetterOutbox(self._put_letter, sender=self.sender)

    def _put_letter(self, key: str, payload: Mapping[str, Any]) -> None:
        self.outgoing.put(kind="mail", key=key, payload=payload)

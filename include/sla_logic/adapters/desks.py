"""The desks that an activity may ask, each opened when it is first asked, on the activity's own transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from include.sla_logic.adapters.folders import ticket_number
from include.sla_logic.adapters.tray import Tray
from include.sla_logic.ports import BillingDesk, Contracts, Mailroom, Measurements, Network

if TYPE_CHECKING:
    from include.sla_logic.adapters.service_problems import ProblemDesk


@dataclass
class Desks:
    """Whatever a desk writes, it writes on `connection`; whatever must leave the house goes into `tray`.

    `ticket` is an id; `sender` is the address from which letters come, where one is configured.
    """

    connection: Connection
    ticket: str
    now: datetime
    sender: str | None = None
    tray: Tray = field(default_factory=Tray)

    @cached_property
    def contracts(self) -> Contracts:
        from include.sla_logic.adapters.contracts import ContractRegister

        return ContractRegister(connection=self.connection, ticket=self.ticket, now=self.now)

    @cached_property
    def measurements(self) -> Measurements:
        from include.sla_logic.adapters.measurements import MeasurementRegister

        return MeasurementRegister(connection=self.connection, ticket=self.ticket, now=self.now)

    @cached_property
    def network(self) -> Network:
        from include.sla_logic.adapters.network import EmbeddedNetwork

        return EmbeddedNetwork(connection=self.connection, ticket=self.ticket, now=self.now)

    @cached_property
    def problems(self) -> "ProblemDesk":
        from include.sla_logic.adapters.service_problems import ProblemDesk, ProblemRegister

        register = ProblemRegister(self.connection, [ticket_number(self.ticket) or 0], now=self.now)
        return ProblemDesk(lambda: register, self.ticket, now=self.now)

    @property
    def asked_about_problems(self) -> "ProblemDesk | None":
        """The desk of the service problems, where it was asked at all."""
        return self.__dict__.get("problems")

    @cached_property
    def billing(self) -> BillingDesk:
        from include.sla_logic.adapters.billing import BillingLedger

        return BillingLedger(connection=self.connection, ticket=self.ticket, now=self.now, tray=self.tray)

    @cached_property
    def mailroom(self) -> Mailroom:
        from include.sla_logic.adapters.mail import LetterMailroom

        return LetterMailroom(self._put_letter, sender=self.sender)

    def _put_letter(self, key: str, payload: Mapping[str, Any]) -> None:
        self.tray.put(kind="mail", key=key, payload=payload)

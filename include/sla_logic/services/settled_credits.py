"""A credit that a round of settlement brought, as those who decide about credits see it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.policies import Policies
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.flush import file_messages, message_row
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.pending_messages import PendingMessages
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.settlement import find_round

D = TypeVar("D", bound=Document)


@dataclass
class RoundFile:
    """The rebate of a round with the agreement and contract that it was judged by; there is no incident."""

    connection: Connection
    name: str
    rebate: Rebate
    agreed: tuple[Agreement, Contract]
    now: datetime
    task: str
    outgoing: PendingMessages = field(default_factory=PendingMessages)

    @property
    def policies(self) -> Policies:
        """The tables in force."""
        return policies_in_force()

    @property
    def measurements(self) -> MeasurementRegister:
        """What was measured."""
        return MeasurementRegister(connection=self.connection)

    def read(self, kind: type[D]) -> D:
        """Return the rebate, the one document of a round."""
        assert isinstance(self.rebate, kind)  # noqa: S101 - nothing else is asked
        return self.rebate

    def note(self, done: str, *, by: str, reason: str) -> None:
        """Keep what was decided, and what is told of it."""
        rows = [message_row(message, ticket=None, now=self.now) for message in self.outgoing.messages]
        file_messages(self.connection, rows)
        note_act(self.connection, Act(self.now, by, self.task, self.name, f"{done}: {reason}"))


def open_round(connection: Connection, name: str, *, now: datetime, task: str) -> RoundFile:
    """Open the round that brought a credit; its agreement is the one in force when its window ended."""
    row: Any = find_round(connection, name)
    rebate = Rebate.model_validate_json(row.rebate)
    register = ContractRegister(connection=connection, subscriptions=[(row.customer, row.service)])
    held = [one for one in register.agreements() if one.id == row.agreement]
    within = [one for one in held if one.begins is not None and one.begins < row.window_end]
    agreement = (within or held)[-1]
    return RoundFile(connection, name, rebate, (agreement, register.contract(agreement)), now, task)

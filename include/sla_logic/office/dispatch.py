"""What leaves the house: sending, looking, trying again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from include.sla_logic.adapters.audit import Act, note_act
from include.sla_logic.adapters.filing import file_away
from include.sla_logic.adapters.folders import find_number
from include.sla_logic.adapters.outbox import Outgoing, count_messages, list_messages, retry_message
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.office.premises import Premises

if TYPE_CHECKING:
    from include.sla_logic.adapters.delivery import DeliveryReport

_SENDERS = {"mail": Lane.CUSTOMER_SERVICE, "billing": Lane.BILLING}


class Dispatch(Premises):
    """At least once under a key that never changes; what does not leave stays, with its reason."""

    def deliver(self, *, ticket: str | None = None, limit: int = 100) -> "DeliveryReport":
        """Send what is due in the outbox, of one incident (ticket, reference or run) or of all."""
        from include.sla_logic.adapters.carriers import carriers
        from include.sla_logic.adapters.delivery import Sender
        from include.sla_logic.adapters.delivery_schedule import schedules_in_force

        with self.reading() as connection:
            number = None if ticket is None else find_number(connection, ticket)
        sender = Sender(self.database, carriers(self.settings, self.database), schedules_in_force(), self._bury)
        return sender.deliver(ticket=number, limit=limit)

    def messages(self, *, state: str | None = None, ticket: str | None = None, limit: int = 100) -> Sequence[Outgoing]:
        """Return messages without payload, newest first; `state` is waiting, claimed, sent or dead."""
        with self.reading() as connection:
            number = None if ticket is None else find_number(connection, ticket)
            return list_messages(connection, state=state, ticket=number, limit=limit)

    def message_counts(self) -> dict[str, int]:
        """Return how many messages are in each state."""
        with self.reading() as connection:
            return count_messages(connection)

    def retry_message(self, number: int, *, by: str, reason: str = "") -> Outgoing:
        """Make a message due now; raise `UnableToFindMessage` or `UnableToRetryMessage`."""
        with self.writing() as connection:
            now = self.database.now(connection)
            message = retry_message(connection, number, now=now)
            detail = f"{message.key}: {reason}" if reason else message.key
            note_act(connection, Act(now, by, "message retried", message.ticket or message.key, detail))
            return message

    def _bury(self, connection: Connection, message: Outgoing, reason: str) -> None:
        """Tell the ticket that something it announced will not leave by itself."""
        if message.ticket is None:
            return
        number = self.lock(connection, message.ticket)
        file = self.open_file(connection, number, task="deliver")
        lane = _SENDERS.get(message.kind, Lane.CUSTOMER_SERVICE)
        file.record(f"Message {message.id} ({message.kind}) could not be delivered: {reason}", lane=lane)
        file_away(connection, [file])

"""What a notification would be answered, before a run exists: the same check as that of the first task."""

from collections.abc import Collection
from dataclasses import dataclass

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.notification_check import Refusal, receive
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.acceptance import UnableToAcceptNotification
from include.sla_logic.services.register_check import faults_in_register


@dataclass(frozen=True)
class Intake:
    """Every door asks here before it starts a run; what is refused here is not kept, as its sender is told at once."""

    work: UnitOfWork

    def check(self, conf: object, *, customers: Collection[str] | None = None) -> ProblemNotification:
        """Return the notification as it was sent; raise `UnableToAcceptNotification` with all its faults.

        `customers` are those whom the sender may know of, None for all.
        """
        with self.work.reading() as connection:
            received = receive(conf, now=self.work.database.now(connection))
            received = received.with_faults(faults_in_register(connection, received, customers=customers))
        if isinstance(received.result, Refusal):
            raise UnableToAcceptNotification(f"{received.result}.", faults=received.result.faults)
        return received.sent or received.result

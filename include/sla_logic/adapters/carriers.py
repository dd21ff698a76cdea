"""The carriers of this house: letters by mail or into files, credits by HTTP or into the embedded ledger."""

from typing import Any

from include.sla_logic.adapters.database import Database
from include.sla_logic.adapters.delivery import Carrier
from include.sla_logic.adapters.outbox import Outgoing
from include.sla_logic.adapters.settings import Settings


def carriers(settings: Settings, database: Database) -> dict[str, Carrier]:
    """Return the carrier of each kind of message."""
    return {"mail": _mail(settings), "billing": _billing(settings, database)}


def _mail(settings: Settings) -> Carrier:
    from include.sla_logic.adapters.mail_delivery import UnableToDeliverMail

    def deliver(message: Outgoing) -> Any:
        from include.sla_logic.adapters.mail import deliver_mail

        return deliver_mail(message.payload, smtp=settings.smtp, folder=settings.letters_folder)

    return Carrier(deliver, refused=(UnableToDeliverMail,))


def _billing(settings: Settings, database: Database) -> Carrier:
    system = settings.billing
    if system is None:
        return _ledger(database)
    from include.sla_logic.adapters.billing_delivery import UnableToPostCredit

    def deliver(message: Outgoing) -> Any:
        from include.sla_logic.adapters.billing_delivery import post_credit
        from include.sla_logic.adapters.ledger import mark_posted

        answer = post_credit(message.payload, key=message.key, system=system)
        with database.write() as connection:
            mark_posted(connection, message.payload["credit"], database.now(connection))
        return answer

    return Carrier(deliver, refused=(UnableToPostCredit,))


def _ledger(database: Database) -> Carrier:
    from include.sla_logic.adapters.ledger import UnableToPost, accept_posting

    def deliver(message: Outgoing) -> Any:
        with database.write() as connection:
            now = database.now(connection)
            return accept_posting(connection, key=message.key, payload=message.payload, now=now)

    return Carrier(deliver, refused=(UnableToPost,))

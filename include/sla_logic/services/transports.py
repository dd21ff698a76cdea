"""How messages leave: letters by mail or into files, credits by HTTP or into the simulated ledger."""

from typing import Any

from include.sla_logic.gateways.sender import Transport
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.outbox import Outgoing
from include.sla_logic.settings import Settings


def transports(settings: Settings, database: Database) -> dict[str, Transport]:
    """Return the transport of each kind of message."""
    return {"mail": _mail(settings), "billing": _billing(settings, database)}


def _mail(settings: Settings) -> Transport:
    from include.sla_logic.gateways.smtp import UnableToDeliverMail

    def deliver(message: Outgoing) -> Any:
        from include.sla_logic.gateways.smtp import deliver_mail

        return deliver_mail(message.payload, smtp=settings.smtp, folder=settings.letters_folder)

    return Transport(deliver, refused=(UnableToDeliverMail,))


def _billing(settings: Settings, database: Database) -> Transport:
    system = settings.billing
    if system is None:
        return _ledger(database)
    from include.sla_logic.gateways.billing_http import UnableToPostCredit

    def deliver(message: Outgoing) -> Any:
        from include.sla_logic.gateways.billing_http import post_credit
        from include.sla_logic.gateways.simulated_ledger import mark_posted

        answer = post_credit(message.payload, key=message.key, system=system)
        with database.write() as connection:
            mark_posted(connection, message.payload["credit"], database.now(connection))
        return answer

    return Transport(deliver, refused=(UnableToPostCredit,))


def _ledger(database: Database) -> Transport:
    from include.sla_logic.gateways.simulated_ledger import UnableToPost, accept_posting

    def deliver(message: Outgoing) -> Any:
        with database.write() as connection:
            now = database.now(connection)
            return accept_posting(connection, key=message.key, payload=message.payload, now=now)

    return Transport(deliver, refused=(UnableToPost,))

"""How messages leave: letters by mail or into files, credits by HTTP or into the simulated ledger, events by HTTP."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from include.sla_logic.gateways.sender import Transport
from include.sla_logic.persistence.database import Database
from include.sla_logic.persistence.outbox import Outgoing
from include.sla_logic.settings import Settings


def transports(settings: Settings, database: Database) -> dict[str, Transport]:
    """Return the transport of each kind of message."""
    from include.sla_logic.services.event_transports import event_transports

    return {
        "mail": _mail(settings, database),
        "billing": _billing(settings, database),
        **event_transports(settings, database),
    }


def _mail(settings: Settings, database: Database) -> Transport:
    from include.sla_logic.gateways.smtp import UnableToDeliverMail

    def deliver(message: Outgoing) -> Any:
        from include.sla_logic.gateways.smtp import deliver_mail

        payload = message.payload
        if ids := payload.get("attachments"):
            payload = {**payload, "message": _with_files(database, payload["message"], ids)}
        return deliver_mail(payload, smtp=settings.smtp, folder=settings.letters_folder)

    return Transport(deliver, refused=(UnableToDeliverMail,))


def _with_files(database: Database, message: str, ids: Sequence[int]) -> str:
    """Add files to a mail as it leaves: they are only ever added, so that every attempt has the same bytes."""
    from include.sla_logic.domain.attachments import media_type
    from include.sla_logic.domain.mail_message import with_files
    from include.sla_logic.persistence.attachments import read_files

    with database.read() as connection:
        files = read_files(connection, ids)
    return with_files(message, [(file.name, media_type(file.name), file.content) for file in files])


def _billing(settings: Settings, database: Database) -> Transport:
    system = settings.billing
    if system is None:
        return _ledger(database)
    from include.sla_logic.gateways.billing import client, postings, searched

    def deliver(message: Outgoing) -> Any:
        from include.sla_logic.gateways.billing.profiles import post_credit

        before = message.attempts > 1 or message.last_error is not None
        return post_credit(message.payload, key=message.key, system=system, sent_before=before)

    def acknowledged(connection: Connection, messages: Sequence[Outgoing]) -> None:
        from include.sla_logic.gateways.simulated_ledger import mark_posted

        mark_posted(connection, [message.payload["credit"] for message in messages], database.now(connection))

    refused = (
        client.UnableToPostCredit,
        client.UnableToUseBilling,
        client.UnableToReadPostings,
        postings.UnableToConfirmCredit,
        searched.UnableToLookForCredit,
    )
    return Transport(deliver, refused=refused, acknowledged=acknowledged)


def _ledger(database: Database) -> Transport:
    from include.sla_logic.gateways.simulated_ledger import UnableToPost, accept_posting, accept_postings

    def deliver(message: Outgoing) -> Any:
        with database.write() as connection:
            now = database.now(connection)
            return accept_posting(connection, key=message.key, payload=message.payload, now=now)

    def deliver_all(messages: Sequence[Outgoing]) -> Sequence[Any]:
        """Post a portion in one transaction; where that fails as a whole, find out which messages fail."""
        try:
            with database.write() as connection:
                postings = [(message.key, message.payload) for message in messages]
                return accept_postings(connection, postings, now=database.now(connection))
        except Exception as error:  # noqa: BLE001 - kept with the message, as the error of a single one
            if len(messages) == 1:
                return [error]
            middle = len(messages) // 2
            return [*deliver_all(messages[:middle]), *deliver_all(messages[middle:])]

    return Transport(deliver, refused=(UnableToPost,), deliver_all=deliver_all)

"""Every ended incident has one letter, under one Message-ID (I5)."""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, select

from include.sla_logic.domain.mail_message import FAILED_STEP
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema.system_t import outbox, steps
from include.sla_logic.process.graph import END

MAIL = "mail"


def check_messages(connection: Connection) -> Iterator[Violation]:
    """Count the letters of each incident; how often each one arrived, only the mail server knows."""
    query = select(outbox.c.ticket, outbox.c.key).where(outbox.c.kind == MAIL, outbox.c.ticket.is_not(None))
    letters = Counter(row.ticket for row in connection.execute(query) if not row.key.startswith(FAILED_STEP))
    sent_off = set(connection.scalars(select(steps.c.ticket).where(steps.c.task == "send_customer_report")))
    for number in sorted(sent_off | letters.keys()):
        expected = 1 if number in sent_off else 0
        if letters[number] != expected:
            yield Violation(
                "I5", ticket_id(number), f"has {letters[number]} letters in the outbox instead of {expected}"
            )
    for number in connection.scalars(
        select(steps.c.ticket).where(steps.c.task == END, steps.c.ticket.not_in(sent_off or [0]))
    ):
        yield Violation("I5", ticket_id(number), "was closed without a letter")

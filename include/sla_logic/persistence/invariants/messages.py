"""Every ended incident has one letter, and one more for each later decision or act that writes again (I5)."""

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, or_, select

from include.sla_logic.domain.mail_message import NO_LETTERS
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema.system_t import documents, outbox, steps
from include.sla_logic.process.graph import END

MAIL = "mail"
WRITES_AGAIN = ("customer written to again", "incident resolved")
DISPUTE_DECIDED = "dispute decided"


def check_messages(connection: Connection) -> Iterator[Violation]:
    """Count the letters of each incident; how often each one arrived, only the mail server knows."""
    query = select(outbox.c.ticket, outbox.c.key).where(outbox.c.kind == MAIL, outbox.c.ticket.is_not(None))
    letters = Counter(row.ticket for row in connection.execute(query) if not row.key.startswith(NO_LETTERS))
    sent_off = set(connection.scalars(select(steps.c.ticket).where(steps.c.task == "send_customer_report")))
    decided = _told_decisions(connection)
    for number in sorted(sent_off | letters.keys()):
        expected = (1 if number in sent_off else 0) + decided[number]
        if letters[number] != expected:
            yield Violation(
                "I5", ticket_id(number), f"has {letters[number]} letters in the outbox instead of {expected}"
            )
    for number in connection.scalars(
        select(steps.c.ticket).where(steps.c.task == END, steps.c.ticket.not_in(sent_off or [0]))
    ):
        yield Violation("I5", ticket_id(number), "was closed without a letter")


def _told_decisions(connection: Connection) -> Counter[int]:
    """Count the reports that followed a person's decision about a credit, or that a person asked for."""
    asked_for = or_(documents.c.task.like("credit %"), documents.c.task.in_((*WRITES_AGAIN, DISPUTE_DECIDED)))
    told = (documents.c.kind == "CustomerReport") & asked_for
    return Counter(connection.scalars(select(documents.c.ticket).where(told)))

"""Mail to the operators: ids, names of steps and our own sentences, nothing about a customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from include.sla_logic.domain.mail_message import FAILED_STEP, one_line
from include.sla_logic.domain.trouble_ticket import TroubleTicket

SENDER = "customer-service@teleco.example"  # RFC 2606: an address of no one until one is configured

Payload = dict[str, Any]
_SHOWN = 50  # sentences in one mail


@dataclass(frozen=True)
class Envelope:
    """From which installation and address a mail goes to whom, and when."""

    installation: str
    sender: str | None
    to: str
    now: datetime


def failed_step_mail(ticket: TroubleTicket, task: str, why: str, envelope: Envelope) -> Payload:
    """Return the mail about a step of one incident; its Message-ID makes a second one impossible."""
    return operator_mail(
        f"{ticket.id}.{task}",
        f"{ticket.id}: the step {task} failed",
        f"Ticket {ticket.id} is escalated.\nRun: {ticket.run_id}\nStep: {task}\nReason: {why}\n\n"
        "Once the cause is removed, clear the failed task in Airflow, or use `sla doctor --repair`.\n",
        envelope,
    )


def failed_task_mail(dag: str, task: str, why: str, envelope: Envelope) -> Payload:
    """Return the mail about a task that serves all incidents; its Message-ID allows one for each UTC day."""
    return operator_mail(
        f"{dag}.{task}.{envelope.now:%Y%m%d}",
        f"{dag}: the task {task} failed",
        f"DAG: {dag}\nTask: {task}\nReason: {why}\n\n"
        "A task that runs by a schedule is tried again by the next run. One of an incident or a cohort is not:\n"
        "once the cause is removed, clear it in Airflow. Further failures today (UTC) are not mailed: look at\n"
        "its runs there, and at `sla doctor`.\n",
        envelope,
    )


def given_up_mail(number: int, kind: str, why: str, envelope: Envelope) -> Payload:
    """Return the mail about a message that will not leave by itself; its Message-ID allows one for each UTC day."""
    return operator_mail(
        f"message-{number}.{envelope.now:%Y%m%d}",
        f"Message {number} ({kind}) is given up",
        f"Message: {number}\nKind: {kind}\nReason: {why}\n\n"
        "Once the cause is removed, `sla outbox retry` sends it again under its old key.\n",
        envelope,
    )


def lost_tickets_mail(sentences: Sequence[str], envelope: Envelope) -> Payload:
    """Return the mail about what only Airflow or only the database knows; its Message-ID allows one for each hour."""
    shown = sentences[:_SHOWN]
    more = [f"… and {len(sentences) - _SHOWN} more: `sla doctor` names all."] if len(sentences) > _SHOWN else []
    return operator_mail(
        f"lost-tickets.{envelope.now:%Y%m%d%H}",
        f"Airflow and the operations database differ in {len(sentences)} points",
        "\n".join((*shown, *more, "", "`sla doctor` says what is left.", "")),
        envelope,
    )


def operator_mail(name: str, subject: str, says: str, envelope: Envelope, *, start: str = FAILED_STEP) -> Payload:
    """Return a mail; the same `name` gives the same Message-ID, which begins with `start`."""
    sender = envelope.sender or SENDER
    identity = f"{start}{name}.{envelope.installation}@{sender.rpartition('@')[2]}>"
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = sender, envelope.to
    message["Subject"] = one_line(subject, 180)
    message["Message-ID"], message["Date"] = identity, format_datetime(envelope.now)
    message.set_content(says, cte="base64")
    return {"message_id": identity, "subject": subject, "by_post_because": None, "message": message.as_string()}

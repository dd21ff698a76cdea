"""A word to the operators when a step has failed for good: ids and the step's name, nothing about a customer."""

from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from include.sla_logic.letters.letter_outbox import SENDER
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.pending_messages import FAILED_STEP, Message


def announce_failed_step(file: SqlCaseFile, task: str, why: str, *, to: str) -> None:
    """Put one mail for this incident and step into the outbox; its Message-ID makes a second one impossible."""
    sender = file.repositories.sender or SENDER
    message = _mail(
        f"{file.ticket.id}.{task}",
        f"{file.ticket.id}: the step {task} failed",
        f"Ticket {file.ticket.id} is escalated.\nRun: {file.ticket.run_id}\nStep: {task}\nReason: {why}\n\n"
        "Once the cause is removed, clear the failed task in Airflow, or use `sla doctor --repair`.\n",
        sender=sender,
        to=to,
        now=file.now,
    )
    file.repositories.outgoing.put(kind=message.kind, key=message.key, payload=message.payload)


def failed_task(dag: str, task: str, why: str, *, sender: str | None, to: str, now: datetime) -> Message:
    """Return the mail about a task that serves all incidents; its Message-ID allows one for each UTC day."""
    return _mail(
        f"{dag}.{task}.{now:%Y%m%d}",
        f"{dag}: the task {task} failed",
        f"DAG: {dag}\nTask: {task}\nReason: {why}\n\n"
        "Its schedule tries it again. Whatever else fails of it today (UTC) is not told again: look at its runs in\n"
        "Airflow, and at `sla doctor`.\n",
        sender=sender or SENDER,
        to=to,
        now=now,
    )


def _mail(name: str, subject: str, says: str, *, sender: str, to: str, now: datetime) -> Message:
    identity = f"{FAILED_STEP}{name}@{sender.rpartition('@')[2]}>"
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = sender, to
    message["Subject"] = subject
    message["Message-ID"], message["Date"] = identity, format_datetime(now)
    message.set_content(says, cte="base64")
    payload = {"message_id": identity, "subject": subject, "by_post_because": None, "message": message.as_string()}
    return Message(kind="mail", key=identity, payload=payload)

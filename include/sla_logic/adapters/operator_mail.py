"""A word to the operators when a step has failed for good: ids and the step's name, nothing about a customer."""

from email import policy
from email.message import EmailMessage
from email.utils import format_datetime

from include.sla_logic.adapters.case_file import KeptCaseFile
from include.sla_logic.adapters.mail import SENDER

FAILED_STEP = "<failed-step."


def announce_failed_step(file: KeptCaseFile, task: str, why: str, *, to: str) -> None:
    """Put one mail for this incident and step into the outbox; its Message-ID makes a second one impossible."""
    sender = file.desks.sender or SENDER
    identity = f"{FAILED_STEP}{file.ticket.id}.{task}@{sender.rpartition('@')[2]}>"
    message = EmailMessage(policy=policy.SMTP)
    message["From"], message["To"] = sender, to
    message["Subject"] = f"{file.ticket.id}: the step {task} failed"
    message["Message-ID"], message["Date"] = identity, format_datetime(file.now)
    message.set_content(
        f"Ticket {file.ticket.id} is escalated.\nRun: {file.ticket.run_id}\nStep: {task}\nReason: {why}\n\n"
        "Once the cause is removed, clear the failed task in Airflow, or use `sla doctor --repair`.\n",
        cte="base64",
    )
    payload = {"message_id": identity, "subject": str(message["Subject"]), "by_post_because": None}
    file.desks.tray.put(kind="mail", key=identity, payload={**payload, "message": message.as_string()})

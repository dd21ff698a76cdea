"""What a person at the desk writes to a customer: their words as they are, without any of ours around them."""

from datetime import datetime
from html import escape

from include.sla_logic.domain.mail_message import DESK_MESSAGE, address, compose, message_id
from include.sla_logic.domain.relationship import Customer
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.letters.letter_outbox import recipient_of
from include.sla_logic.letters.operator_mail import SENDER, Payload
from include.sla_logic.letters.presenter import company_name

_PAGE = """<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{subject}</title></head>
<body style="font-family: sans-serif; white-space: pre-line"><main>{text}</main></body></html>
"""


def write_message(  # noqa: PLR0913 - keyword-only parts of one mail
    ticket: TroubleTicket,
    customer: Customer,
    text: str,
    *,
    provider: str | None,
    version: str,
    installation: str,
    sender: str | None,
    now: datetime,
) -> Payload:
    """Return the mail as an outbox payload; the same `version` gives the same Message-ID."""
    company = address(company_name(provider), sender or SENDER)
    identity = DESK_MESSAGE + message_id(installation, ticket.id, version, company.domain).removeprefix("<")
    recipient, by_post_because = recipient_of(customer)
    reference = f" ({ticket.external_reference})" if ticket.external_reference else ""
    subject = f"{ticket.id}{reference}"
    says = f"{text}\n\n{company_name(provider)}\n{subject}\n"
    message = compose(
        identity=identity,
        sender=company,
        recipient=recipient,
        subject=subject,
        written_at=now,
        language=customer.locale,
        text=says,
        html=_PAGE.format(language=escape(customer.locale), subject=escape(subject), text=escape(says)),
    )
    return {"message_id": identity, "subject": subject, "by_post_because": by_post_because, "message": message}

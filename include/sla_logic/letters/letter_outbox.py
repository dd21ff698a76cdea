"""Customer Service's letter_outbox: letters are rendered once, kept as they are, and sent from what was kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.headerregistry import Address, Group
from hashlib import sha256
from typing import Any

from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.mail_message import (
    Picture,
    UnableToAddressLetter,
    address,
    compose,
    message_id,
    page_of,
    postal,
    read_message,
)
from include.sla_logic.domain.relationship import Customer
from include.sla_logic.letters.presenter import write_letter
from include.sla_logic.letters.rendering import as_html, as_text, load_templates
from include.sla_logic.letters.translations import Wording, languages
from include.sla_logic.letters.view_model import Letter

SENDER_NAME = "TELECO Customer Service"
SENDER = "customer-service@teleco.example"  # RFC 2606: nobody's address until one is configured

Payload = dict[str, Any]


class RenderingLetterOutbox:
    """Render a report at posting, so that each sending of it is the same to the byte."""

    def __init__(self, put: Callable[[str, Payload], None], *, sender: str | None = None) -> None:
        """Take the outbox as `put(key, payload)`; the key is the letter's Message-ID."""
        self._put = put
        self._sender = sender or SENDER

    def post(self, report: CustomerReport, customer: Customer) -> None:
        """Put the rendered letter into the outbox; a reader without e-mail address gets it by post."""
        payload = render(report, customer, sender=self._sender)
        self._put(payload["message_id"], payload)


def render(report: CustomerReport, customer: Customer, *, sender: str = SENDER) -> Payload:
    """Return the letter as an outbox payload: plain JSON values, equal for equal arguments."""
    letter: Letter = write_letter(report, customer)
    house = address(SENDER_NAME, sender)
    identity = message_id(report.ticket, _version(report), house.domain)
    to, by_post = _recipient(customer)
    message = compose(
        identity=identity,
        sender=house,
        recipient=to,
        subject=letter.subject,
        written_at=report.created_at,
        language=letter.language,
        text=as_text(letter),
        html=as_html(letter),
        pictures=[Picture(image.name, image.content) for image in letter.images],
    )
    return {"message_id": identity, "subject": letter.subject, "by_post_because": by_post, "message": message}


def prepare() -> None:
    """Load what all letters need: sentences, formats, templates. For a process that forks those that write them."""
    for language in languages():
        wording = Wording(language, "UTC")
        wording.moment(datetime(2026, 1, 1, tzinfo=UTC)), wording.number_locale(), wording.time_locale()
    load_templates()


def _recipient(customer: Customer) -> tuple[Address | Group, str | None]:
    """Return whom the letter goes to, and why it must go by post, if it must."""
    if not customer.email:
        return postal(customer.name), "The customer has no e-mail address."
    try:
        return address(customer.name, customer.email), None
    except UnableToAddressLetter as error:
        return postal(customer.name), str(error)


def _version(report: CustomerReport) -> str:
    """Name what the letter says: another round with other content is another letter."""
    return sha256(report.model_dump_json().encode()).hexdigest()[:16]


def as_page(payload: Mapping[str, Any]) -> str:
    """Return the kept letter as a page that stands alone, for a screen or a printer."""
    return page_of(read_message(str(payload["message"])))

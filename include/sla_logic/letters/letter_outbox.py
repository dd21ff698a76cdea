"""Customer Service's outgoing mail: each letter is rendered once, stored, and sent from what is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.headerregistry import Address, Group
from hashlib import sha256
from typing import Any

from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.document import Value
from include.sla_logic.domain.mail_message import (
    Picture,
    UnableToAddressLetter,
    address,
    compose,
    is_mailbox,
    message_id,
    page_of,
    postal,
    read_message,
)
from include.sla_logic.domain.monthly_report import MonthlyReport
from include.sla_logic.domain.relationship import Customer
from include.sla_logic.domain.statement import SettlementStatement
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.letters.charts.performance import load_fonts_and_colours
from include.sla_logic.letters.monthly_letter import write_monthly_report
from include.sla_logic.letters.operator_mail import SENDER, Envelope, Payload, failed_step_mail
from include.sla_logic.letters.presenter import write_letter
from include.sla_logic.letters.rendering import as_html, as_text, load_templates
from include.sla_logic.letters.statement_letter import write_statement
from include.sla_logic.letters.translations import Wording, languages
from include.sla_logic.letters.view_model import Letter


class UnableToUseSender(UnableToAddressLetter):
    """The address from which letters come is no e-mail address: a setting is wrong."""

    concerns_all = True


class RenderingLetterOutbox:
    """Render each letter when it is posted, so that every attempt to send it has the same bytes."""

    def __init__(self, put: Callable[[str, Payload], None], *, installation: str, sender: str | None = None) -> None:
        """Take the outbox as `put(key, payload)`; the key is the letter's Message-ID."""
        self._put = put
        self._installation = installation
        self._sender = sender or SENDER

    def post(self, report: CustomerReport, customer: Customer) -> None:
        """Put the rendered letter into the outbox; a customer without an e-mail address gets it by post."""
        self._put_payload(render(report, customer, installation=self._installation, sender=self._sender))

    def post_failed_step(self, ticket: TroubleTicket, task: str, why: str, *, to: str, now: datetime) -> None:
        """Put one mail to the operators for this incident and step into the outbox."""
        envelope = Envelope(self._installation, self._sender, to, now)
        self._put_payload(failed_step_mail(ticket, task, why, envelope))

    def _put_payload(self, payload: Payload) -> None:
        self._put(payload["message_id"], payload)


def render(report: CustomerReport, customer: Customer, *, installation: str, sender: str = SENDER) -> Payload:
    """Return the letter as an outbox payload: plain JSON values, equal for equal arguments."""
    version = _version(report)
    return _mail(
        write_letter(report, customer), customer, (installation, report.ticket, version), sender, at=report.created_at
    )


def render_statement(
    statement: SettlementStatement, customer: Customer, *, installation: str, sender: str | None = None
) -> Payload:
    """Return the letter about a settled window as an outbox payload."""
    letter, names = write_statement(statement, customer), (installation, statement.reference, _version(statement))
    return _mail(letter, customer, names, sender or SENDER, at=statement.created_at)


def render_monthly_report(
    report: MonthlyReport, customer: Customer, *, installation: str, sender: str | None = None
) -> Payload:
    """Return the report of a month as an outbox payload; its key changes only with what it says."""
    names = installation, f"{report.customer}.{report.month}", _hash(report.content)
    return _mail(write_monthly_report(report, customer), customer, names, sender or SENDER, at=report.created_at)


def _mail(letter: Letter, customer: Customer, names: tuple[str, str, str], sender: str, *, at: datetime) -> Payload:
    """Return the mail; `names` are the installation, what the letter is about, and its version."""
    installation, about, version = names
    if not is_mailbox(sender):
        raise UnableToUseSender(f"The sender {sender!r} is no e-mail address: correct it in teleco_smtp.")
    company = address(letter.closing[-1], sender)
    identity = message_id(installation, about, version, company.domain)
    recipient, by_post_because = recipient_of(customer)
    message = compose(
        identity=identity,
        sender=company,
        recipient=recipient,
        subject=letter.subject,
        written_at=at,
        language=letter.language,
        text=as_text(letter),
        html=as_html(letter),
        pictures=[Picture(image.name, image.content) for image in letter.images],
    )
    return {"message_id": identity, "subject": letter.subject, "by_post_because": by_post_because, "message": message}


def preload() -> None:
    """Load what all letters need, from languages to fonts, for a process that forks those that write them."""
    for language in languages():
        wording = Wording(language, "UTC")
        wording.moment(datetime(2026, 1, 1, tzinfo=UTC))
        wording.number_locale()
        wording.time_locale()
    load_templates()
    load_fonts_and_colours()


def recipient_of(customer: Customer) -> tuple[Address | Group, str | None]:
    """Return who the letter goes to, and why it must go by post, if it must."""
    if not customer.email:
        return postal(customer.name), "The customer has no e-mail address."
    try:
        return address(customer.name, customer.email), None
    except UnableToAddressLetter as error:
        return postal(customer.name), str(error)


def _version(report: Value) -> str:
    """Identify the letter by its content: another round with other content is another letter."""
    return _hash(report.model_dump_json())


def _hash(content: str) -> str:
    return sha256(content.encode()).hexdigest()[:16]


def as_page(payload: Mapping[str, Any]) -> str:
    """Return the stored letter as a page that stands alone, for a screen or a printer."""
    return page_of(read_message(str(payload["message"])))

"""Deliver letters to a mail server, or write them as files where there is none."""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Mapping
from contextlib import suppress
from email import policy
from email.message import EmailMessage
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.mail_message import page_of, read_message
from include.sla_logic.settings import MailTls, Smtp

PRIVATE = 0o600  # names, amounts: the owner alone reads them
REFUSED_FOR_GOOD = range(500, 600)
_LACKING = frozenset({530, 538})  # a login or TLS, which the settings can add


class UnableToSendMail(ForeseenError):
    """The mail was not sent now; the same message may be sent again later."""


class UnableToDeliverMail(ForeseenError):
    """The mail server refused this message or its recipient for good."""


def send_by_smtp(text: str, smtp: Smtp) -> str:
    """Send the stored text unchanged and return the server's answer in one sentence."""
    message = HeaderParser(EmailMessage, policy=policy.default).parsestr(text)
    sender, recipient = _address(message, "From"), _address(message, "To")
    try:
        with _connected(smtp) as server:
            if smtp.tls is MailTls.STARTTLS:
                server.starttls(context=_context(smtp))
            if smtp.login is not None:
                server.login(smtp.login, smtp.password or "")
            server.sendmail(sender, [recipient], text.encode("ascii"))
    except smtplib.SMTPException as error:
        raise _classified(error, smtp) from error
    except OSError as error:
        raise UnableToSendMail(f"{_who(smtp)} does not answer: {error}.") from error
    return f"accepted by {smtp.host}:{smtp.port}"


def _connected(smtp: Smtp) -> smtplib.SMTP:
    if smtp.tls is MailTls.IMPLICIT:
        return smtplib.SMTP_SSL(smtp.host, smtp.port, timeout=smtp.timeout, context=_context(smtp))
    return smtplib.SMTP(smtp.host, smtp.port, timeout=smtp.timeout)


def _context(smtp: Smtp) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not smtp.verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _classified(error: smtplib.SMTPException, smtp: Smtp) -> UnableToSendMail | UnableToDeliverMail:
    """Tell a permanent refusal (5xx for this message) from temporary errors."""
    who = _who(smtp)
    code: int
    said: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, said = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPAuthenticationError):
        return UnableToSendMail(f"{who} refused the login ({error.smtp_code}).")
    elif isinstance(error, smtplib.SMTPResponseException):
        code, said = error.smtp_code, error.smtp_error
    else:
        return UnableToSendMail(f"{who} broke off: {error}.")
    answer = f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    if code in _LACKING:
        return UnableToSendMail(f"{who} asks for TLS or a login: {answer}.")
    if code in REFUSED_FOR_GOOD:
        return UnableToDeliverMail(f"{who} refused the letter: {answer}.")
    return UnableToSendMail(f"{who} put the letter off: {answer}.")


def _who(smtp: Smtp) -> str:
    """Name the server and the way to it: a wrong way looks like silence."""
    ways = {MailTls.IMPLICIT: "implicit TLS", MailTls.STARTTLS: "STARTTLS", MailTls.NONE: "without TLS"}
    return f"The mail server {smtp.host}:{smtp.port} ({ways[smtp.tls]})"


def _address(message: EmailMessage, header: str) -> str:
    return str(message[header].addresses[0].addr_spec)


def write_as_files(text: str, folder: Path) -> tuple[Path, Path]:
    """Write `.eml` and `.html` and return their paths; writing again replaces them with the same."""
    message = read_message(text)
    name = re.sub(r"[^A-Za-z0-9.-]+", "_", str(message["Message-ID"]).strip("<>").partition("@")[0]).lstrip(".")
    eml, page = folder / f"{name}.eml", folder / f"{name}.html"
    _write(eml, text.encode("ascii"))
    _write(page, page_of(message).encode())
    return eml, page


def _write(place: Path, content: bytes) -> None:
    """Replace the file at once: a reader never sees half a letter."""
    unfinished = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(place)
    except OSError as error:
        with suppress(OSError):
            unfinished.unlink()
        raise UnableToSendMail(f"The letter could not be written to {place}: {error.strerror}.") from error


def deliver_mail(payload: Mapping[str, Any], *, smtp: Smtp | None, folder: Path) -> dict[str, Any]:
    """Send the stored letter, or write it to the folder; return the answer to record.

    Raises `UnableToSendMail` where a later attempt may succeed, `UnableToDeliverMail` where none will.
    """
    text = str(payload["message"])
    because = payload.get("by_post_because")
    if smtp is not None and not because:
        return {"sent": send_by_smtp(text, smtp)}
    places = write_as_files(text, folder)
    return {"written": [str(place) for place in places], "because": because or "No mail server is configured."}

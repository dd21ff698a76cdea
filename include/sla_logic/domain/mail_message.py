"""The headers and parts of one mail; the same letter always gives the same bytes."""

from __future__ import annotations

import html as markup
import re
from base64 import b64encode, encodebytes
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_string, policy
from email.headerregistry import Address, Group, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from email.quoprimime import body_encode
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from hashlib import sha256

from include.sla_logic.domain.errors import ForeseenError

_LINE = 76  # characters
_POLICY = SMTP.clone(cte_type="7bit", max_line_length=_LINE)
# A header is parsed whenever it is asked for, a Content-Type several times for each part: what was parsed is kept.
_parsed = lru_cache(maxsize=256)(HeaderRegistry())
_READING = policy.default.clone(header_factory=_parsed)
_UNWANTED = re.compile(r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+")
_MAILBOX = re.compile(r"[A-Za-z0-9._%+'&=/~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")
_NAME_LIMIT, _SUBJECT_LIMIT = 120, 180
_MIME = "MIME-Version: 1.0\r\n"
FAILED_STEP = "<failed-step."  # start of the Message-ID of a mail to the operators about a failed step
DESK_MESSAGE = "<desk."  # start of that of what a person at the desk wrote to a customer
NOTICE = "<notice."  # start of that of a mail to the team about an incident
NO_LETTERS = (FAILED_STEP, DESK_MESSAGE, NOTICE)


class UnableToAddressLetter(ForeseenError):
    """An address in a letter is not an e-mail address."""


@dataclass(frozen=True)
class Picture:
    """A PNG that the HTML part names as `cid:<name>`."""

    name: str
    content: bytes


def one_line(text: str, limit: int) -> str:
    """Return the text without line breaks, control and direction characters, cut at `limit`."""
    clean = " ".join(_UNWANTED.sub(" ", text).split())
    return clean if len(clean) <= limit else clean[: limit - 1].rstrip() + "…"


def is_mailbox(text: str) -> bool:
    """Tell whether the text is one e-mail address that mail can be sent to."""
    return bool(_MAILBOX.fullmatch(text)) and parseaddr(text)[1] == text


def address(name: str, mailbox: str) -> Address:
    """Return a header address; raise `UnableToAddressLetter` for anything that is not one mailbox."""
    if not is_mailbox(mailbox):
        raise UnableToAddressLetter(f"{mailbox!r} is not an e-mail address that a letter can be sent to.")
    return Address(display_name=one_line(name, _NAME_LIMIT), addr_spec=mailbox)


def postal(name: str) -> Group:
    """Return a header address for a recipient without e-mail: a name and no mailbox."""
    return Group(one_line(name, _NAME_LIMIT))


def message_id(installation: str, ticket: str, version: str, domain: str) -> str:
    """Derive the Message-ID from ticket and version, so that every delivery of a letter has the same."""
    return f"<{re.sub('[^A-Za-z0-9-]', '-', ticket)}.{version}.{installation}@{domain}>"


def compose(  # noqa: PLR0913 - keyword-only parts of one mail
    *,
    identity: str,
    sender: Address,
    recipient: Address | Group,
    subject: str,
    written_at: datetime,
    language: str,
    text: str,
    html: str,
    pictures: Sequence[Picture] = (),
) -> str:
    """Return the whole mail as ASCII text with CRLF; equal arguments give equal bytes.

    The library folds and encodes, but the parts are put together here: it would parse each header of each part again,
    which takes three quarters of the time. `tests/letters/test_mime.py` compares the bytes with those of the library.
    """
    head = "".join(
        _header(name, value)
        for name, value in (
            ("From", sender),
            ("To", recipient),
            ("Subject", one_line(subject, _SUBJECT_LIMIT)),
            ("Date", format_datetime(written_at)),
            ("Message-ID", identity),
            ("Auto-Submitted", "auto-generated"),
        )
    )
    page = _text_part("html", html, "" if pictures else _MIME)
    if pictures:
        # Boundaries are numbered in the order of the mail: this part is the third, after the whole and the plain text.
        related = _multipart("related", _boundary(identity, 2), (page, *map(_picture_part, pictures)))
        page = f"{_MIME}{related}"
    parts = _multipart(
        "alternative", _boundary(identity, 0), (_text_part("plain", text), page), _header("Content-Language", language)
    )
    return f"{head}{_MIME}{parts}"


def _header(name: str, value: object) -> str:
    folded: str = _POLICY.header_store_parse(name, value)[1].fold(policy=_POLICY)
    return folded


def _multipart(kind: str, boundary: str, parts: Sequence[str], more: str = "") -> str:
    inside = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n{more}\r\n{inside}--{boundary}--\r\n'


def _text_part(kind: str, text: str, more: str = "") -> str:
    lines = text.encode().splitlines()
    body = body_encode((b"\n".join(lines) + b"\n").decode("latin-1"), _LINE, "\r\n")
    head = f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n'
    return f"{head}{more}\r\n{body}"


def _picture_part(picture: Picture) -> str:
    return _picture_head(picture.name) + encodebytes(picture.content).decode("ascii").replace("\n", "\r\n")


@lru_cache(maxsize=32)
def _picture_head(name: str) -> str:
    """Return the headers of a picture; letters have the same few names."""
    part = EmailMessage(policy=_POLICY)
    part.set_content(b"", "image", "png", cid=f"<{name}>", disposition="inline", filename=f"{name}.png")
    return part.as_bytes().decode("ascii")


def with_files(text: str, files: Sequence[tuple[str, str, bytes]]) -> str:
    """Return a stored mail with files, each as name, MIME type and content; equal arguments give equal bytes."""
    message = message_from_string(text, _class=EmailMessage, policy=_POLICY)
    message.make_mixed()
    for name, media, content in files:
        main, _, sub = media.partition("/")
        message.add_attachment(content, main, sub, filename=name)
    _name_boundaries(message, str(message["Message-ID"]))
    return message.as_bytes().decode("ascii")


def _name_boundaries(message: EmailMessage, identity: str) -> None:
    """Replace the random boundaries of the library by ones derived from the identity."""
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(_boundary(identity, number))


def _boundary(identity: str, number: int) -> str:
    """Return the boundary of the part with that number in the order of the mail, the whole being 0."""
    return f"=_{sha256(identity.encode()).hexdigest()[:24]}_{number}"


def page_of(message: EmailMessage) -> str:
    """Return the HTML part as a self-contained page with its pictures embedded."""
    part = message.get_body(("html",))
    if part is None:
        return f"<!doctype html><meta charset=utf-8><pre>{markup.escape(text_of(message))}</pre>"
    page = str(part.get_content())
    for picture in message.walk():
        if (mark := picture.get("Content-ID")) and picture.get_content_maintype() == "image":
            data = b64encode(picture.get_content()).decode("ascii")
            page = page.replace(f"cid:{mark.strip('<>')}", f"data:{picture.get_content_type()};base64,{data}")
    return page


def text_of(message: EmailMessage) -> str:
    """Return the plain text part."""
    part = message.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


def read_message(text: str) -> EmailMessage:
    """Parse a stored message as mail programs do."""
    return message_from_string(text, _class=EmailMessage, policy=_READING)

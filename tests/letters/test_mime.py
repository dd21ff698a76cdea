"""Our mails against those of the library: the same bytes, whatever they say."""

from datetime import UTC, datetime
from email import message_from_string, policy
from email.headerregistry import Address, Group
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from include.sla_logic.domain import mail_message
from include.sla_logic.domain.mail_message import (
    Picture,
    address,
    compose,
    one_line,
    page_of,
    postal,
    read_message,
)

WRITTEN = datetime(2026, 11, 17, 15, 20, tzinfo=UTC)
SAID = st.text(max_size=300)
LINES = st.lists(st.text(st.sampled_from("aé=. \tß€\u0085\u2028"), max_size=160), max_size=8).map("\r\n".join)
NAMES = st.text(max_size=140).map(lambda text: one_line(text, 120))


def by_the_library(
    *,
    identity: str,
    sender: Address,
    recipient: Address | Group,
    subject: str,
    language: str,
    text: str,
    html: str,
    pictures: list[Picture],
) -> str:
    message = EmailMessage(policy=SMTP.clone(cte_type="7bit", max_line_length=76))
    message["From"], message["To"], message["Subject"] = sender, recipient, one_line(subject, 180)
    message["Date"], message["Message-ID"] = format_datetime(WRITTEN), identity
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    page = message.get_payload()[1]
    for picture in pictures:
        name = picture.name
        page.add_related(picture.content, "image", "png", cid=f"<{name}>", disposition="inline", filename=f"{name}.png")
    message["Content-Language"] = language
    stem = sha256(identity.encode()).hexdigest()[:24]
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_{stem}_{number}")
    return message.as_bytes().decode("ascii")


@given(
    version=st.text("0123456789abcdef", min_size=1, max_size=80),
    names=st.tuples(NAMES, NAMES),
    by_post=st.booleans(),
    subject=SAID,
    language=st.sampled_from(["en", "de-DE", "fr"]),
    says=st.tuples(SAID | LINES, SAID | LINES),
    pictures=st.lists(st.binary(max_size=400), max_size=3),
)
@example("1", ("", ""), False, "", "en", ("", ""), [])
@example("1", ("Zoë " * 30, "a" * 120), True, "ü" * 180, "fr", ("a" * 76 + " ", "\r"), [b"", bytes(57)])
def test_a_mail_has_the_bytes_that_the_library_gives_it(
    version: str,
    names: tuple[str, str],
    by_post: bool,
    subject: str,
    language: str,
    says: tuple[str, str],
    pictures: list[bytes],
) -> None:
    parts = {
        "identity": f"<TT-1.{version}@teleco.example>",
        "sender": address(names[0], "desk@teleco.example"),
        "recipient": postal(names[1]) if by_post else address(names[1], "marta@example.org"),
        "subject": subject,
        "language": language,
        "text": says[0],
        "html": says[1],
        "pictures": [Picture(f"performance-{number}", content) for number, content in enumerate(pictures, 1)],
    }

    assert compose(**parts, written_at=WRITTEN) == by_the_library(**parts)


def test_a_header_cannot_bring_another_one() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        compose(
            identity="<1@teleco.example>", sender=address("", "a@b.cc"), recipient=postal("x"), subject="",
            written_at=WRITTEN, language="en\r\nBcc: all@example.org", text="", html="",
        )  # fmt: skip


def test_a_long_file_name_of_a_picture_stays_readable() -> None:
    name = "performance-" * 12

    text = compose(
        identity="<1@teleco.example>", sender=address("", "a@b.cc"), recipient=postal("x"), subject="",
        written_at=WRITTEN, language="en", text="", html="", pictures=[Picture(name, b"\x89PNG")],
    )  # fmt: skip

    assert [part.get_filename() for part in read_message(text).walk()][-1] == f"{name}.png"


def test_a_header_is_parsed_once_however_often_it_is_asked_for() -> None:
    text = compose(
        identity="<2@teleco.example>", sender=address("Zoë", "a@b.cc"), recipient=postal("x"), subject="ü",
        written_at=WRITTEN, language="en", text="a", html='<img src="cid:p">', pictures=[Picture("p", b"\x89PNG")],
    )  # fmt: skip
    parsed = mail_message._parsed.cache_info

    message, by_the_library = read_message(text), message_from_string(text, _class=EmailMessage, policy=policy.default)

    assert [part.items() for part in message.walk()] == [part.items() for part in by_the_library.walk()]
    assert page_of(message) == page_of(by_the_library)
    misses = parsed().misses
    assert page_of(read_message(text)) == page_of(message)
    assert parsed().misses == misses

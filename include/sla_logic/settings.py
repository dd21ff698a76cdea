"""Where the operations database is, and how letters and credits leave."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from include.sla_logic.domain.errors import ForeseenError

_ROOT = Path(__file__).parents[2]


class UnableToReadSettings(ForeseenError):
    """A setting cannot be understood."""


IMPLICIT_TLS_PORT = 465


class MailTls(StrEnum):
    """How the way to the mail server is encrypted."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


@dataclass(frozen=True)
class Smtp:
    """The mail server; `timeout` in seconds holds for each of its answers, `verified` for its certificate."""

    host: str
    port: int = 25
    login: str | None = None
    password: str | None = None
    tls: MailTls = MailTls.NONE
    verified: bool = True
    sender: str | None = None
    timeout: float = 20.0

    def __repr__(self) -> str:
        """Show everything but the password."""
        return f"Smtp({self.host}:{self.port}, login={self.login!r}, tls={self.tls})"


@dataclass(frozen=True)
class BillingSystem:
    """The billing system: the address of its TMF678 API, without the resource; `timeout` in seconds."""

    url: str
    login: str | None = None
    password: str | None = None
    token: str | None = None
    timeout: float = 20.0

    def __repr__(self) -> str:
        """Show no secret."""
        return f"BillingSystem({self.url})"


@dataclass(frozen=True)
class Settings:
    """`database_url` is an SQLAlchemy URL; without `smtp`, letters are written into `letters_folder`.

    Without `billing`, the ledger in the operations database is the billing system; `operators` is the mail address
    for failed steps.
    """

    database_url: str
    letters_folder: Path
    smtp: Smtp | None = None
    billing: BillingSystem | None = None
    operators: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read TELECO_DB_URL, TELECO_LETTERS, TELECO_SMTP_URL, TELECO_BILLING_URL and TELECO_OPERATORS.

        Whatever is missing stays on this machine, in files beside the checkout.
        """
        given = os.environ if environment is None else environment
        url = given.get("TELECO_DB_URL") or f"sqlite+pysqlite:///{_ROOT / '.teleco' / 'teleco.db'}"
        letters = given.get("TELECO_LETTERS")
        smtp, billing = given.get("TELECO_SMTP_URL"), given.get("TELECO_BILLING_URL")
        return cls(
            database_url=url,
            letters_folder=Path(letters) if letters else letters_beside(url),
            smtp=read_smtp_url(smtp) if smtp else None,
            billing=read_billing_url(billing) if billing else None,
            operators=given.get("TELECO_OPERATORS") or None,
        )


def letters_beside(database_url: str) -> Path:
    """Return the folder for letters beside an SQLite file, else inside the checkout."""
    scheme, _, place = database_url.partition(":///")
    if scheme.startswith("sqlite") and place:
        return Path(place.partition("?")[0]).parent / "letters"
    return _ROOT / ".teleco" / "letters"


def read_smtp_url(url: str) -> Smtp:
    """Read `smtp://login:password@host:port?starttls=true&sender=sla@example.net`, or `smtps://` for implicit TLS."""
    try:
        parts = urlsplit(url)
        port = parts.port or (IMPLICIT_TLS_PORT if parts.scheme == "smtps" else 25)
    except ValueError as error:
        raise UnableToReadSettings("TELECO_SMTP_URL has a port that is not a number.") from error
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
        raise UnableToReadSettings("TELECO_SMTP_URL must look like smtp://login:password@host:port, or smtps://….")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    starttls = MailTls.STARTTLS if options.get("starttls", "false").lower() in {"true", "1", "yes"} else MailTls.NONE
    return Smtp(
        host=parts.hostname,
        port=port,
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        tls=MailTls.IMPLICIT if parts.scheme == "smtps" else starttls,
        sender=options.get("sender"),
    )


def read_billing_url(url: str) -> BillingSystem:
    """Read `https://login:password@host:port/path`, the address of a TMF678 API."""
    try:
        parts = urlsplit(url)
        place = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    except ValueError as error:
        raise UnableToReadSettings("TELECO_BILLING_URL has a port that is not a number.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UnableToReadSettings("TELECO_BILLING_URL must look like https://login:password@host:port/path.")
    return BillingSystem(
        url=f"{parts.scheme}://{place}{parts.path}",
        login=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )

"""Where the operations database is, how letters and credits leave, and which network is worked on."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from include.sla_logic.domain.errors import ForeseenError

_ROOT = Path(__file__).parents[2]
_HOUR = 3600
IMPLICIT_TLS_PORT = 465
BILLING_OPTIONS = frozenset({"profile", "token", "timeout", "api_key", "api_secret", "wallet"})


class UnableToReadSettings(ForeseenError):
    """A setting cannot be understood."""

    concerns_all = True


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
class HttpSystem:
    """A system that is reached over HTTP at `url`; `timeout` in seconds."""

    url: str
    login: str | None = None
    password: str | None = None
    token: str | None = None
    timeout: float = 20.0

    def __repr__(self) -> str:
        """Show no secret."""
        return f"{type(self).__name__}({self.url})"


class BillingProfile(StrEnum):
    """What kind of billing system it is."""

    TMF678 = "tmf678"
    KILL_BILL = "killbill"
    LAGO = "lago"


@dataclass(frozen=True, repr=False)
class BillingSystem(HttpSystem):
    """The billing system: a TMF678 API at its address without the resource, or the root of a Kill Bill or Lago server.

    `api_key` and `api_secret` name a tenant of Kill Bill, `wallet` is the code of the wallets to credit at Lago.
    """

    profile: BillingProfile = BillingProfile.TMF678
    api_key: str | None = None
    api_secret: str | None = None
    wallet: str | None = None


@dataclass(frozen=True, repr=False)
class NetworkSystem(HttpSystem):
    """The adapter to the operator's network, at the address of its API (docs/network.md)."""


# None: nobody has said it. The simulated network then serves, except where a network has been in use before.
NetworkChoice = NetworkSystem | Literal["simulated"] | None


@dataclass(frozen=True)
class Settings:
    """`database_url` is an SQLAlchemy URL; without `smtp`, letters are written into `letters_folder`.

    Without `billing`, the ledger in the operations database is the billing system; `operators` is the mail address
    for failed steps, `team` that for notices about incidents; `feeds` is the file that says which systems are asked
    for records. `alarms_token`, or what stands in its file, is what a system that sends alarms must show;
    `open_apis` is the file of partners and limits of the open APIs.
    """

    database_url: str
    letters_folder: Path
    smtp: Smtp | None = None
    billing: BillingSystem | None = None
    operators: str | None = None
    team: str | None = None
    network: NetworkChoice = None
    feeds: Path | None = None
    alarms_token: str | None = field(default=None, repr=False)
    alarms_token_file: Path | None = None
    open_apis: Path | None = None

    def __post_init__(self) -> None:
        """Raise `UnableToReadSettings` where the address of the team is none."""
        if self.team and ("@" not in self.team or any(sign.isspace() or sign in ",;<>" for sign in self.team)):
            raise UnableToReadSettings(f"TELECO_TEAM, or `team` of teleco_smtp, is no one address: {self.team!r}.")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> "Settings":
        """Read TELECO_{DB,SMTP,BILLING,NETWORK}_URL and TELECO_{LETTERS,OPERATORS,TEAM,FEEDS}.

        And TELECO_ALARMS_TOKEN; TELECO_ALARMS_TOKEN_FILE and TELECO_OPEN_APIS name files read with each request.
        Whatever is missing stays on this machine, in files beside the checkout.
        """
        given = os.environ if environment is None else environment
        url = given.get("TELECO_DB_URL") or f"sqlite+pysqlite:///{_ROOT / '.teleco' / 'teleco.db'}"
        smtp, billing, network = (given.get(f"TELECO_{name}_URL") for name in ("SMTP", "BILLING", "NETWORK"))
        return cls(
            database_url=url,
            letters_folder=Path(folder) if (folder := given.get("TELECO_LETTERS")) else letters_beside(url),
            smtp=read_smtp_url(smtp) if smtp else None,
            billing=read_billing_url(billing) if billing else None,
            operators=given.get("TELECO_OPERATORS") or None,
            team=given.get("TELECO_TEAM") or None,
            network=read_network_url(network) if network else None,
            feeds=Path(feeds) if (feeds := given.get("TELECO_FEEDS")) else None,
            alarms_token=given.get("TELECO_ALARMS_TOKEN") or None,
            alarms_token_file=Path(file) if (file := given.get("TELECO_ALARMS_TOKEN_FILE")) else None,
            open_apis=Path(file) if (file := given.get("TELECO_OPEN_APIS")) else None,
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
    """Read `https://login:password@host:port/path?profile=killbill&api_key=…`, the address of a billing system."""
    address, login, options = _read_url_with_options("TELECO_BILLING_URL", url, BILLING_OPTIONS)
    return billing_system("TELECO_BILLING_URL", (address, *login), options)


def billing_system(
    setting: str, place: tuple[str, str | None, str | None], options: Mapping[str, str]
) -> BillingSystem:
    """Make a billing system of address, login and password, and of those options that are its own."""
    url, login, password = place
    given = {name: str(options[name]) or None for name in BILLING_OPTIONS & set(options)}
    kind = given.get("profile") or BillingProfile.TMF678
    if kind not in set(BillingProfile):
        msg = f"{setting} has the unknown profile {kind}; there are {', '.join(BillingProfile)}."
        raise UnableToReadSettings(msg)
    system = BillingSystem(
        url,
        login,
        password,
        given.get("token"),
        read_timeout(setting, given.get("timeout") or "20"),
        BillingProfile(kind),
        given.get("api_key"),
        given.get("api_secret"),
        given.get("wallet"),
    )
    needed = {
        BillingProfile.KILL_BILL: {"login": login, "api_key": system.api_key, "api_secret": system.api_secret},
        BillingProfile.LAGO: {"token": system.token},
    }
    if lacking := [name for name, value in needed.get(system.profile, {}).items() if not value]:
        raise UnableToReadSettings(f"{setting} lacks {' and '.join(lacking)} for the profile {kind}.")
    return system


def read_network_url(url: str) -> NetworkChoice:
    """Read `simulated` or `https://login:password@host:port/path?timeout=20&token=…`, the address of an adapter."""
    if url == "simulated":
        return "simulated"
    address, login, options = _read_url_with_options("TELECO_NETWORK_URL", url, frozenset({"timeout", "token"}))
    seconds = read_timeout("TELECO_NETWORK_URL", options.get("timeout", "20"))
    return NetworkSystem(address, *login, options.get("token") or None, seconds)


def read_timeout(setting: str, said: str) -> float:
    """Read a number of seconds above zero, an hour at most."""
    try:
        seconds = float(said)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _HOUR:
        raise UnableToReadSettings(f"{setting} has the timeout {said}: write seconds, such as 20, 3600 at most.")
    return seconds


def _read_url_with_options(
    setting: str, url: str, known: Collection[str]
) -> tuple[str, tuple[str | None, str | None], dict[str, str]]:
    """Return the address without login and options, login and password, and the options."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise UnableToReadSettings(f"{setting} has a port that is not a number.") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UnableToReadSettings(f"{setting} must look like https://login:password@host:port/path.")
    options = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if unknown := sorted(set(options) - set(known)):
        names = f"{', '.join(sorted(known)[:-1])} and {max(known)}"
        raise UnableToReadSettings(f"{setting} has the unknown option {unknown[0]}; it knows {names}.")
    login = unquote(parts.username or "") or None, unquote(parts.password or "") or None
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}", login, options

"""Where events may be sent: the origins of listeners that the provider allows to a partner, and nothing else."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from include.sla_logic.domain.errors import InvalidInputError

Address = IPv4Address | IPv6Address
LONGEST = 1000  # characters of a callback
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9.])?|[0-9a-f:.]+")
_PORTS = {"http": 80, "https": 443}
# Where such an address leads, another machine decides: 6to4, Teredo and NAT64 wrap any IPv4 address.
_TRANSLATED = tuple(map(ip_network, ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48")))


class UnableToUseCallback(InvalidInputError):
    """Events may not be sent to this address."""


@dataclass(frozen=True)
class Callback:
    """The address of a listener, taken apart; `target` is path and query as they stand in a request."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """Return scheme, host and port, as an entry of the setting names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def host_header(self) -> str:
        """Return the host, and its port unless the scheme implies it."""
        return self.origin.partition("://")[2].removesuffix(f":{_PORTS[self.scheme]}")


@dataclass(frozen=True)
class EventHosts:
    """The origins of listeners, and the ranges to which their names may lead although they are not public."""

    origins: frozenset[str] = frozenset()
    ranges: tuple[IPv4Network | IPv6Network, ...] = ()

    def check_callback(self, url: str) -> Callback:
        """Take a listener's address apart; raise `UnableToUseCallback` where events may not be sent there."""
        callback = read_callback(url)
        if callback.origin not in self.origins:
            msg = f"No events are sent to {callback.origin}: the provider has to allow it first."
            raise UnableToUseCallback(msg)
        return callback

    def choose_address(self, host: str, found: Iterable[str]) -> Address:
        """Return the address to connect to; raise `UnableToUseCallback` unless every one that was found is allowed."""
        addresses = [_plain(ip_address(text.partition("%")[0])) for text in found]
        if not addresses:
            raise UnableToUseCallback(f"The name {host} has no address.")
        for address in addresses:
            if not self._allows(address):
                msg = f"The name {host} leads to {address}, which is not a public address; no events are sent there."
                raise UnableToUseCallback(msg)
        return addresses[0]

    def _allows(self, address: Address) -> bool:
        public = address.is_global and not address.is_multicast and not _in_any(address, _TRANSLATED)
        return public or _in_any(address, self.ranges)


def _in_any(address: Address, ranges: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(address in one for one in ranges if one.version == address.version)


def _plain(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address only wraps."""
    wrapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return wrapped or address


def read_callback(url: str) -> Callback:
    """Take an address apart; raise `UnableToUseCallback` where it is none that events can be sent to."""
    if not url.isascii() or not url.isprintable() or " " in url or len(url) > LONGEST:
        raise UnableToUseCallback(f"callback: at most {LONGEST} characters of ASCII without blanks; write the URL so.")
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise UnableToUseCallback("callback: not a URL; write it as https://host:port/path.") from error
    host = parts.hostname
    if parts.scheme not in _PORTS or not host or not port:
        raise UnableToUseCallback("callback: not an absolute http or https URL; write it as https://host:port/path.")
    if not _HOST.fullmatch(host):
        raise UnableToUseCallback("callback: the host is neither a name nor an address.")
    if "@" in parts.netloc or parts.fragment:
        raise UnableToUseCallback("callback: a login or a fragment in the URL is not used; leave it out.")
    return Callback(parts.scheme, host.removesuffix("."), port, _target(parts))


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def read_origin(entry: str) -> str:
    """Return the origin in an entry, where a bare host means https; raise `ValueError` for anything else."""
    try:
        callback = read_callback(entry if "://" in entry else f"https://{entry}")
    except UnableToUseCallback as error:
        msg = f"{entry!r} is no origin; write it like https://hooks.partner.example or https://host:8443"
        raise ValueError(msg) from error
    if callback.target != "/":
        msg = f"{entry!r} has a path; write the origin alone, like {callback.origin}"
        raise ValueError(msg)
    return callback.origin


def read_range(entry: str) -> IPv4Network | IPv6Network:
    """Return the address range in an entry; raise `ValueError` for anything else."""
    try:
        return ip_network(entry)
    except ValueError as error:
        msg = f"{entry!r} is not a range of addresses; write it like 10.20.0.0/16"
        raise ValueError(msg) from error

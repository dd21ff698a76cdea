"""A real mail server on a loopback port."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from include.sla_logic.settings import Smtp

LOGIN, PASSWORD = "teleco", "a password"
PATIENCE = 60  # seconds for an answer


@dataclass
class Postbox:
    """A mail server's handler that keeps what it accepts, and refuses or puts off what a test tells it to."""

    kept: list[Envelope] = field(default_factory=list)
    refuse_recipient: str | None = None
    refuse_data: str | None = None

    async def handle_RCPT(self, *said: Any) -> str:  # noqa: N802 - the server's word
        *_, envelope, address, _ = said
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, *said: Any) -> str:  # noqa: N802 - the server's word
        if self.refuse_data:
            return self.refuse_data
        self.kept.append(said[-1])
        return "250 kept"


@dataclass
class Server:
    postbox: Postbox
    smtp: Smtp


def _free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def serve(postbox: Postbox, **options: Any) -> Iterator[Server]:
    controller = Controller(postbox, hostname="127.0.0.1", port=_free_port(), ready_timeout=PATIENCE, **options)
    controller.start()
    try:
        yield Server(postbox, Smtp(host="127.0.0.1", port=controller.port, timeout=PATIENCE))
    finally:
        controller.stop()


def authenticate(*asked: Any) -> AuthResult:
    data: LoginPassword = asked[-1]
    known = data.login == LOGIN.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=known, handled=False)


def certificate_for(folder: Path) -> tuple[Path, Path]:
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    places = folder / "certificate.pem", folder / "key.pem"
    places[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    places[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return places

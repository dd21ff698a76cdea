import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.letters.postbox import Postbox, Server, authenticate, certificate_for, serve
from tests.pango import need_pango


@pytest.fixture
def server() -> Iterator[Server]:
    yield from serve(Postbox())


@pytest.fixture
def encryption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """Return a server's side of TLS, with a certificate that this test's clients trust."""
    certificate, key = certificate_for(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture
def guarded_server(encryption: ssl.SSLContext) -> Iterator[Server]:
    """Return a server that takes letters only after STARTTLS and a login."""
    yield from serve(
        Postbox(), tls_context=encryption, require_starttls=True, auth_required=True, authenticator=authenticate
    )


@pytest.fixture
def encrypted_server(encryption: ssl.SSLContext) -> Iterator[Server]:
    """Return a server that speaks TLS from the first byte and knows a login, but does not insist on it."""
    yield from serve(Postbox(), ssl_context=encryption, auth_require_tls=False, authenticator=authenticate)


@pytest.fixture(scope="session")
def pango() -> None:
    """Have what a PDF needs from the system."""
    need_pango()

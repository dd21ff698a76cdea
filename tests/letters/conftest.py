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
def guarded_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a server that takes letters only after STARTTLS and a login."""
    certificate, key = certificate_for(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    yield from serve(
        Postbox(), tls_context=context, require_starttls=True, auth_required=True, authenticator=authenticate
    )


@pytest.fixture(scope="session")
def pango() -> None:
    """Have what a PDF needs from the system."""
    need_pango()

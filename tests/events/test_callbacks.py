"""Events leave only for addresses that the provider allows: by their name, and by where it leads at that moment."""

import json
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from include.sla_logic.domain.callbacks import EventHosts, UnableToUseCallback
from include.sla_logic.gateways import event_callbacks
from include.sla_logic.gateways.event_callbacks import UnableToTellListener, tell_listener
from include.sla_logic.importers.open_apis import OpenApiSettings, UnableToReadOpenApis, read_open_apis
from tests.events.listeners import Played, listening, port_of
from tests.events.partners import OLGA, Partners

NOTICE = {"eventId": "e1", "eventType": "TroubleTicketCreateEvent", "event": {}}


def allowing(*origins: str, ranges: tuple[str, ...] = ("127.0.0.0/8",)) -> EventHosts:
    """Allow these origins as the file of the open APIs does."""
    partner = {"customers": ["C-1"], "listeners": list(origins)}
    return OpenApiSettings.model_validate({"partners": {"p": partner}, "listener_ranges": ranges}).event_hosts("p")


HOSTS = allowing(
    "hooks.partner.example",
    "https://other.example:8443",
    "http://10.1.2.3:8080",
    ranges=("10.0.0.0/8", "fd00::/8"),
)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://hooks.partner.example:444/x", "has to allow it"),
        ("http://hooks.partner.example/x", "has to allow it"),
        ("https://HOOKS.partner.example.evil.example/x", "has to allow it"),
        ("https://hooks.partner.example@evil.example/x", "login"),
        ("https://hooks.partner.example#@evil.example/x", "fragment"),
        ("https://127.0.0.1/x", "has to allow it"),
        ("https://other.example/x", "has to allow it"),
        ("ftp://hooks.partner.example/x", "http or https"),
        ("//hooks.partner.example/x", "http or https"),
        ("hooks.partner.example/x", "http or https"),
        ("https://hooks.partner.example:99999/x", "not a URL"),
        ("https://[::1/x", "not a URL"),
        ("https://hooks.partner.example/\r\nX: y", "without blanks"),
        ("https://hooks.partner.example/ä", "ASCII"),
        ("https://hooks.partner.example/" + "x" * 1000, "1000 characters"),
        ("", "http or https"),
    ],
)
def test_a_callback_that_is_not_allowed_is_refused(url, why):
    with pytest.raises(UnableToUseCallback, match=why):
        HOSTS.check_callback(url)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://hooks.partner.example/x?y=1", "https://hooks.partner.example:443"),
        ("https://Hooks.Partner.Example.:443", "https://hooks.partner.example:443"),
        ("https://other.example:8443/x", "https://other.example:8443"),
        ("http://10.1.2.3:8080/", "http://10.1.2.3:8080"),
    ],
)
def test_an_allowed_callback_is_taken_apart(url, origin):
    assert HOSTS.check_callback(url).origin == origin


def test_what_the_file_does_not_name_is_not_allowed():
    for hosts in (OpenApiSettings().event_hosts("p"), allowing()):
        with pytest.raises(UnableToUseCallback, match="has to allow it"):
            hosts.check_callback("https://hooks.partner.example/x")


def test_what_is_allowed_to_one_partner_is_not_allowed_to_another(partners, listener):
    partners.allow()
    said = json.loads(partners.file.read_text())
    said["partners"][OLGA]["listeners"] = [listener.origin]
    partners.file.write_text(json.dumps(said))
    partners.register(listener.url, partner=OLGA)
    with pytest.raises(UnableToUseCallback, match="has to allow it"):
        partners.register(listener.url)


@pytest.mark.parametrize("said", ["https://x.example/path", "ftp://x.example", "a b", "x.example:http", "", "*"])
def test_an_origin_that_is_none_is_refused_with_its_place(tmp_path, said):
    file = tmp_path / "open-apis.yaml"
    file.write_text(json.dumps({"partners": {"p": {"customers": ["C-1"], "listeners": [said]}}}))
    with pytest.raises(UnableToReadOpenApis, match=r"partners\.p\.listeners"):
        read_open_apis(file)


@pytest.mark.parametrize("said", ["10.0.0.1/8", "localhost", "10.0.0.0/33", ""])
def test_a_range_that_is_none_is_refused_with_its_place(tmp_path, said):
    file = tmp_path / "open-apis.yaml"
    file.write_text(json.dumps({"listener_ranges": [said]}))
    with pytest.raises(UnableToReadOpenApis, match=r"listener_ranges\.0"):
        read_open_apis(file)


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["192.168.1.1"],
        ["169.254.169.254"],
        ["0.0.0.0"],  # noqa: S104 - an address to refuse
        ["100.64.0.1"],
        ["224.0.0.1"],
        ["255.255.255.255"],
        ["::1"],
        ["::"],
        ["fe80::1%eth0"],
        ["::ffff:127.0.0.1"],
        ["::ffff:192.168.1.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["ff02::1"],
        [],
    ],
)
def test_a_name_that_leads_elsewhere_than_to_public_addresses_is_refused(found):
    with pytest.raises(UnableToUseCallback, match="name hooks"):
        HOSTS.choose_address("hooks.partner.example", found)


@pytest.mark.parametrize("found", ["8.8.8.8", "10.9.9.9", "::ffff:10.1.1.1", "2606:4700::1111", "fd00::1"])
def test_a_public_address_is_allowed_and_one_of_the_named_ranges(found):
    chosen = HOSTS.choose_address("hooks.partner.example", [found])
    assert chosen == ip_address(found.removeprefix("::ffff:"))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Play the resolver: what each name leads to, and how often it was asked."""
    leads: dict[str, list[str]] = {"asked": []}

    def find(host: str, port: int) -> list[str]:
        del port
        leads["asked"].append(host)
        return leads[host]

    monkeypatch.setattr(event_callbacks, "find_addresses", find)
    return leads


def named(partners: Partners, played: Played, name: str, *, ranges: str) -> str:
    """Give a listener on loopback a name, and allow the name."""
    origin = f"http://{name}:{port_of(played)}"
    partners.allow(origin, ranges=[ranges])
    return f"{origin}/listener"


def test_the_name_is_asked_once_and_the_address_that_was_checked_is_used(partners, listener, names):
    url = named(partners, listener, "hooks.partner.example", ranges="127.0.0.0/8")
    names["hooks.partner.example"] = ["127.0.0.1"]
    partners.register(url)
    assert names["asked"] == ["hooks.partner.example"]
    partners.open(1)
    partners.housekeeping()
    assert names["asked"] == ["hooks.partner.example"] * 2
    assert listener.headers[0]["Host"] == f"hooks.partner.example:{port_of(listener)}"
    assert len(listener.told) == 1


def test_a_name_that_leads_inside_after_it_was_registered_is_told_nothing(partners, listener, names):
    url = named(partners, listener, "hooks.partner.example", ranges="10.0.0.0/8")
    names["hooks.partner.example"] = ["8.8.8.8"]
    partners.register(url)
    names["hooks.partner.example"] = ["127.0.0.1"]
    partners.open(1)
    partners.housekeeping()
    assert listener.paths == []
    [trouble] = partners.use_cases.open_apis.event_hub.troubles()
    assert "leads to 127.0.0.1, which is not a public address" in str(trouble)


def test_a_name_that_leads_inside_cannot_be_registered(partners, listener, names):
    url = named(partners, listener, "hooks.partner.example", ranges="10.0.0.0/8")
    names["hooks.partner.example"] = ["127.0.0.1"]
    with pytest.raises(UnableToUseCallback, match="not a public address"):
        partners.register(url)


def test_a_host_that_is_no_longer_allowed_is_told_nothing(partners, listener):
    partners.register(listener.url)
    partners.open(1)
    partners.allow()
    partners.housekeeping()
    assert listener.paths == []
    assert "has to allow it" in str(partners.use_cases.open_apis.event_hub.troubles()[0])
    partners.allow(listener.origin)
    partners.housekeeping()
    assert len(listener.told) == 1


def test_a_redirect_is_not_followed_also_not_to_what_is_allowed(partners, listener, other):
    partners.register(listener.url)
    partners.open(1)
    listener.answer, listener.to = 307, other.url
    partners.housekeeping()
    assert (len(listener.paths), other.paths) == (1, [])
    assert "answered 307; redirects are not followed" in str(partners.use_cases.open_apis.event_hub.troubles()[0])


def test_an_answer_that_never_ends_is_not_waited_for(listener):
    def flood(handler) -> bool:
        handler.wfile.write(b"HTTP/1.1 500 Broken\r\nConnection: close\r\n\r\n")
        while not listener.stopped.is_set():
            try:
                handler.wfile.write(b"x" * 65_536)
            except OSError:
                break
        return True

    listener.behave = flood
    with pytest.raises(UnableToTellListener, match="answered 500"):
        tell_listener(listener.url, NOTICE, allowing(listener.origin))


def test_the_settings_of_a_proxy_are_not_used(listener, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert tell_listener(listener.url, NOTICE, allowing(listener.origin)) == {"status": 204}


def test_tls_is_checked_against_the_name_at_the_address_that_was_checked(tmp_path, monkeypatch, names):
    context = certified(tmp_path, "hooks.partner.example")
    names["hooks.partner.example"] = names["other.example"] = ["127.0.0.1"]
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    event_callbacks._tls.cache_clear()
    try:
        with listening(context) as played:
            right = f"https://hooks.partner.example:{port_of(played)}"
            wrong = f"https://other.example:{port_of(played)}"
            hosts = allowing(right, wrong)
            assert tell_listener(f"{right}/x", NOTICE, hosts) == {"status": 204}
            with pytest.raises(UnableToTellListener, match=r"(?i)certificate.*other.example|hostname mismatch"):
                tell_listener(f"{wrong}/x", NOTICE, hosts)
            assert len(played.told) == 1
    finally:
        event_callbacks._tls.cache_clear()


def certified(folder, name: str) -> ssl.SSLContext:
    """Make a certificate for one name, in the folder too."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(plain)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context

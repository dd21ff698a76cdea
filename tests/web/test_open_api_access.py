"""Who is let into the open APIs: partners by the file of partners, and who may read the desk; nobody else."""

import json
import logging

import pytest

from include.sla_logic.importers.open_apis import UnableToReadOpenApis, read_open_apis
from tests.web.desk_sample import HERE, PARTNERS, client_of
from tests.web.test_admission import kept
from tests.web.walks import CHANGING, READING, walk

ABOUT = "/tmf-api/openapi.json"
OF_THE_DESK = [walked for walked in (*READING, *CHANGING) if "/tmf-api/" not in walked]


def is_error(answer):
    """Tell whether the answer is TM Forum's Error, and says nothing else."""
    body = answer.json()
    assert set(body) == {"@type", "code", "reason", "message", "status"}
    assert (body["@type"], body["code"], body["status"]) == (
        "Error",
        f"ERR{answer.status_code}",
        str(answer.status_code),
    )
    return len(body["message"]) > 10


@pytest.mark.parametrize(
    ("who", "status"),
    [("", 401), ("stranger", 403), ("reader", 200), ("operator", 200), ("partner", 200), ("other_partner", 200)],
)
def test_the_file_of_partners_and_the_rights_at_the_desk_let_people_in(sample, who, status):
    with client_of(sample, who=who) as client:
        answer = client.get(ABOUT)
        assert answer.status_code == status
        assert status == 200 or is_error(answer)


@pytest.mark.parametrize("who", ["partner", "stranger"])
def test_a_partner_gets_nothing_from_the_desk_and_changes_nothing(sample, who):
    before = kept(sample)
    with client_of(sample, who=who) as client:
        for walked in OF_THE_DESK:
            method, path, sent = walk(walked)
            answer = client.request(method, path, headers=HERE, **sent)
            assert answer.status_code == 403, walked
            assert "TT-0" not in answer.text.replace("TT-000001", "")  # the address that was asked
    assert kept(sample) == before


def test_a_partner_with_rights_in_airflow_stays_a_partner(own_sample, monkeypatch):
    file = own_sample.use_cases.work.settings.open_apis
    file.write_text(json.dumps({"partners": {"otto operates": {"customers": ["C-1001"]}}}))
    with client_of(own_sample) as client:
        refused = client.get("/api/v1/incidents")
        assert (refused.status_code, "You are a partner" in refused.text) == (403, True)
        assert client.get("/").status_code == 403
        assert client.get(ABOUT).status_code == 200
        file.write_text("{}")
        assert client.get("/api/v1/incidents").status_code == 200


def test_a_change_of_the_file_counts_from_the_next_request(own_sample):
    file = own_sample.use_cases.work.settings.open_apis
    with client_of(own_sample, who="stranger") as client:
        assert client.get(ABOUT).status_code == 403
        file.write_text("partners:\n  sam strays:\n    customers: [C-1003]\n")
        assert client.get(ABOUT).status_code == 200
        file.write_text("partners: {}\nlargest_offset: 20\n")
        assert client.get(ABOUT).status_code == 403


@pytest.mark.parametrize("text", ["partners: [", "partners: {paula partners: {customers: []}}", "others: {}", None])
def test_while_the_file_cannot_be_read_nobody_is_let_in_and_the_desk_stays_open(own_sample, caplog, text):
    file = own_sample.use_cases.work.settings.open_apis
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    for who in ("partner", "stranger", "reader", "operator"):
        with client_of(own_sample, who=who) as client, caplog.at_level(logging.ERROR):
            answer = client.get(ABOUT)
            assert answer.status_code == 503
            assert is_error(answer)
            assert str(file.name) not in answer.text
            assert client.get("/api/v1/incidents").status_code == (200 if who in {"reader", "operator"} else 403)
    assert "The file of the open APIs" in caplog.text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("partners: {p: {customers: [C-1]}, p: {customers: [C-2]}}", "stands twice"),
        ("partners: {p: {customers: []}}", "partners.p.customers"),
        ("partners: {p: {customers: ['*']}}", "partners.p.customers"),
        ("partners: {p: {customers: C-1}}", "partners.p.customers"),
        ("partners: {p: {}}", "partners.p.customers"),
        ("partners: {p: {customers: [C-1], rights: all}}", "partners.p.rights"),
        ("partner: {}", "partner"),
        ("largest_offset: -1", "largest_offset"),
        ("- p", "all of it"),
        ("!!python/object:os.system {}", "is not YAML"),
    ],
)
def test_a_file_that_says_something_else_is_refused_with_its_place(tmp_path, text, said):
    file = tmp_path / "partners.yaml"
    file.write_text(text)
    with pytest.raises(UnableToReadOpenApis, match=said):
        read_open_apis(file)


def test_without_a_file_there_are_no_partners(tmp_path):
    assert not read_open_apis(None).partners
    file = tmp_path / "partners.yaml"
    file.write_text(json.dumps({"partners": {user: {"customers": who} for user, who in PARTNERS.items()}}))
    assert read_open_apis(file).partners["olga partners"].customers == {"C-1008"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/tmf-api/nowhere", 404),
        ("DELETE", ABOUT, 405),
        ("GET", f"{ABOUT}?x=%00", 400),
        ("GET", f"{ABOUT}?x=" + "y" * 5000, 414),
        ("POST", ABOUT, 403),  # asked for by another site
    ],
)
def test_every_refusal_has_the_form_of_tm_forum(sample, method, path, status):
    with client_of(sample, who="partner") as client:
        answer = client.request(method, path, headers={"Sec-Fetch-Site": "cross-site"} if status == 403 else HERE)
    assert answer.status_code == status
    assert is_error(answer)


def test_a_failure_tells_nothing_of_its_insides(sample, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("secret of the server at /var/lib")

    with client_of(sample, who="partner") as client:
        monkeypatch.setattr("include.sla_logic.services.open_apis.read_open_apis", fail)
        answer = client.get(ABOUT)
    assert answer.status_code == 500
    assert is_error(answer)
    assert "secret" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")

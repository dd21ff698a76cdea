"""Every route, asked without a login, by a reader and by an operator; and changes that come from elsewhere."""

import pytest

from include.sla_logic.persistence.schema.columns import metadata
from include.sla_logic.web.security import HEADERS
from tests.pango import need_pango
from tests.web.desk_sample import HELD, HERE, client_of, desk_of
from tests.web.walks import CHANGING, READING, SENDING, pattern, routes_of, walk

EVERY = [*READING, *CHANGING]


def kept(sample):
    """Return everything that the database keeps, as it is written."""
    names = [table.name for table in metadata.sorted_tables]
    with sample.use_cases.work.database.read() as connection:
        return {name: connection.exec_driver_sql(f"SELECT * FROM {name}").all() for name in names}  # noqa: S608


def dressed(answer):
    """Tell whether the answer has every header that keeps a browser from harm."""
    headers = answer.headers
    policy = headers["content-security-policy"]
    assert {name: headers[name] for name in HEADERS if name != "Content-Security-Policy"} == {
        name: value for name, value in HEADERS.items() if name != "Content-Security-Policy"
    }
    assert policy.startswith("default-src 'none'")
    # A picture or a letter has styles of its own, and is alone in a sandbox.
    assert policy == HEADERS["Content-Security-Policy"] or policy.endswith("sandbox")
    return True


def test_every_route_of_the_desk_is_walked(sample):
    assert {pattern(walked) for walked in EVERY} | SENDING == routes_of(desk_of(sample))


@pytest.mark.parametrize("walked", EVERY)
def test_nobody_is_let_in_without_a_login(sample, walked):
    method, path, sent = walk(walked)
    with client_of(sample, who="") as client:
        answer = client.request(method, path, headers=HERE, **sent)
    assert answer.status_code == 401
    assert dressed(answer)
    assert "TT-0" not in answer.text.replace("TT-000001", "")


@pytest.mark.parametrize("walked", EVERY)
def test_an_operator_is_let_in_everywhere(sample, walked):
    if walked.endswith(".pdf"):
        need_pango()
    method, path, sent = walk(walked)
    with client_of(sample) as client:
        answer = client.request(method, path, headers=HERE, **sent)
    assert answer.status_code == (READING[walked] if walked in READING else CHANGING[walked][0])
    assert dressed(answer)


@pytest.mark.more
def test_a_reader_sees_everything_and_changes_nothing(built_sample, tmp_path):
    need_pango()
    sample = built_sample.again(tmp_path)
    before = kept(sample)
    subjects = {"ticket": sample.tickets[HELD], "credit": "CR-1", "entry": "1", "message": "1"}
    names = ["release", "reject", "hold", "resume", "approve", "enter", "decline", "paid-out"]
    names += ["retry", "resend"]
    with client_of(sample, who="reader") as client:
        for walked in EVERY:
            method, path, sent = walk(walked)
            answer = client.request(method, path, headers=HERE, **sent)
            assert answer.status_code == READING.get(walked, 403), walked
            assert dressed(answer)
        for place in (f"/acts/{kind}/{subject}/{name}" for kind, subject in subjects.items() for name in names):
            asked = {"reason": "I may not", "owner": "customer", "amount": "1.00"}
            assert client.post(place, data=asked, headers=HERE).status_code == 403
            assert client.post(f"/api/v1{place}", json=asked, headers=HERE).status_code == 403
        report = sample.data.notifications["premium"].model_dump(mode="json", exclude_none=True)
        assert client.post("/new", data=report, headers=HERE).status_code == 403
    assert sample.started == []
    after = kept(sample)
    assert sum(map(len, before.values())) > 1000
    assert {name for name in before if before[name] != after[name]} == set()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"\xff\xfe"),
        ("application/json", b'{"reason": 7}'),
        ("application/json", b""),
        ("application/json", b"[" * 30_000),
        ("text/plain", b'{"reason": "x"}'),
        ("application/x-www-form-urlencoded", b"reason=%ff"),
    ],
)
def test_what_is_sent_is_read_only_after_the_login(sample, kind, body):
    place = f"/acts/ticket/{sample.tickets[HELD]}/hold"
    headers = HERE | {"Content-Type": kind}
    for who, expected in (("", {401}), ("reader", {403}), ("operator", {400, 415, 422})):
        with client_of(sample, who=who) as client:
            for path in (f"/api/v1{place}", place):
                answer = client.post(path, content=body, headers=headers)
                assert answer.status_code in expected, (who, path)
                assert dressed(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/v1/nowhere", 404),
        ("DELETE", "/", 405),
        ("PUT", "/api/v1/incidents", 405),
        ("GET", "/incidents/TT-999999", 404),
        ("GET", "/assets/nothing.css", 404),
        ("GET", "/assets/desk.css", 200),
        ("GET", "/?page=0", 422),
        ("POST", "/waiting", 405),
    ],
)
def test_errors_carry_the_headers_too(sample, method, path, status):
    for who in ("operator", "reader"):
        with client_of(sample, who=who) as client:
            answer = client.request(method, path, headers=HERE)
        assert answer.status_code == status
        assert dressed(answer)


def test_a_reader_is_shown_no_buttons(sample):
    with client_of(sample, who="reader") as client:
        for path in ("/", "/waiting", f"/incidents/{sample.tickets[HELD]}"):
            page = client.get(path).text
            assert "/acts/" not in page
            assert "New report" not in page
            assert "reading only" in page


def test_pages_have_no_inline_script_or_style_and_ask_nobody_else(desk, sample):
    for path in ("/", "/waiting", "/reports", "/new", f"/incidents/{sample.tickets['premium']}"):
        page = desk.get(path).text
        assert " style=" not in page
        assert "<style" not in page
        assert "onclick" not in page
        assert "<script>" not in page.replace("&lt;script&gt;", "")
        assert "http://" not in page.replace("http://testserver", "").replace("http://www.w3.org/", "")
        assert "https://" not in page


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"},
    ],
)
def test_a_change_that_another_site_asks_for_is_refused(sample, headers):
    with client_of(sample) as client:
        place = f"/acts/ticket/{sample.tickets[HELD]}/reject"
        answer = client.post(place, data={"reason": "forged"}, headers=headers)
        assert answer.status_code == 403
        assert client.post("/api/v1" + place, json={"reason": "forged"}, headers=headers).status_code == 403
    assert sample.use_cases.restorations.find(sample.tickets[HELD]).rejected_at is None


def test_changes_are_never_made_by_get(sample):
    with client_of(sample) as client:
        for kind, name in (("ticket", "release"), ("ticket", "reject")):
            assert client.get(f"/acts/{kind}/{sample.tickets[HELD]}/{name}").status_code == 200
    assert sample.use_cases.restorations.find(sample.tickets[HELD]).sent_at is None


def test_a_program_with_its_own_token_needs_no_browser_headers(sample):
    with client_of(sample) as client:
        answer = client.post(
            "/api/v1/acts/message/999/resend", json={"reason": "x"}, headers={"Authorization": "Bearer t"}
        )
        assert answer.status_code == 404


def test_too_much_is_refused(sample):
    with client_of(sample) as client:
        big = {"reason": "x" * 200_000}
        assert client.post("/acts/ticket/TT-000001/hold", data=big, headers=HERE).status_code == 413
        assert client.post("/api/v1/acts/ticket/TT-000001/hold", json=big, headers=HERE).status_code == 413
        streamed = client.post(
            "/acts/ticket/TT-000001/hold",
            content=(b"reason=" + b"x" * 50_000 for _ in range(5)),
            headers=HERE | {"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert streamed.status_code == 413
        assert client.get("/?search=" + "x" * 5000).status_code == 414
        assert client.get("/?search=" + "x" * 65).status_code == 422
        assert client.get("/?page=10001").status_code == 422
        assert client.get("/api/v1/incidents?size=201").status_code == 422


@pytest.mark.parametrize("sent", ["%00", "TT-000001%00", "%ED%A0%80", "%FF"])
@pytest.mark.parametrize("address", ["/incidents/{}", "/api/incidents/{}", "/?search={}", "/services/{}"])
def test_what_is_no_text_is_refused_in_any_part_of_an_address(desk, address, sent):
    answer = desk.get(address.format(sent))
    assert answer.status_code == 400
    assert "no text" in answer.text


def test_a_failure_tells_nothing_of_its_insides(sample, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("secret of the database at /var/lib")

    with client_of(sample) as client:
        monkeypatch.setattr(sample.use_cases.work, "reading", fail)
        for path in ("/", "/api/v1/incidents"):
            answer = client.get(path)
            assert answer.status_code == 500
            assert "secret" not in answer.text
            assert "Traceback" not in answer.text
            assert {name: answer.headers[name] for name in HEADERS} == dict(HEADERS)


def test_a_refusal_says_one_sentence_as_page_or_json(desk):
    assert "System T has no incident" in desk.get("/incidents/TT-999999").text
    answer = desk.get("/api/v1/incidents/TT-999999")
    assert answer.status_code == 404
    assert answer.json()["detail"].startswith("System T has no incident")

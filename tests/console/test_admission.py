"""Every route, walked by nobody, by a reader and by an operator; and changes that come from elsewhere."""

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Mount

from include.sla_logic.console.security import HEADERS
from tests.console.desk_town import HELD, HERE, client_of, desk_of

FILLED = {
    "reference": "TT-000001",
    "run_id": "run-0-premium",
    "number": "0",
    "kind": "ticket",
    "round_number": "1",
    "service": "S-1001",
    "subject": "TT-000001",
    "name": "hold",
    "month": "2026-11",
}
CHANGES = ("act_pages", "api.writing")


def routes(app):
    """Return every route with its methods and a filled-in path, whatever routers it came through."""
    found = []

    def look(many):
        for route in many:
            if isinstance(route, APIRoute):
                found.extend((method, route.path.format_map(FILLED), route) for method in route.methods)
            elif not isinstance(route, Mount) and hasattr(route, "original_router"):
                look(route.original_router.routes)

    look(app.routes)
    return found


def test_every_route_is_walked(town):
    paths = {route.path for _, _, route in routes(desk_of(town))}
    assert len(paths) >= 15
    assert {"/", "/new", "/api/v1/incidents", "/acts/{kind}/{subject}/{name}"} <= paths


def test_nobody_is_let_in_without_a_login(town):
    with client_of(town, who="") as client:
        for method, path, _ in routes(client.app):
            answer = client.request(method, path, headers=HERE)
            assert answer.status_code == 401, (method, path)
            assert "TT-0" not in answer.text.replace("TT-000001", "")


def test_a_reader_sees_everything_and_changes_nothing(town):
    with client_of(town, who="reader") as client:
        for method, path, route in routes(client.app):
            answer = client.request(method, path, headers=HERE)
            writes = route.endpoint.__module__.endswith("act_pages") or "act" in (route.tags or [])
            assert (answer.status_code == 403) is writes, (method, path, answer.status_code)
            if not writes:
                assert answer.status_code in {200, 404, 422}, (method, path)


def test_a_reader_is_shown_no_buttons(town):
    with client_of(town, who="reader") as client:
        for path in ("/", "/waiting", f"/incidents/{town.tickets[HELD]}"):
            page = client.get(path).text
            assert "/acts/" not in page
            assert "New report" not in page
            assert "reading only" in page


def test_every_answer_carries_the_headers(town):
    with client_of(town) as client:
        for path in ("/", "/nowhere", "/assets/desk.css", "/api/v1/incidents", "/incidents/TT-999999"):
            headers = client.get(path).headers
            assert "default-src 'none'" in headers["content-security-policy"]
            assert "frame-ancestors 'self'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["cache-control"] == "no-store"


def test_pages_have_no_inline_script_or_style_and_ask_nobody_else(desk, town):
    for path in ("/", "/waiting", "/reports", "/new", f"/incidents/{town.tickets['premium']}"):
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
def test_a_change_that_another_site_asks_for_is_refused(town, headers):
    with client_of(town) as client:
        place = f"/acts/ticket/{town.tickets[HELD]}/reject"
        answer = client.post(place, data={"reason": "forged"}, headers=headers)
        assert answer.status_code == 403
        assert client.post("/api/v1" + place, json={"reason": "forged"}, headers=headers).status_code == 403
    assert town.office.restoration(town.tickets[HELD]).rejected_at is None


def test_changes_are_never_made_by_get(town):
    with client_of(town) as client:
        for kind, name in (("ticket", "release"), ("ticket", "reject")):
            assert client.get(f"/acts/{kind}/{town.tickets[HELD]}/{name}").status_code == 200
    assert town.office.restoration(town.tickets[HELD]).sent_at is None


def test_a_program_with_its_own_token_needs_no_browser_headers(town):
    with client_of(town) as client:
        answer = client.post(
            "/api/v1/acts/message/999/resend", json={"reason": "x"}, headers={"Authorization": "Bearer t"}
        )
        assert answer.status_code == 404


def test_too_much_is_refused(town):
    with client_of(town) as client:
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


def test_a_failure_tells_nothing_of_its_insides(town, monkeypatch):
    def fail(*_args, **_kwargs):
        raise RuntimeError("secret of the database at /var/lib")

    with client_of(town) as client:
        monkeypatch.setattr(town.office, "reading", fail)
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

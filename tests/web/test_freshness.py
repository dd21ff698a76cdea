"""Every page says when it was made, and how to log in again."""

from datetime import UTC, datetime, timedelta
from html import unescape
from re import search
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.web.desk_sample import client_of

PLACES = ("/", "/waiting?credits=2", "/problems", "/feeds", "/settlement", "/incidents/TT-000001")


@pytest.mark.parametrize("place", PLACES)
def test_every_page_says_when_it_was_made(desk, place):
    before = datetime.now(UTC).replace(microsecond=0)
    page = desk.get(place).text
    made = datetime.fromisoformat(search(r'datetime="([^"]+)" data-made', page)[1])
    assert before <= made <= before + timedelta(minutes=5)
    assert f"data-made>{made:%H:%M:%S}</time>" in page


@pytest.mark.parametrize("place", PLACES)
def test_what_a_page_shows_is_replaced_by_the_script_that_asks_again(desk, place):
    assert "data-live=" in desk.get(place).text


def test_without_a_login_a_page_links_to_airflows_own_and_back(sample):
    with client_of(sample, "") as client:
        refused = client.get("/waiting?credits=2&acts=3")
    assert refused.status_code == 401
    link = unescape(search(r'data-login[^>]* href="([^"]+)">Log in<', refused.text)[1])
    assert urlsplit(link).path == "/api/v2/auth/login"
    assert parse_qs(urlsplit(link).query) == {"next": ["/waiting?credits=2&acts=3"]}


def test_a_form_that_was_sent_too_late_leads_back_to_the_board(sample):
    with client_of(sample, "") as client:
        refused = client.post(
            "/acts/ticket/TT-000001/hold", data={"reason": "x"}, headers={"Sec-Fetch-Site": "same-origin"}
        )
    link = unescape(search(r'data-login[^>]* href="([^"]+)">Log in<', refused.text)[1])
    assert parse_qs(urlsplit(link).query) == {"next": ["/"]}

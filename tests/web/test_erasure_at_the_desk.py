"""An administrator erases the personal data of a customer at the desk, once nothing about them is open."""

import re
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import MetaData, select, update

from include.sla_logic.domain.erasure import MARK
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.web import Caller
from tests.assessment.provider import Provider
from tests.state_machine.test_agreements_that_change import empty_database
from tests.web.desk_sample import HERE, client_of
from tests.web.one_person import desk_as
from tests.web.test_erasure import WHY, dump, end, held_in, led, sound

ERASE, REPORT = "/acts/customer/K-1/erase", "/reports/customer?customer=K-1&month=2026-10"
GERMAN = {"Accept-Language": "de", **HERE}
ADMIN, OPERATOR = Caller("otto", may_write=True, roles=("admin",)), Caller("nora", may_write=True, roles=("op", "user"))


@pytest.fixture
def provider(tmp_path: Path) -> Provider:
    return led(Provider(tmp_path, empty_database()))


def desk_of(provider: Provider, who: Caller = ADMIN) -> TestClient:
    return TestClient(desk_as(who, lambda: provider.use_cases))


def rows(provider: Provider) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Return every row under its table and key, without the words of the search: erasing replaces those rows."""
    found: dict[tuple[object, ...], tuple[object, ...]] = {}
    with provider.use_cases.work.reading() as connection:
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            keys = [column.name for column in table.primary_key]
            for row in connection.execute(select(table)) if keys and table.name != "search_words" else ():
                found[table.name, *(getattr(row, key) for key in keys)] = tuple(map(repr, row))
    return found


def test_what_is_open_is_said_before_anything_is_asked_for(provider: Provider):
    desk, kept = desk_of(provider), dump(provider)
    asked = desk.get(ERASE)
    assert asked.status_code == 409
    assert "TT-000001 is inProgress: end its run and resolve it first." in asked.text
    assert "<form" not in asked.text
    german = desk.get(ERASE, headers=GERMAN).text
    assert "TT-000001 ist in Bearbeitung: Beenden Sie erst den Lauf" in german
    refused = desk.post(ERASE, data=WHY, headers=HERE)
    assert refused.status_code == 409
    assert dump(provider) == kept
    assert desk.get(ERASE.replace("K-1", "K-9")).status_code == 404


def test_the_page_says_what_is_replaced_and_what_stays_and_then_how_many_records_were_changed(provider: Provider):
    end(provider)
    desk = desk_of(provider)
    assert f'href="{ERASE}"' in desk.get(REPORT).text
    page = unescape(desk.get(ERASE).text)
    for said in (
        "Replaced",
        "mail address and postal address",
        "Stays",
        "money, windows and judgements",
        "Not reached",
    ):
        assert said in page
    assert "Was verrät, wer der Kunde ist" in desk.get(ERASE, headers=GERMAN).text
    before, kept = rows(provider), dump(provider)
    assert desk.post(ERASE, data={"reason": " "}, headers=HERE).status_code == 422
    assert desk.post(ERASE, data=WHY, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert dump(provider) == kept

    done = desk.post(ERASE, data={"reason": "request 17"}, headers=HERE, follow_redirects=False)
    assert done.status_code == 303
    count = int(re.search(r"&count=(\d+)$", done.headers["location"])[1])
    after = rows(provider)
    assert count == sum(after[key] != row for key, row in before.items())
    told = desk.get(done.headers["location"])
    assert f"The personal data are erased; records that were changed: {count}." in told.text
    assert f"request 17 ({count} records, 1 incidents, " in told.text
    german = desk.get(done.headers["location"], headers=GERMAN).text
    assert f"geänderte Datensätze: {count}." in german
    assert "Kundendaten gelöscht" in german
    assert held_in(dump(provider)) == set()
    assert sound(provider) == []

    again = desk.get(ERASE)
    assert again.status_code == 409
    assert "K-1 was erased before." in again.text
    report = desk.get(REPORT).text
    assert MARK in report
    assert ERASE not in report


def test_who_is_no_administrator_may_neither_ask_nor_erase_and_sees_no_button(provider: Provider):
    end(provider)
    kept, desk = dump(provider), desk_of(provider, OPERATOR)
    assert ERASE not in desk.get(REPORT).text
    for refused in (desk.get(ERASE), desk.post(ERASE, data=WHY, headers=HERE)):
        assert refused.status_code == 403
        assert "You need the role admin for this" in refused.text
    assert "Dafür brauchen Sie die Rolle admin" in desk.get(ERASE, headers=GERMAN).text
    assert dump(provider) == kept


def test_a_reader_may_not_and_no_program_can(own_sample):
    path = "/acts/customer/C-1001/erase"
    report = "/reports/customer?customer=C-1001&month=2026-11"
    with client_of(own_sample, who="reader") as reader, client_of(own_sample) as operator:
        assert path not in reader.get(report).text
        assert path in operator.get(report).text
        assert reader.get(path).status_code == reader.post(path, data=WHY, headers=HERE).status_code == 403
        assert operator.post(f"/api/v1{path}", json={"reason": "x"}, headers=HERE).status_code == 422


@pytest.mark.parametrize("count", ["", "many", "<b>1</b>", "1" * 40])
def test_a_count_that_is_none_is_not_shown(own_desk, count):
    page = own_desk.get("/waiting", params={"done": "customer_erased", "count": count}).text
    assert "records that were changed: –." in page


def test_letters_whose_delivery_was_given_up_are_erased_where_that_is_chosen(provider: Provider):
    end(provider)
    with provider.use_cases.work.writing() as connection:
        connection.execute(update(outbox).where(outbox.c.kind == "mail").values(state="dead", sent_at=None))
    desk = desk_of(provider)
    assert "also letters whose delivery was given up" in desk.get(ERASE).text
    refused = desk.post(ERASE, data=WHY, headers=GERMAN)
    assert refused.status_code == 409
    assert "ist nicht zustellbar: Senden Sie sie erst" in refused.text
    done = desk.post(ERASE, data=WHY | {"undelivered": "yes"}, headers=HERE, follow_redirects=False)
    assert done.status_code == 303
    assert held_in(dump(provider)) == set()

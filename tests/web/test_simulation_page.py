"""The page of simulation answers readers, says what cannot be simulated, and shows what the use case finds."""

import re
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from include.sla_logic.domain.contract import read_contract
from include.sla_logic.letters.charts.simulation import as_differences, as_months
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services.simulation import Asked
from include.sla_logic.web import simulation_pages
from tests.domain.sla.make import at
from tests.web.desk_sample import HERE, client_of

CONTRACTS = Path(__file__).resolve().parents[2] / "include" / "sla_logic" / "sample_data" / "contracts"
KNOWN = (CONTRACTS / "office-access.yaml").read_text("utf-8")
CHANGED = KNOWN.replace('version: "1"', 'version: "2"').replace("block: 1 h", "block: 2 h")
NEVER_PAID = CHANGED.replace("day_per_block", "credit").replace("days: in_period", "rate: {day: in_period}")
NEVER_PAID = NEVER_PAID.replace("started", "full").replace("block: 2 h", "block: 2000 h")
ASKED = {"contract": CHANGED, "instead_of": "office-access@1", "first": "2026-01-01", "last": "2026-11-01"}


@pytest.fixture
def service(own_sample) -> str:
    """Record outages in the past of a service under that contract; name the service."""
    return remember_outages(own_sample)


def remember_outages(sample) -> str:
    with sample.use_cases.work.writing() as connection:
        agreed = select(t.agreements.c.service).where(t.agreements.c.contract == "office-access")
        service = connection.scalar(agreed.order_by(t.agreements.c.service))
        known = connection.scalar(select(t.outages.c.service).where(t.outages.c.reference == "PAST-3"))
        down = {"service": service, "attribution": "provider", "degraded": False}
        for month in (3, 5) if known is None else ():
            start, end = at(f"2026-0{month}-05 08:00"), at(f"2026-0{month}-05 18:30")
            row = {**down, "reference": f"PAST-{month}", "started_at": start, "ended_at": end}
            connection.execute(insert(t.outages), [row])
    return str(service)


def loaded_text(sample) -> str:
    with sample.use_cases.work.reading() as connection:
        return str(connection.scalar(select(t.contracts.c.text).where(t.contracts.c.id == "office-access")))


def ask(sample, **changes: str):
    with client_of(sample, who="reader") as client:
        return client.post("/simulation", data=ASKED | changes, headers=HERE)


def test_a_reader_sees_what_the_use_case_finds(own_sample, service):
    answer = ask(own_sample)
    assert answer.status_code == 200
    asked = Asked(read_contract(CHANGED, name="new"), date(2026, 1, 1), date(2026, 11, 1), old="office-access@1")
    found = own_sample.use_cases.simulations.simulate(asked)
    assert [pair.service for pair in found.changed] == [service]  # its billing day is another: all months are one row
    assert found.caveats["a window beside it reaches beyond the days and is left out"] > 1
    assert found.total.new_owed < found.total.old_owed
    for said in (f"{found.total.difference:,}", "Windows that change: 1", f"/services/{service}", "2026-05", "<svg "):
        assert said in answer.text
    assert answer.text.count("<figure") == 2
    assert "nobody has said that its records are complete" in answer.text


def test_where_nothing_is_owed_no_picture_is_drawn(own_sample):
    answer = ask(own_sample)
    assert answer.status_code == 200
    assert "By month" in answer.text
    assert "<figure" not in answer.text


def test_a_contract_in_place_of_itself_changes_nothing(own_sample, service):
    answer = ask(own_sample, contract=loaded_text(own_sample), instead_of="")
    assert "Windows that change: 0" in answer.text
    assert answer.text.count("<figure") == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contract": ""}, "Paste the new contract"),
        ({"contract": "id: [x"}, "the contract"),
        ({"first": "yesterday"}, "both days as 2026-10-01"),
        ({"last": "2025-01-01"}, "No day lies between"),
        ({"instead_of": "<b>@1"}, "was never loaded"),
    ],
)
def test_what_cannot_be_simulated_is_said_and_the_question_is_kept(own_sample, changes, said):
    answer = ask(own_sample, **changes)
    assert (answer.status_code, "refusal" in answer.text) == (422, True)
    assert said in answer.text
    assert "<b>@1" not in answer.text
    assert changes.get("contract", "block: 2 h") in answer.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contract": "id: [x"}, "der Vertrag, Zeile 2: kein YAML: hier fehlt ein „,“ oder ein „]“"),
        ({"contract": "id: a\nid: b"}, "der Vertrag, Zeile 2: id ist zweimal angegeben"),
        ({"contract": CHANGED.replace("currency: EUR", "currency: euro")}, "eine Währung nach ISO 4217 wie EUR"),
        ({"contract": CHANGED + "colour: red\n"}, "colour: Dieses Feld gibt es nicht; schreiben Sie "),
        ({"contract": CHANGED.replace("block: 2 h", "block: 0.5")}, "schreiben Sie eine Dauer mit Einheit wie 90 s"),
        ({"contract": CHANGED.replace("target: 100", "target: 101")}, "Zeile 21: das target 101 ist kein Prozentsatz"),
        ({"contract": CHANGED + "chronic: {count: 3}\n"}, "chronic: count und within_days gehören zusammen"),
        ({"contract": NEVER_PAID}, "hat kein Zeitraum der Art „Monat“, bezahlt wird also nie etwas"),
        (
            {"last": "2025-01-01"},
            "Zwischen 1. Januar 2026 und 1. Januar 2025 liegt kein Tag: Der letzte zählt nicht mit.",
        ),
        ({"instead_of": "gone@1"}, "Der Vertrag gone@1 wurde nie geladen."),
        ({"instead_of": "office-access@9"}, "wurde nie geladen: Bekannt sind die Versionen 1."),
    ],
)
def test_a_german_reader_is_told_in_german(own_sample, changes, said):
    with client_of(own_sample, who="reader") as client:
        answer = client.post("/simulation", data=ASKED | changes, headers=HERE | {"Accept-Language": "de"})
    assert answer.status_code == 422
    refusal = unescape(re.search(r'role="alert">(.*?)</p>', answer.text)[1])
    assert said in refusal
    assert re.search(r"\b(write|is|the)\b", refusal) is None


def test_what_could_not_be_judged_is_told_in_german_too(own_sample, service):
    with client_of(own_sample, who="reader") as client:
        answer = client.post("/simulation", data=ASKED, headers=HERE | {"Accept-Language": "de"})
    assert "ein Fenster daneben reicht über die Tage hinaus und bleibt weg" in answer.text


def test_more_services_than_the_page_judges_are_left_to_the_command_line(own_sample, monkeypatch):
    monkeypatch.setattr(simulation_pages, "MOST", 0)
    assert "use `sla simulate`" in ask(own_sample).text


def test_pictures_show_every_amount_and_every_window_that_differs():
    months = [(f"2026-{month:02}", Decimal(month), Decimal(month * 2)) for month in range(1, 13)]
    drawn = as_months(months, "EUR")
    assert [drawn.count(f"<title>2026-{month:02} ") for month in range(1, 13)] == [2] * 12
    assert drawn.count("2026-0") + drawn.count("2026-1") < 12 * 2 + 8  # names do not run into each other
    differences = [Decimal(-30), Decimal("-0.01"), Decimal(0), Decimal("0.01"), Decimal(70), Decimal(70)]
    counted = as_differences(differences, "EUR").split("<title>")[1:]
    assert sum(int(one.split()[0]) for one in counted) == 5
    assert sum(int(one.split()[0]) for one in counted if ": -" in one) == 2

"""The page of simulation answers readers, says what cannot be simulated, and shows what the use case finds."""

from datetime import date
from decimal import Decimal
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
ASKED = {"contract": CHANGED, "instead_of": "office-access@1", "first": "2026-01-01", "last": "2026-11-01"}


@pytest.fixture
def service(own_sample) -> str:
    """Record outages in the past of a service under that contract; name the service."""
    with own_sample.use_cases.work.writing() as connection:
        agreed = select(t.agreements.c.service).where(t.agreements.c.contract == "office-access")
        service = connection.scalar(agreed.order_by(t.agreements.c.service))
        down = {"service": service, "attribution": "provider", "degraded": False}
        for month in (3, 5):
            start, end = at(f"2026-0{month}-05 08:00"), at(f"2026-0{month}-05 18:30")
            row = {**down, "reference": f"PAST-{month}", "started_at": start, "ended_at": end}
            connection.execute(insert(t.outages), [row])
    return str(service)


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


def test_a_contract_in_place_of_itself_changes_nothing(own_sample, service):
    with own_sample.use_cases.work.reading() as connection:
        same = connection.scalar(select(t.contracts.c.text).where(t.contracts.c.id == "office-access"))
    answer = ask(own_sample, contract=same, instead_of="")
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

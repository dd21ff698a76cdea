"""Who must have reported: outages, sampled downtime and whole windows without a ticket are measured and pay nothing."""

from typing import Any

import pytest

from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.contract.migration import migrate
from include.sla_logic.domain.measurements import Outage, Reading, SampleSeries, Ticket
from tests.domain.sla.make import at, contract, euros, facts, first, judge, objective, outage, text_of

BLOCKS = objective({"kind": "credit", "for_each": "event", "rate": "5 EUR"}, target="99.99")
SILENT = outage("2025-04-03 08:00", "2025-04-03 10:00", "SILENT")
TOLD = outage("2025-04-05 08:00", "2025-04-05 10:00", "TOLD", ticket_opened_at=at("2025-04-05 09:00"))
CALLED = outage("2025-04-07 08:00", "2025-04-07 10:00", "CALLED", reported_at=at("2025-04-07 12:00"))


@pytest.mark.parametrize(
    ("claim", "counting", "credit"),
    [
        ({"ticket": "required"}, {}, "10.00"),
        ({"ticket": "not_required"}, {}, "15.00"),
        ({}, {}, "15.00"),
        ({"ticket_within": "3 h"}, {}, "5.00"),  # CALLED came four hours after the start
        ({"ticket_within": "4 h"}, {}, "10.00"),
        ({"ticket_within": "3 h", "ticket": "not_required"}, {}, "10.00"),
        ({}, {"clock_start": "reported"}, "0.00"),  # CALLED after it had ended
        ({}, {"clock_start": "ticket_opened"}, "5.00"),
    ],
)
def test_an_outage_without_a_ticket_pays_nothing(claim: dict[str, Any], counting: dict[str, Any], credit: str) -> None:
    terms = contract(BLOCKS, format=2, claim=claim, counting=counting)
    found = judge(terms, facts(SILENT, TOLD, CALLED))
    assert found.credit_due == euros(credit)
    if not counting:
        assert found.objectives[0].counted_seconds == 3 * 7200
    if claim.get("ticket") == "required":
        assert "not paid: SILENT, the customer did not report it" in found.objectives[0].steps


def test_a_file_of_format_1_pays_outages_without_a_ticket_as_ever_and_its_rewriting_says_so() -> None:
    text = text_of(objective({"kind": "day_per_block", "block": "1 h"}), claim={"ticket_within": "72 h"})
    new, _notes = migrate(text, name="k")
    known = facts(SILENT, charge="300.00")
    assert "ticket: not_required" in new
    for one in (text, new):
        assert judge(read_contract(one, name="k"), known).credit_due == euros("20.00")


OF_CUSTOMER = Ticket(reference="T", opened_at=at("2025-04-20 08:00"))
OF_PROVIDER = OF_CUSTOMER.model_copy(update={"opened_by": "provider"})
LATENCY = {"id": "l", "metric": "latency", "target": 50}


@pytest.mark.parametrize(
    ("tickets", "claim", "credit"),
    [
        ([], {}, "0.00"),
        ([OF_CUSTOMER], {}, "10.00"),
        ([Ticket(reference="T", opened_at=at("2025-03-31 08:00"))], {}, "0.00"),
        ([OF_PROVIDER], {}, "0.00"),
        ([OF_PROVIDER], {"ticket_from": "anyone"}, "10.00"),
        ([], {"ticket": "not_required"}, "10.00"),
    ],
)  # fmt: skip
def test_a_mean_is_paid_if_anything_was_reported_in_the_window(
    tickets: Any, claim: dict[str, Any], credit: str
) -> None:
    about = {
        "id": "l",
        "metric": "latency",
        "target": 50,
        "rule": {"kind": "credit", "when": "target_missed", "rate": "10%"},
    }
    terms = contract(about, format=2, claim={"ticket": "required"} | claim)
    found = judge(terms, facts(tickets=tickets, readings=[Reading(metric="latency", value="60", unit="ms")]))
    assert found.objectives[0].breached
    assert found.credit_due == euros(credit)
    assert any("reported nothing" in step for step in found.credit_steps) == (credit == "0.00")


def sampled(*tickets: Ticket, outages: tuple[Outage, ...] = ()) -> Any:
    down = [0] * 60 + [9] * 60 + [0] * 60 + [9] * 60 + [0] * 60  # from 1:00 and from 3:00 of the 5th, an hour each
    series = SampleSeries(metric="loss", unit="percent", start=at("2025-04-05 00:00"), step_seconds=60, values=down)
    state = {"kind": "unavailable_state", "series": "loss", "bad": {"more_than": "0"}}
    terms = contract(BLOCKS | {"measure": state}, format=2, claim={"ticket": "required"})
    return first(terms, facts(*outages, series=[series], tickets=tickets))


@pytest.mark.parametrize(
    ("times", "credit"),
    [
        ([], "0.00"),
        (["2025-04-05 01:30"], "5.00"),
        (["2025-04-05 01:30", "2025-04-05 03:59"], "10.00"),
        (["2025-04-05 02:30"], "0.00"),
    ],
)
def test_sampled_downtime_needs_a_ticket_about_it(times: list[str], credit: str) -> None:
    tickets = [Ticket(reference=f"T{i}", opened_at=at(time)) for i, time in enumerate(times)]
    found = sampled(*tickets)
    assert (found.credit, found.counted_seconds) == (euros(credit), 7200)


def test_a_ticket_about_what_was_perceived_earlier_counts_for_that_time() -> None:
    perceived = {"observed_from": at("2025-04-05 03:10"), "observed_to": at("2025-04-05 03:20")}
    late = Ticket(reference="T", opened_at=at("2025-04-06 09:00"), **perceived)
    assert sampled(late).credit == euros("5.00")
    on_record = outage("2025-04-05 01:00", "2025-04-05 02:00", ticket_opened_at=at("2025-04-05 01:05"))
    assert sampled(outages=(on_record,)).credit == euros("5.00")

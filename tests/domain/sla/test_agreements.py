"""Agreements bound the window: what is judged, and the charge that it is a share of."""

from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.measurements import AgreedTime, EventCredit, Outage, ServiceFacts
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.period import Period, from_seconds
from include.sla_logic.domain.sla import SlaComparison, UnableToFindAgreedTime, Verdict, choose_agreement, compare
from tests.domain.sla.make import at, contract, euros, objective, outage

OCTOBER = calendar_window("month", "UTC", at("2026-10-10 00:00"))
UPGRADE = at("2026-10-16 00:00")
TIERS = [{"at_least": "99.9", "credit": 0}, {"at_least": "99", "below": "99.9", "credit": "10%"}]
AVAILABLE = objective({"kind": "tiers", "tiers": [*TIERS, {"below": "99", "credit": "25%"}]}, target="99.9")
LONG = objective(
    {"kind": "duration_tiers", "tiers": [{"at_most": "4 h", "credit": 0}, {"more_than": "4 h", "credit": "50%"}]}
)
BLOCKS = objective({"kind": "day_per_block", "block": "1 h"})
DAYS = objective({"kind": "share_per_day", "share": "1/30", "outage": {"at_least": "10 min"}})


def held(start: str, end: str | None, charge: str, **fields: Any) -> AgreedTime:
    return AgreedTime(start=at(start), end=None if end is None else at(end), charge=euros(charge), **fields)


def known(*agreements: AgreedTime, outages: tuple[Outage, ...]) -> ServiceFacts:
    return ServiceFacts(service="S-1", outages=outages, agreements=agreements)


def judge(
    terms: Contract, facts: ServiceFacts, *, moment: str = "2026-10-20 00:00", as_of: str = "2026-11-20 00:00"
) -> SlaComparison:
    return compare(terms, choose_agreement(terms, facts, at(moment)), window=OCTOBER, as_of=at(as_of))


def due(terms: Contract, facts: ServiceFacts, moment: str = "2026-10-20 00:00") -> str:
    return str(judge(terms, facts, moment=moment).credit_due)


SILVER = held("2026-01-01 00:00", "2026-10-16 00:00", "100")
GOLD = held("2026-10-16 00:00", None, "200")
BOTH = (outage("2026-10-10 08:00", "2026-10-10 10:00", "UP-1"), outage("2026-10-20 08:00", "2026-10-20 09:00", "UP-2"))


def test_an_outage_before_the_agreement_began_is_not_paid() -> None:
    early = outage("2026-10-05 00:00", "2026-10-05 10:00")
    found = judge(contract(AVAILABLE), known(held("2026-10-16 00:00", None, "100"), outages=(early,)))
    assert str(found.credit_due) == "0.00 EUR"
    assert found.window == Period(start=UPGRADE, end=OCTOBER.end)
    assert (found.contract_window, found.objectives[0].total_seconds) == (OCTOBER, 16 * 86_400)


def test_each_part_of_an_upgrade_pays_for_its_own_outages_on_its_own_days() -> None:
    facts = known(SILVER, GOLD, outages=BOTH)
    assert due(contract(AVAILABLE), facts, "2026-10-10 08:00") == "4.84 EUR"
    assert due(contract(AVAILABLE), facts, "2026-10-20 08:00") == "10.32 EUR"


def test_together_time_is_measured_over_the_window_and_shares_apply_to_the_prorated_charges() -> None:
    terms = contract(AVAILABLE, on_agreement_change="together")
    found = judge(terms, known(SILVER, GOLD, outages=BOTH))
    assert found.window == OCTOBER
    assert found.objectives[0].counted_seconds == 3 * 3600
    assert found.credit_due == euros(str(half_up(Fraction(10, 100) * (Fraction(1500, 31) + Fraction(3200, 31)), 2)))


@pytest.mark.parametrize(
    ("change", "before", "after"), [("apart", "0.00 EUR", "0.00 EUR"), ("together", "75.81 EUR", "75.81 EUR")]
)
def test_three_hours_on_either_side_of_an_upgrade_are_six_hours_only_together(
    change: str, before: str, after: str
) -> None:
    hours = (outage("2026-10-15 21:00", "2026-10-16 03:00"),)
    terms, facts = contract(LONG, on_agreement_change=change), known(SILVER, GOLD, outages=hours)
    assert (due(terms, facts, "2026-10-15 22:00"), due(terms, facts, "2026-10-16 02:00")) == (before, after)


@pytest.mark.parametrize(("change", "before", "after"), [("apart", "3.23", "6.45"), ("together", "3.23", "3.23")])
def test_forty_minutes_across_an_upgrade_are_one_block_only_together(change: str, before: str, after: str) -> None:
    short = (outage("2026-10-15 23:40", "2026-10-16 00:20"),)
    terms, facts = contract(BLOCKS, on_agreement_change=change), known(SILVER, GOLD, outages=short)
    found = [due(terms, facts, moment) for moment in ("2026-10-15 23:50", "2026-10-16 00:10")]
    assert found == [f"{before} EUR", f"{after} EUR"]


def test_what_lies_in_time_uses_the_charge_in_force_then() -> None:
    facts = known(SILVER, GOLD, outages=BOTH)
    assert due(contract(BLOCKS, on_agreement_change="together"), facts) == "12.90 EUR"  # 2 x 100/31 + 200/31
    assert due(contract(DAYS, on_agreement_change="together"), facts) == "10.00 EUR"  # 100/30 + 200/30


BY_EVENT = objective({"kind": "event_credits"}, id="events", metric="events")


@pytest.mark.parametrize(
    ("moment", "prorated", "in_full"),
    [
        ("2026-10-10 00:00", "19.00", "31.00"),
        ("2026-10-15 23:59:59", "19.00", "31.00"),
        ("2026-10-16 00:00", "38.00", "62.00"),
        ("2026-10-25 00:00", "38.00", "62.00"),  # after the last agreement: its charge
    ],
)
def test_an_event_is_a_share_of_the_charge_in_force_then(moment: str, prorated: str, in_full: str) -> None:
    """Agreements hold 19 of the 31 days; charged in full, each of them is charged once."""
    stated = (EventCredit(event="E", objective="x", percent="10", at=at(moment)),)
    held_ = (held("2026-10-01", "2026-10-16", "310.00"), held("2026-10-16", "2026-10-20", "620.00"))
    for proration, credit in (("by_time", prorated), ("none", in_full)):
        terms = contract(BY_EVENT, on_agreement_change="together", proration=proration)
        facts = known(*held_, outages=()).model_copy(update={"event_credits": stated})
        assert due(terms, facts, "2026-10-18 00:00") == f"{credit} EUR"


def test_the_days_outside_are_left_out_or_available_or_nothing_is_promised() -> None:
    facts = known(held("2026-10-16 00:00", None, "100"), outages=(outage("2026-10-20 08:00", "2026-10-20 08:30"),))
    found = {way: judge(contract(AVAILABLE, partial_window=way), facts) for way in ("cut", "whole", "excluded")}
    assert {way: str(one.credit_due) for way, one in found.items()} == {
        "cut": "5.16 EUR",  # 1800 of 1,382,400 s: 99.870 %
        "whole": "0.00 EUR",  # 1800 of 2,678,400 s: 99.933 %
        "excluded": "0.00 EUR",
    }
    assert found["excluded"].objectives[0].verdict is Verdict.NOT_PROMISED
    assert not found["excluded"].undecided
    open_ended = known(SILVER.model_copy(update={"end": None}), outages=BOTH)
    whole = judge(contract(AVAILABLE, partial_window="excluded"), open_ended)
    assert str(whole.credit_due) == "10.00 EUR"


def test_a_window_of_facts_that_is_shorter_than_the_contracts_is_agreed_in_part() -> None:
    part = Period(start=UPGRADE, end=OCTOBER.end)
    facts = known(outages=(outage("2026-10-20 08:00", "2026-10-20 08:30"),)).model_copy(
        update={"charges": known(outages=()).charges.model_copy(update={"recurring": euros("100")})}
    )
    paid = {
        way: str(compare(contract(AVAILABLE, partial_window=way), facts, window=part, as_of=part.end).credit_due)
        for way in ("cut", "whole", "excluded")
    }
    assert paid == {"cut": "5.16 EUR", "whole": "0.00 EUR", "excluded": "0.00 EUR"}


@pytest.mark.parametrize("way", ["cut", "whole"])
def test_a_charge_pro_rata_is_that_of_the_time_whatever_the_denominator_of_the_tiers(way: str) -> None:
    terms = contract(objective({"kind": "credit", "rate": "pro_rata"}), partial_window=way)
    facts = known(held("2026-10-16 00:00", None, "100"), outages=(outage("2026-10-20 00:00", "2026-10-21 00:00"),))
    assert due(terms, facts) == "3.23 EUR"  # one day of 31, of 100 EUR


def test_the_cap_of_a_quarter_is_a_share_of_what_the_agreement_charges_in_it() -> None:
    down = (outage("2026-10-20 08:00", "2026-10-25 08:00"),)
    terms = contract(AVAILABLE, cap={"share": "10%", "over": "quarter"})
    found = judge(terms, known(held("2026-10-16 00:00", None, "100"), outages=down))
    assert str(found.cap) == "25.16 EUR"  # 10 % of 16/31 + 2 months
    assert found.cap_window == Period(start=UPGRADE, end=at("2027-01-01 00:00"))


def test_rights_follow_customer_and_service_and_time_without_an_agreement_does_not_count() -> None:
    right = {"count": 3, "outage": {"more_than": "30 min"}, "within_days": 30}
    three = tuple(outage(f"2026-10-{day} 08:00", f"2026-10-{day} 09:00", f"O{day}") for day in ("05", "12", "20"))
    earlier = SILVER.model_copy(update={"judged": False})
    assert judge(contract(AVAILABLE, chronic=right), known(earlier, GOLD, outages=three)).chronic.state == "reached"  # type: ignore[union-attr]
    alone = judge(contract(AVAILABLE, chronic=right), known(GOLD, outages=three))
    assert (alone.chronic.state, alone.chronic.events_left) == ("none", 2)  # type: ignore[union-attr]


def test_agreements_that_are_judged_apart_need_a_moment_and_never_overlap() -> None:
    facts = known(SILVER, GOLD, outages=BOTH)
    with pytest.raises(UnableToFindAgreedTime, match="judges agreements apart"):
        compare(contract(AVAILABLE), facts, window=OCTOBER, as_of=OCTOBER.end)
    with pytest.raises(UnableToFindAgreedTime, match="was in force"):
        judge(contract(AVAILABLE), known(GOLD, outages=BOTH), moment="2026-10-10 00:00")
    with pytest.raises(ValueError, match="a day belongs to one agreement"):
        known(SILVER.model_copy(update={"end": None}), GOLD, outages=())


# An independent program: seconds of October as fractions, without the code under test.

SPAN = (int(OCTOBER.start.timestamp()), int(OCTOBER.end.timestamp()))
DAY = 86_400


def _overlap(one: tuple[int, int], two: tuple[int, int]) -> int:
    return max(0, min(one[1], two[1]) - max(one[0], two[0]))


def _share(percent: Fraction) -> Fraction:
    return Fraction(0) if percent >= Fraction("99.9") else Fraction(1, 10) if percent >= 99 else Fraction(1, 4)


def _owed(parts: list[tuple[int, int, int]], downs: list[tuple[int, int]], *, whole: bool) -> Fraction:
    """Owe a share of the summed prorated charges of these parts (start, end, charge) for their downtime."""
    down = sum(_overlap((start, end), one) for start, end, _charge in parts for one in downs)
    total = SPAN[1] - SPAN[0] if whole else sum(end - start for start, end, _charge in parts)
    base = sum(Fraction(charge * (end - start), SPAN[1] - SPAN[0]) for start, end, charge in parts)
    return _share(100 - Fraction(100 * down, total)) * base


days = st.lists(st.integers(0, 31), min_size=2, max_size=6, unique=True).map(sorted)
lengths = st.lists(st.tuples(st.integers(-2 * DAY, 33 * DAY), st.integers(60, 30_000)), max_size=4)


@given(
    days, st.lists(st.integers(1, 900), min_size=5, max_size=5), lengths, st.sampled_from(["cut", "whole"]), st.data()
)
def test_every_window_owes_what_an_independent_program_says(
    edges: list[int], charges: list[int], downs: list[tuple[int, int]], way: str, data: st.DataObject
) -> None:
    kept = [i for i in range(len(edges) - 1) if data.draw(st.booleans())] or [0]
    parts = [(SPAN[0] + edges[i] * DAY, SPAN[0] + edges[i + 1] * DAY, charges[i]) for i in kept]
    spans_ = _apart(sorted((SPAN[0] + start, SPAN[0] + start + length) for start, length in downs))
    facts = known(
        *(AgreedTime(start=from_seconds(a), end=from_seconds(b), charge=euros(str(c))) for a, b, c in parts),
        outages=tuple(
            Outage(reference=f"O{i}", start=from_seconds(a), end=from_seconds(b)) for i, (a, b) in enumerate(spans_)
        ),
    )
    as_of = OCTOBER.end + timedelta(days=30)
    together = contract(AVAILABLE, on_agreement_change="together", partial_window=way)
    owed = euros(str(half_up(_owed(parts, spans_, whole=way == "whole"), 2)))
    assert compare(together, facts, window=OCTOBER, as_of=as_of).credit_due == owed
    for part in parts:
        apart = contract(AVAILABLE, partial_window=way)
        one = choose_agreement(apart, facts, from_seconds(part[0]))
        owed = euros(str(half_up(_owed([part], spans_, whole=way == "whole"), 2)))
        assert compare(apart, one, window=OCTOBER, as_of=as_of).credit_due == owed


def _apart(spans_: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Unite what overlaps, so that seconds count once."""
    found: list[tuple[int, int]] = []
    for start, end in spans_:
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found

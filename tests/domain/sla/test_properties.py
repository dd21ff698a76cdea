"""What holds for every rule shape and every way in which facts may be written down."""

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.measurements import (
    Charges,
    Delay,
    ErrorIntervals,
    EventCredit,
    Hold,
    MaintenanceWindow,
    Outage,
    Reading,
    ServiceFacts,
)
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.domain.sla import ObjectiveJudgement
from tests.domain.sla.make import (
    APRIL,
    DURATION_TIERS,
    PERCENT_TIERS,
    at,
    contract,
    euros,
    facts,
    judge,
    objective,
)

minutes = st.integers(-600, 44_000).map(lambda minute: APRIL.start + timedelta(minutes=minute))
lengths = st.integers(0, 900).map(lambda length: timedelta(minutes=length))
charges = st.integers(0, 10**7).map(lambda cents: Charges(recurring=euros(f"{Decimal(cents).scaleb(-2):f}")))
HELD = {"holds_stop_the_clock": True}


@st.composite
def outages(draw: Any) -> list[Outage]:
    """Draw outages, some of them with bounds and with tickets."""
    found = []
    for number in range(draw(st.integers(0, 6))):
        start, length = draw(minutes), draw(lengths)
        bounded, vague = draw(st.booleans()), draw(lengths)
        found.append(
            Outage(
                reference=f"O{number}",
                start=start,
                end=start + length,
                start_bounds=(start - vague, start) if bounded else None,
                end_bounds=(start + length - vague, start + length) if bounded else None,
                attribution=draw(st.sampled_from(["provider", "provider", "customer"])),
            )
        )
    return found


@st.composite
def known(draw: Any) -> ServiceFacts:
    """Draw outages, planned work and holds."""
    planned = [
        MaintenanceWindow(reference=f"M{i}", start=start, end=start + draw(lengths), announced_at=start - draw(lengths))
        for i, start in enumerate(draw(st.lists(minutes, max_size=3)))
    ]
    holds = [
        Hold(
            start=start,
            end=start + draw(lengths),
            reason=f"H{i}",
            owner=draw(st.sampled_from(["customer", "provider"])),
        )
        for i, start in enumerate(draw(st.lists(minutes, max_size=3)))
    ]
    return facts(*draw(outages()), maintenance=planned, holds=holds, charges=draw(charges))


@settings(max_examples=60)
@given(known(), st.sampled_from(["shortest", "longest"]), st.randoms(use_true_random=False))
def test_the_order_of_outages_work_holds_and_brackets_never_matters(known, brackets, shuffler) -> None:
    terms = contract(
        objective(DURATION_TIERS, target="99.9"),
        counting=HELD | {"brackets": brackets, "shortest": {"at_least": "5 min"}},
        maintenance={"notice": "4 h"},
        chronic={"count": 2, "outage": {"more_than": "30 min"}, "within_days": 10},
    )
    lists = {name: list(getattr(known, name)) for name in ("outages", "maintenance", "holds")}
    for entries in lists.values():
        shuffler.shuffle(entries)
    again = known.model_copy(update={name: tuple(entries) for name, entries in lists.items()})
    assert judge(terms, again) == judge(terms, known)


@settings(max_examples=40)
@given(known(), st.lists(st.integers(-14 * 4, 14 * 4), min_size=1, max_size=8))
def test_the_offsets_in_which_records_are_written_never_matter(known, quarters) -> None:
    zones = [timezone(timedelta(minutes=15 * quarter)) for quarter in quarters]

    def elsewhere(value: Any) -> Any:
        if isinstance(value, datetime):
            zones.append(zones.pop(0))
            return value.astimezone(zones[-1]).isoformat()
        if isinstance(value, dict):
            return {key: elsewhere(inner) for key, inner in value.items()}
        return [elsewhere(inner) for inner in value] if isinstance(value, list | tuple) else value

    again = ServiceFacts.model_validate(elsewhere(known.model_dump()))
    assert judge(contract(counting=HELD), again) == judge(contract(counting=HELD), known)


def _of_value(metric: str, **fields: Any) -> dict[str, Any]:
    return {"id": "one", "metric": metric, **fields}


OVERRUN = {
    "kind": "overrun_tiers",
    "thresholds": [{"overrun": "10", "credit": "5%"}, {"overrun": "50", "credit": "80%"}],
}
# Each shape with facts that are worse the larger the number is.
SHAPES: dict[str, tuple[dict[str, Any], Any]] = {
    "error rates": (
        _of_value("success_rate", rule=PERCENT_TIERS),
        lambda n: {"error_intervals": [ErrorIntervals(count=n * 8, error_percent=Decimal(50))]},
    ),
    "overrun": (
        _of_value("jitter", target="100", rule=OVERRUN),
        lambda n: {"readings": [Reading(metric="jitter", value=Decimal(n), unit="ms")]},
    ),
    "steps": (
        _of_value("latency", target="100", rule={"kind": "share_per_step", "step": "1", "credit": "1%"}),
        lambda n: {"readings": [Reading(metric="latency", value=Decimal(n), unit="ms")]},
    ),
    "fixed sum per day": (
        _of_value("delay", rule={"kind": "sum_per_day", "sum": "5", "applies_to": "line"}),
        lambda n: {"delays": [Delay(kind="line", days_late=n)]},
    ),
    "daily rate": (
        _of_value("delay", rule={"kind": "daily_rate", "periods_per_year": 12}),
        lambda n: {"delays": [Delay(kind="line", days_late=n)]},
    ),
    "event credits": (
        _of_value("events", rule={"kind": "event_credits"}),
        lambda n: {"event_credits": [EventCredit(event=f"E{i}", objective="o", percent=Decimal(3)) for i in range(n)]},
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=25)
@given(low=st.integers(0, 300), more=st.integers(0, 300), paid=charges)
def test_what_is_worse_is_never_cheaper_and_no_credit_is_negative_or_above_the_cap(shape, low, more, paid) -> None:
    terms, known = SHAPES[shape]
    rebated = contract(terms, cap={"share": "60%"})
    less, most = (judge(rebated, facts(charges=paid, **known(n))).credit_due for n in (low, low + more))
    assert less is not None
    assert most is not None
    assert paid.recurring is not None
    assert euros("0") <= less <= most
    assert most.exact <= paid.recurring.exact * Fraction(3, 5) + Fraction(1, 200)  # rounded half up to a cent


@pytest.mark.parametrize("stacking", ["highest_per_event", "highest", "sum"])
@settings(max_examples=30)
@given(down=outages(), more=outages(), paid=charges)
def test_more_downtime_never_lowers_the_credit_of_several_objectives_nor_the_hours_left_off(
    stacking, down, more, paid
) -> None:
    waiver = objective({"kind": "hour_waiver", "downtime": {"more_than": "6 min"}}, id="hours")
    two = (objective(), objective(DURATION_TIERS, id="minutes"), waiver)
    terms = contract(*two, stacking=stacking, cap={"share": "90%"})
    renamed = [outage.model_copy(update={"reference": f"more {outage.reference}"}) for outage in more]
    less, most = (judge(terms, facts(*rows, charges=paid)) for rows in (down, down + renamed))
    assert less.credit_due is not None
    assert most.credit_due is not None
    assert paid.recurring is not None
    assert euros("0") <= less.credit_due <= most.credit_due
    assert most.credit_due.exact <= paid.recurring.exact * Fraction(9, 10) + Fraction(1, 200)
    assert _waived(less.objectives[2]) <= _waived(most.objectives[2])
    assert sum((amount for _name, amount in most.shares), start=euros("0")) == most.credit_due


def _waived(judged: ObjectiveJudgement) -> int:
    assert judged.waived_hours is not None
    return judged.waived_hours


@settings(max_examples=30)
@given(st.lists(outages(), min_size=3, max_size=3), charges, st.permutations(range(3)))
def test_the_months_of_a_quarter_together_never_pay_more_than_its_cap(down, paid, order) -> None:
    terms = contract(objective({"kind": "day_per_block", "block": "1 h"}), cap={"share": "10%", "over": "quarter"})
    booked: list[EarlierCredit] = []
    caps = set()
    for month in order:
        window = calendar_window("month", "UTC", at(f"2025-{4 + month:02}-10"))
        moved = [_moved(outage, window.start - APRIL.start) for outage in down[month]]
        found = judge(terms, facts(*moved, charges=paid), window=window)
        total = work_out_rebate(found, earlier=booked).total
        assert total >= euros("0")
        caps.add(found.cap)
        booked.append(
            EarlierCredit(contract="K-1", window=window, objective="availability", amount=total, reference="R")
        )
    (cap,) = caps
    assert cap is not None
    assert sum((credit.amount for credit in booked), start=euros("0")) <= cap


def _moved(outage: Outage, by: timedelta) -> Outage:
    assert outage.end is not None
    return Outage(reference=outage.reference, start=outage.start + by, end=outage.end + by)

"""What is told one by one up to a number, and beyond it counted: below that number, at it, and above."""

from datetime import timedelta

import pytest

from include.sla_logic.domain.measurements import ClaimFiled, Outage
from tests.domain.sla.make import at, contract, facts, judge, objective

DAY = timedelta(days=1)
EVENTS = contract(objective({"kind": "credit", "for_each": "event", "rate": "1%", "at_most": "50%"}))
CLAIMED = contract(claim={"within_days": 10, "counted_from": "outage_end"})


def outages(count: int, hours: int = 12) -> list[Outage]:
    begun = [at("2025-04-01 01:00") + timedelta(hours=hours) * number for number in range(count)]
    return [Outage(reference=f"O{n}", start=one, end=one + timedelta(hours=1)) for n, one in enumerate(begun)]


@pytest.mark.parametrize(
    ("count", "shown"), [(0, "0 s"), (1, "3600 s"), (2, "3600 + 3600 = 7200 s"), (20, None), (21, "75600 s")]
)
def test_up_to_twenty_lengths_are_summed_in_sight(count: int, shown: str | None) -> None:
    steps = judge(contract(), facts(*outages(count))).objectives[0].steps
    wanted = f"{' + '.join(['3600'] * count)} = {3600 * count} s" if shown is None else shown
    assert steps[0] == f"downtime {wanted}" + (f" in {count} counted interval(s)" if count else "")


@pytest.mark.parametrize("count", [0, 1, 39, 40, 41, 43])
def test_up_to_forty_events_are_shown_one_by_one(count: int) -> None:
    steps = judge(EVENTS, facts(*outages(count))).objectives[0].steps
    assert sum(": 3600 s (1 h); 1 x 1% = 1%" in step for step in steps) == min(count, 40)
    assert (f"{count} events in all, not all are shown" in steps) == (count > 40)
    assert ("no event is counted" in steps) == (count == 0)
    assert (f"together {count}%" in steps) == (count > 1)


@pytest.mark.parametrize(("lost", "more"), [(0, None), (1, None), (4, None), (5, None), (6, "1 more"), (7, "2 more")])
def test_up_to_five_lost_incidents_are_named(lost: int, more: str | None) -> None:
    early, kept = outages(lost, hours=1), Outage(reference="KEPT", start=at("2025-04-28"), end=at("2025-04-28 01:00"))
    early = [one.model_copy(update={"start": one.start + DAY * n, "end": one.start + DAY * n + DAY / 24})
             for n, one in enumerate(early)]  # fmt: skip
    known = facts(*early, kept, claims=[ClaimFiled(filed_at=at("2025-04-29"))])
    reason = judge(CLAIMED, known, as_of=at("2025-05-30")).claim.reason
    assert [f"O{n} (until" in reason for n in range(lost)] == [n < 5 for n in range(lost)]
    assert ("Too late for" in reason) == (lost > 0)
    assert reason.endswith(f"; {more}.") if more else " more" not in reason

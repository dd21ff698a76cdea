"""Outage notices that were only seen about once an hour: bracketed times, never resolved, repeated references."""

import gzip
import json
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.measurements import Outage, ServiceFacts
from include.sla_logic.domain.period import to_seconds
from include.sla_logic.domain.sla import SlaComparison, compare
from tests.domain.sla.make import DURATION_TIERS, facts, objective, text_of

REGION = "manitoba"
AS_OF = datetime.fromisoformat("2023-07-01T00:00:00+00:00")


@pytest.fixture(scope="module")
def notices(shared_data: Path) -> list[dict[str, Any]]:
    with gzip.open(shared_data / "shaw_isp_outages" / "outages_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def outage_of(notice: dict[str, Any]) -> Outage:
    """The true start lies after the last page without the notice, the true end after the last unresolved one."""
    first, resolved = moment(notice["first_seen"]), moment(notice["first_resolved_seen"])
    before, unresolved = moment(notice["not_seen_before"]) or first, moment(notice["last_unresolved_seen"]) or first
    assert first is not None
    bounds: tuple[datetime, datetime | None] | None = None
    if resolved is None:  # it vanished from the page: it lasted at least as long as it was seen
        bounds = (datetime.fromisoformat(notice["last_seen"]), None)
    elif unresolved is not None and unresolved <= resolved:
        bounds = (unresolved, resolved)
    return Outage(
        reference=notice["outage_id"],
        start=first,
        end=resolved,
        cause=notice["title"],
        start_bounds=(before, first),
        end_bounds=bounds,
    )


def facts_of(notices: list[dict[str, Any]], region: str = REGION) -> ServiceFacts:
    return facts(*(outage_of(notice) for notice in notices if region in notice["regions"]))


def judge(known: ServiceFacts, brackets: str, *, month: str = "2022-03") -> SlaComparison:
    text = text_of(objective(DURATION_TIERS), zone="America/Winnipeg", counting={"brackets": brackets})
    window = calendar_window("month", "America/Winnipeg", datetime.fromisoformat(f"{month}-15T12:00:00+00:00"))
    return compare(read_contract(text, name="shaw.yaml"), known, window=window, as_of=AS_OF)


def test_both_bounds_of_a_month_are_kept_and_money_uses_the_named_one(notices: list[dict[str, Any]]) -> None:
    short, long = (judge(facts_of(notices), brackets).objectives[0] for brackets in ("shortest", "longest"))
    assert short.counted_seconds is not None
    assert short.counted_at_most == long.counted_seconds == long.counted_at_most
    assert 0 < short.counted_seconds < (long.counted_seconds or 0) <= short.total_seconds
    assert any("money uses the shortest" in warning for warning in short.warnings)


def test_the_shortest_and_the_longest_reading_agree_with_plain_unions(notices: list[dict[str, Any]]) -> None:
    mine = facts_of(notices).outages
    window = judge(facts_of(notices), "longest").window.span
    until = to_seconds(AS_OF)
    longest, shortest = [], []
    for outage in mine:
        assert outage.start_bounds is not None
        early, late = (to_seconds(edge) for edge in outage.start_bounds)
        ends = outage.end_bounds or (outage.end, outage.end)
        first_end, last_end = (until if edge is None else to_seconds(edge) for edge in ends)
        assert first_end <= last_end
        longest.append((early, last_end))
        shortest.append((late, first_end))
    for name, raw in (("longest", longest), ("shortest", shortest)):
        counted = judge(facts_of(notices), name).objectives[0].counted_seconds
        assert counted == spans.total(spans.clip(spans.merge(raw), window))


def test_notices_never_seen_resolved_are_open_and_provisional(notices: list[dict[str, Any]]) -> None:
    never = [notice for notice in notices if notice["first_resolved_seen"] is None]
    assert len(never) == 361
    last = max(never, key=lambda notice: notice["last_seen"])
    short, long = (judge(facts(outage_of(last)), name, month=last["last_seen"][:7]) for name in ("shortest", "longest"))
    assert short.provisional
    assert long.provisional
    assert (short.objectives[0].counted_seconds or 0) < (long.objectives[0].counted_seconds or 0)
    assert all(outage_of(notice).end is None for notice in never)


def test_a_resolution_seen_before_the_last_open_sighting_is_no_bracket(notices: list[dict[str, Any]]) -> None:
    crossed = [
        n
        for n in notices
        if n["first_resolved_seen"]
        and n["last_unresolved_seen"]
        and n["first_resolved_seen"] < n["last_unresolved_seen"]
    ]
    assert len(crossed) == 39
    assert all(outage_of(notice).end_bounds is None for notice in crossed)


def test_repeated_reference_numbers_are_one_stretch_of_time_and_stay_apart_by_their_notice(
    notices: list[dict[str, Any]],
) -> None:
    resolved = [n for n in notices if n["first_resolved_seen"]]
    numbers = Counter(n["reference_number"] for n in resolved if n["reference_number"].startswith("INC"))
    number, _count = numbers.most_common(1)[0]
    repeated = [outage_of(n) for n in resolved if n["reference_number"] == number]
    assert len({outage.reference for outage in repeated}) == len(repeated) > 1
    window = calendar_window("year", "UTC", repeated[0].start)
    terms = read_contract(text_of(objective(DURATION_TIERS), window="year"), name="year.yaml")
    counted = compare(terms, facts(*repeated), window=window, as_of=AS_OF).objectives[0].counted_seconds or 0
    single = [(to_seconds(o.start), to_seconds(o.end)) for o in repeated if o.end is not None]
    assert counted <= spans.total(spans.merge(single))

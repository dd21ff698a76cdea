"""What the columns say of a window is what the exact judgement says; where they cannot, they leave it to it."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.domain import spans
from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import check_contract
from include.sla_logic.domain.contract.terms import Counting, MaintenanceTerms
from include.sla_logic.domain.measurements import MaintenanceWindow, Outage
from include.sla_logic.domain.period import from_seconds, of_span
from include.sla_logic.domain.sla import compare, quiet_bounds
from include.sla_logic.domain.sla.briefs import brief_of, briefs
from include.sla_logic.domain.sla.columns import NEVER, Stretches
from include.sla_logic.domain.sla.quiet_bounds import Probe, is_in_columns
from include.sla_logic.domain.sla.quiet_windows import ColumnarContract, WindowColumns
from tests.domain.sla.drawn_contracts import rule_of
from tests.domain.sla.in_columns import SHAPES, UNANNOUNCED, expected, judge_in_columns, lay, some_facts
from tests.domain.sla.make import APRIL, DURATION_TIERS, at, contract, facts, judge, objective, outage, text_of
from tests.spread import longest

WINDOWS = [
    APRIL,
    calendar_window("month", "Europe/Berlin", datetime(2025, 3, 10, tzinfo=UTC)),  # an hour shorter
    calendar_window("month", "UTC", datetime(2024, 2, 10, tzinfo=UTC)),
    calendar_window("quarter", "America/Los_Angeles", datetime(2025, 11, 10, tzinfo=UTC)),
]
MORE_THAN_SECONDS = {name for name in SHAPES if name.startswith(("by event,", "from the", "by day", "by rounded"))}
# of these the columns leave more to the exact judgement than what owes something
LEFT = {"by event", "long enough", "work within hours", *MORE_THAN_SECONDS}
OF_EVENTS_AND_DAYS = {"event_in", "events_over", "outage", "first_day", "day_of_repair"}
EDGES = [1, 299, 300, 1_799, 1_800, 1_801, 3_599, 3_600, 3_601, 7_200, 14_400, 86_399, 86_400, 86_401]
ends = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=8)


def compared(name: str, several: list, window) -> None:
    terms = SHAPES[name]
    for known, found in zip(several, judge_in_columns(terms, several, window), strict=True):
        said = expected(judge(terms, known, window=window, as_of=window.end))
        assert found == said or (found is None and name in LEFT), (name, known)


@settings(max_examples=40)
@given(one=ends, two=ends)
def test_columns_reckon_as_spans_do(one, two):
    def plain(pairs):
        return [(start, start + length) for start, length in pairs]

    def laid(pairs):
        start = np.array([low for low, _high in pairs], dtype=np.int64)
        return Stretches(start, np.array([high for _low, high in pairs], dtype=np.int64))

    def read(columns):
        return list(zip(columns.start.tolist(), columns.end.tolist(), strict=True))

    merged, holes, window = laid(plain(one)).merged(), laid(plain(two)).merged(), laid([(10, 30), (0, 9)])
    assert read(merged) == spans.merge(plain(one))
    assert read(merged.without(holes)) == spans.subtract(plain(one), plain(two))
    inside = [spans.total(spans.clip(spans.merge(plain(one)), cut)) for cut in read(window)]
    assert merged.within(window).tolist() == inside
    met = [any(s < cut[1] and max(e, s + 1) > cut[0] for s, e in plain(one)) for cut in read(window)]
    assert laid(plain(one)).meet(window).tolist() == met


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), name=st.sampled_from(sorted(SHAPES)), window=st.sampled_from(WINDOWS))
def test_a_window_that_the_columns_call_quiet_is_so_by_the_exact_judgement_and_no_other_is(seed, name, window):
    chance = random.Random(seed)  # noqa: S311 - seeded by hypothesis
    compared(name, [some_facts(chance, window) for _ in range(8)], window)


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_at_every_bound_and_a_second_beside_it_both_say_the_same(name):
    terms, window = SHAPES[name], WINDOWS[1]
    turns = {turn for one in Probe(terms, window).bounds() for turn in (one.owes_from, one.missed_from)}
    near = sorted({turn + beside for turn in (0, *turns) for beside in (-1, 0, 1)})
    lengths = [seconds for seconds in near if 0 <= seconds <= window.seconds]
    down = [
        Outage(reference="O1", start=window.start, end=from_seconds(window.span[0] + seconds), attribution=who)
        for seconds in lengths
        for who in ("provider", "customer")
    ]
    compared(name, [facts(one) for one in down], window)


def test_bounds_are_the_seconds_that_a_table_says():
    [tiers] = Probe(SHAPES["tiers"], APRIL).bounds()
    assert (tiers.owes_from, tiers.missed_from) == (2_593, 1_297)  # 0.1 % and 0.05 % of 2,592,000 s, and a second more
    [steps] = Probe(SHAPES["duration tiers"], APRIL).bounds()
    assert (steps.owes_from, steps.missed_from) == (300, 260)
    [hole] = Probe(SHAPES["tiers with a hole"], APRIL).bounds()
    assert hole.owes_from == 2_592  # more than 99.9: where the contract is silent, a person decides


IN_TIME = [{"below": "1 h", "rate": 0}, {"at_least": "1 h", "rate": "5 EUR"}]
NUMBERED = [{"rate": 0}, {"from_block": 3, "rate": "5 EUR"}]
NOT_IN_SECONDS, NEVER_IN_APRIL = 1, 2_592_001


@pytest.mark.parametrize(
    ("rule", "owes_from"),
    [
        ({"tiers": IN_TIME}, 3600),
        ({"tiers": [{"rate": "5 EUR"}]}, 1),
        ({"tiers": IN_TIME, "beyond": "30 min"}, 1800 + 3600),
        ({"tiers": IN_TIME, "beyond": "target"}, 2592 + 3600),
        ({"tiers": IN_TIME, "block": "2 h", "counts": "full"}, 7200),
        ({"tiers": [{"below": 10, "rate": 0}, {"at_least": 10, "rate": "5 EUR"}], "tiers_by": "overrun"}, 261_533),
        ({"rate": "5 EUR", "beyond": "target", "block": "10 min"}, 2592 + 1),
        ({"rate": "5 EUR", "beyond": "30 min", "block": "10 min", "counts": "full"}, 1800 + 600),
        ({"rate": "5 EUR", "beyond": "target", "block": "1 h", "nearest": "10 min"}, 2592 + 300),
        ({"rate": "5 EUR", "beyond": "target", "block": "1 h", "nearest": "25 min"}, 2592 + 750),
        ({"rate": "5 EUR", "beyond": "target", "block": "1 h", "nearest": "1 h"}, 2592 + 1800),
        ({"rate": "5 EUR", "beyond": "target", "block": "0.1", "counts": "full"}, 2 * 2592),
        ({"rate": "5 EUR", "beyond": "target", "block": "0.07", "counts": "full"}, 4407),  # 0.17 %: 4406.4 s
        ({"rate": "5 EUR", "beyond": "target", "block": "0.08", "counts": "full"}, 4666),  # 0.18 %: 4665.6 s
        ({"rate": "5 EUR", "beyond": "target", "block": "0.07"}, 2592 + 1),
        ({"rate": "5 EUR", "beyond": "target", "block": "720 h", "counts": "full"}, NEVER_IN_APRIL),
        ({"kind": "day_per_excess_block", "block": "1 h", "nearest": "20 min"}, 2592 + 600),
        ({"kind": "day_per_excess_block", "block": "1 h", "nearest": "30 min"}, 2592 + 900),
        ({"kind": "share_per_step", "step": "0.1", "credit": "1%", "counts": "full"}, 2 * 2592),
        ({"kind": "share_per_step", "step": "0.03", "credit": "1%", "counts": "full"}, 3370),  # 0.13 %: 3369.6 s
        (
            {"kind": "duration_tiers", "tiers": [{"at_most": "1 h", "credit": 0}, {"more_than": "1 h", "credit": 1}]},
            3601,
        ),
        ({"kind": "tiers", "tiers": [{"more_than": "99.87", "credit": 0}, {"at_most": "99.87", "credit": 1}]}, 3370),
        ({"tiers": IN_TIME, "nearest": "1 h"}, NOT_IN_SECONDS),
        ({"tiers": NUMBERED, "block": "1 h"}, NOT_IN_SECONDS),
        ({"tiers": IN_TIME, "for_each": "event"}, NOT_IN_SECONDS),
    ],
)
def test_a_rule_owes_from_the_second_that_its_parts_say(rule, owes_from):
    terms = contract(objective({"kind": "credit", **rule}, target="99.9"), format=1 if "kind" in rule else 2)
    [found] = Probe(terms, APRIL).bounds()
    assert (found.owes_from, found.missed_from) == (owes_from, min(owes_from, 2592 + 1))


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        ({"tiers": IN_TIME}, {0, 1, 3600, 2592, 2593}),
        ({"tiers": [{"rate": "5 EUR"}]}, {0, 1}),
        ({"tiers": IN_TIME, "beyond": "30 min"}, {0, 1, 1800, 1801, 2592, 2593, 1800 + 3600}),
        ({"tiers": IN_TIME, "beyond": "target"}, {0, 1, 2592, 2593, 2592 + 3600}),
        ({"tiers": IN_TIME, "block": "2 h", "counts": "full"}, {0, 1, 2592, 2593, 3600, 3601, 7200}),
        ({"rate": "5 EUR", "block": "10 min"}, {0, 1}),
        ({"rate": "5 EUR", "block": "10 min", "counts": "full"}, {0, 1, 599, 600}),
        ({"kind": "day_per_block", "block": "1 h"}, {0, 1}),
        ({"kind": "day_per_block", "block": "30 min", "counts": "full"}, {0, 1, 1799, 1800}),
        ({"kind": "day_per_excess_block", "block": "1 h"}, {0, 1, 2592, 2593}),
        ({"kind": "day_per_excess_block", "block": "1 h", "counts": "full"}, {0, 1, 2592, 2593, 6191, 6192}),
        ({"kind": "share_when_missed", "credit": "10%"}, {0, 1, 2592, 2593}),
    ],
)
def test_no_second_is_asked_for_that_cannot_be_a_turn(rule, asked, monkeypatch):
    """Each answer takes an exact judgement: where the parts of the rule say when it turns, there is no search."""
    seen = set[int]()

    def ask(terms, known, **moments):
        [down] = known.outages
        seen.add(int((down.end - down.start).total_seconds()))
        return compare(terms, known, **moments)

    monkeypatch.setattr(quiet_bounds, "compare", ask)
    target = None if "tiers" not in rule and "kind" not in rule else "99.9"
    terms = contract(objective({"kind": "credit", **rule}, target=target), format=1 if "kind" in rule else 2)
    [found] = Probe(terms, APRIL).bounds()
    assert found.owes_from in asked
    assert seen <= asked | set(range(found.owes_from) if rule.get("kind") else ())


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({}, True),
        ({"claim": {"automatic": True}}, True),
        ({"claim": {"within_days": 30}}, True),  # after the window's end
        ({"claim": {"within_days": 30, "counted_from": "outage_start"}}, False),
        ({"claim": {"automatic": True, "within_days": 30, "counted_from": "outage_end"}}, True),
        ({"claim": {"counted_from": "outage_end"}}, True),  # no days at all
        ({"claim": {"ticket": "required"}}, False),
        ({"claim": {"ticket": "not_required"}}, True),
        ({"chronic": {"count": 2, "within_days": 10}}, True),
        ({"chronic": {"missed": {"windows": 2}}}, False),
        ({"counting": {"service_hours": [{"opens": "09:00", "closes": "17:00"}]}}, False),
        ({"counting": {"faults": ["outage", "degradation"]}}, True),
        ({"counting": {"faults": ["degradation"]}}, False),
        ({"counting": {"attributions": ["provider", "customer"]}}, True),
        ({"objective": {"rolling_windows": 3}}, False),
        ({"objective": {"counting": {"degradations": "50%"}}}, False),
        ({"objective": {"counting": {"degradations": "100%"}}}, True),
        ({"objective": {"maintenance": {"recurring": [{"days": ["sun"], "starts": "02:00", "ends": "06:00"}]}}}, False),
        ({"objective": {"maintenance": {"excluded": False}}}, True),
    ],
)
def test_each_term_alone_decides_whether_columns_can_say_it(terms, said):
    promised = objective(target="99.9", **terms.get("objective", {}))
    others = {name: part for name, part in terms.items() if name != "objective"}
    assert is_in_columns(contract(promised, **others)) == said
    assert is_in_columns(contract(objective(target="99.9"), promised | {"id": "two"}, **others)) == said


@pytest.mark.parametrize("beside", [-1, 0, 1])
@pytest.mark.parametrize("rest", [0, 1, 7_200])
def test_the_shortest_length_that_counts_is_that_of_one_outage(beside, rest):
    """Ten minutes count, a second less does not, whatever the others of the window are worth."""
    lengths = (600 + beside, 600, 599, rest)
    starts = [APRIL.start + timedelta(days=number + 1) for number in range(len(lengths))]
    down = [
        Outage(reference=f"O{number}", start=start, end=start + timedelta(seconds=seconds))
        for number, (start, seconds) in enumerate(zip(starts, lengths, strict=True))
    ]
    columns, known = lay([facts(*down), facts(down[2]), facts(down[1])], APRIL)
    [seconds] = ColumnarContract(SHAPES["long enough"]).judge(columns, known).counted
    assert seconds.tolist() == [sum(length for length in lengths if length >= 600), 0, 600]


def test_windows_around_the_same_middle_have_bounds_of_their_own():
    """Of a month 0.1 % is 2,592 seconds, of its twenty middle days 1,728."""
    inner = of_span((APRIL.span[0] + 5 * 86_400, APRIL.span[1] - 5 * 86_400))
    down = [Outage(reference="O", start=inner.start, end=inner.start + timedelta(seconds=2_000))]
    for several in ((APRIL, inner), (inner, APRIL)):
        columns = [lay([facts(*down)], window) for window in several]
        start, end = (np.array([getattr(w, edge)[0] for w, _known in columns]) for edge in ("start", "end"))
        whole = [np.full(2, edge, dtype=np.int64) for edge in APRIL.span]
        windows = WindowColumns(np.zeros(2, dtype=np.int64), start, end, *whole)
        judged = ColumnarContract(SHAPES["tiers"]).judge(windows, columns[0][1])
        assert judged.quiet.tolist() == [window is APRIL for window in several]
        assert judged.total.tolist() == [window.seconds for window in several]


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), window=st.sampled_from(WINDOWS))
def test_the_brief_of_one_window_is_the_one_that_the_columns_give_it(seed, window):
    chance = random.Random(seed)  # noqa: S311 - seeded by hypothesis
    several = [some_facts(chance, window) for _ in range(3)]
    windows, known = lay(several, window)
    known = replace(known, ahead=np.where(known.ahead == UNANNOUNCED, -NEVER, known.ahead))
    several_briefs = briefs(known, Stretches.at(windows.place, windows.start, windows.end))
    assert several_briefs == [brief_of(one, window) for one in several]


def test_a_brief_tells_records_apart_that_meet_the_window_and_no_others():
    """These numbers lie in databases: in another release they mean the same."""
    start, end = APRIL.start, APRIL.end
    hour, second = timedelta(hours=1), timedelta(seconds=1)

    def brief(begin, until, who="provider"):
        return brief_of(facts(Outage(reference="O", start=begin, end=until, attribution=who)), APRIL)

    nothing = brief_of(facts(), APRIL)
    assert nothing == (0, 0, 0, 0)
    outside = [brief(start - hour, start), brief(end, end + hour), brief(start - hour, start - second)]
    assert outside == [nothing] * 3
    inside = [
        brief(start - hour, start + second),
        brief(end - second, end + hour),
        brief(start, start),
        brief(end - second, None),
    ]
    others = [brief(start, start + hour), brief(start, start + hour + second), brief(start, start + hour, "customer")]
    assert len({*inside, *others, nothing}) == 8
    assert brief(start, start + hour) == (7938528924882722636, 13061759041171170359, 0, 0)


@pytest.mark.parametrize("edge", [APRIL.start, APRIL.end])
@pytest.mark.parametrize(
    ("begins", "ends", "left"),
    [
        (-540, 120, True),
        (-540, 0, True),  # one that touches the edge may go on in another record
        (0, 120, True),
        (-540, -1, False),
        (1, 120, False),
        (540, 720, False),
    ],
)
def test_an_edge_outside_the_window_is_left_where_the_length_of_an_outage_matters(edge, begins, ends, left):
    start, end = (edge + timedelta(seconds=seconds) for seconds in (begins, ends))
    several = [facts(Outage(reference="O1", start=start, end=end)), facts()]
    assert [name is None for name in judge_in_columns(SHAPES["long enough"], several, APRIL)] == [left, False]


def long_outage(name: str, days: int, **fields) -> Outage:
    start = APRIL.start + timedelta(days=days)
    return Outage(reference=name, start=start, end=start + timedelta(hours=80), **fields)


@pytest.mark.parametrize("name", sorted(MORE_THAN_SECONDS))
def test_a_rule_that_pays_by_more_than_seconds_is_left_wherever_anything_counts(name):
    month = [
        long_outage("O1", -25),
        long_outage("O2", 3, reported_at=APRIL.start + timedelta(days=3)),
        long_outage("O3", 9),
    ]
    owes = judge(SHAPES[name], facts(*month), window=APRIL, as_of=APRIL.end)
    assert owes.objectives[0].credit, "the case shows nothing"
    silent, loud = judge_in_columns(SHAPES[name], [facts(), facts(*month)], APRIL)
    assert silent == expected(judge(SHAPES[name], facts(), window=APRIL, as_of=APRIL.end))
    assert loud is None


ANNOUNCED = [None, "2025-04-08 08:00:01", "2025-04-08 08:00:00", "2025-04-07 08:00:00", "2025-04-10 09:00:00"]


@pytest.mark.parametrize(
    ("terms", "left_out"),
    [
        ({}, [True, True, True, True, True]),
        ({"notice": "2 d"}, [False, False, True, True, False]),
        ({"notice": "0 s"}, [False, True, True, True, False]),
        ({"excluded": False}, [False, False, False, False, False]),
        ({"excluded": False, "notice": "2 d"}, [False, False, False, False, False]),
    ],
)
def test_work_is_left_out_where_it_was_announced_so_long_before(terms, left_out):
    hour = {"start": at("2025-04-10 08:00"), "end": at("2025-04-10 09:00")}
    work = [MaintenanceWindow(reference="M", announced_at=told and at(told), **hour) for told in ANNOUNCED]
    several = [facts(outage("2025-04-10 08:30", "2025-04-10 08:34"), maintenance=[one]) for one in work]
    whole = contract(objective(DURATION_TIERS), maintenance=terms)
    columns, known = lay(several, APRIL)
    [seconds] = ColumnarContract(whole).judge(columns, known).counted
    assert seconds.tolist() == [0 if out else 240 for out in left_out]
    assert [judge(whole, one).objectives[0].counted_seconds for one in several] == seconds.tolist()


def test_work_outside_its_hours_is_left_to_the_exact_judgement():
    start = APRIL.start + timedelta(days=8)
    work = MaintenanceWindow(reference="M", announced_at=APRIL.start, start=start, end=start + timedelta(hours=30))
    known = facts(long_outage("O1", 8), maintenance=(work,))
    assert judge_in_columns(SHAPES["work within hours"], [known], APRIL) == [None]


def test_each_term_says_what_it_does_to_windows_in_columns():
    """A new term that changes what counts and is unknown to the columns makes windows quiet that owe something."""
    counting = "attributions clock_start clock_stop shortest brackets partial_outages degradations faults priorities"
    counting += " holds_stop_the_clock stops_for least_coverage service_hours"
    work = "excluded notice notice_working_days within recurring allowance allowance_over"
    assert set(Counting.model_fields) == set(counting.split())
    assert set(MaintenanceTerms.model_fields) == set(work.split())


@pytest.mark.parametrize(
    "terms",
    [
        contract(objective({"kind": "share_when_missed", "credit": "1%"}, target="99", measure={"kind": "mean"})),
        contract(counting={"clock_start": "detected"}),
        contract(counting={"clock_stop": "ticket_closed"}),
        contract(counting={"partial_outages": "by_share"}),
        contract(counting={"degradations": "50%"}),
        contract(counting={"faults": ["outage"]}),
        contract(maintenance={"recurring": [{"days": ["sun"], "starts": "02:00", "ends": "06:00"}]}),
        contract(claim={"within_days": 30, "counted_from": "outage_end"}),
        contract(claim={"ticket_within": "2 h"}),
        contract(charge_base="usage"),
    ],
    ids=lambda terms: " ".join(sorted(terms.claim.model_fields_set or terms.counting.model_fields_set)) or None,
)
def test_what_cannot_be_said_in_columns_is_left_to_the_exact_judgement(terms):
    assert not is_in_columns(terms)
    assert judge_in_columns(terms, [facts()], APRIL) == [None]


@pytest.mark.more
@pytest.mark.parametrize(
    ("part", "windows"), [*((part, 30) for part in range(5)), *(longest(part, 200) for part in range(5))]
)
def test_up_to_a_hundred_thousand_random_windows_are_judged_alike(part, windows):
    chance = random.Random(part)  # noqa: S311 - seeded
    names = sorted(SHAPES)
    for number in range(100):
        window = WINDOWS[number % len(WINDOWS)]
        compared(names[number % len(names)], [some_facts(chance, window) for _ in range(windows)], window)


def draw_table(chance: random.Random):
    """A contract whose one rule the columns can say, or none."""
    rule = rule_of(chance, "EUR", of="downtime")
    by_window = {name: part for name, part in rule.items() if name not in OF_EVENTS_AND_DAYS} | {"for_each": "window"}
    target = chance.choice(["99.9", "99.5", "99"])
    terms, findings = check_contract(text_of(objective(by_window, target=target), format=2), name="k")
    refused = any(finding.level == "refuses" for finding in findings)
    return None if terms is None or refused or not is_in_columns(terms) else terms


@pytest.mark.more
@pytest.mark.parametrize("part", range(3))
def test_no_length_below_the_bound_of_a_random_rule_owes(part):
    tried = 0
    for seed in range(25 * part, 25 * part + 25):
        chance = random.Random(seed)  # noqa: S311 - seeded
        if (terms := draw_table(chance)) is None:
            continue
        [bound] = Probe(terms, APRIL).bounds()
        last = min(bound.owes_from - 1, APRIL.seconds)
        edges = {edge + free for edge in EDGES for free in (0, 2_592, 12_960, 25_920)} | {
            chance.randint(0, max(0, last))
        }
        for seconds in sorted(edge for edge in edges if 0 < edge <= last):
            one = Outage(reference="O", start=APRIL.start, end=APRIL.start + timedelta(seconds=seconds))
            assert judge(terms, facts(one)).objectives[0].credit_exact == "0/1", (seed, seconds)
            tried += 1
    assert tried > 100

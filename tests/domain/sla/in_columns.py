"""Facts of many services in columns, and random ones, for the comparison of the two judgements."""

import random
from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Any

import numpy as np

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.measurements import Attribution, Hold, MaintenanceWindow, Outage, ServiceFacts
from include.sla_logic.domain.period import Period, to_seconds
from include.sla_logic.domain.rebate import facts_of, name_of_facts
from include.sla_logic.domain.sla import SlaComparison, Verdict
from include.sla_logic.domain.sla.columns import Column, Stretches
from include.sla_logic.domain.sla.quiet_windows import (
    ATTRIBUTIONS,
    ColumnarContract,
    FactColumns,
    JudgedColumns,
    WindowColumns,
)
from tests.domain.sla.make import STEPS, TIERS, contract, facts, objective

OWNERS = ("customer", "provider")
NEVER = Stretches.at(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
UNANNOUNCED = -(10**9)
SUMS = [{"below": "30 min", "rate": 0}, {"at_least": "30 min", "rate": "5 EUR"}]
SHAPES: dict[str, Contract] = {
    "tiers": contract(objective({"kind": "tiers", "tiers": TIERS}, target="99.95")),
    "rounded tiers": contract(objective({"kind": "tiers", "round_decimals": 1, "tiers": TIERS}, target="99.9")),
    "tiers with a hole": contract(
        objective(
            {"kind": "tiers", "tiers": [{"more_than": "99.9", "credit": 0}, {"at_most": "99.5", "credit": "10%"}]}
        )
    ),
    "duration tiers": contract(objective({"kind": "duration_tiers", "tiers": STEPS}, target="99.99")),
    "started blocks": contract(objective({"kind": "day_per_block", "block": "1 h"})),
    "full blocks": contract(objective({"kind": "day_per_block", "block": "1 h", "counts": "full"}, target="99.9")),
    "blocks beyond the target": contract(
        objective({"kind": "day_per_excess_block", "block": "1 h", "nearest": "30 min"}, target="99.5")
    ),
    "share when missed": contract(objective({"kind": "share_when_missed", "credit": "10%"}, target="99.9")),
    "steps": contract(objective({"kind": "share_per_step", "step": "0.1", "credit": "2%"}, target="99.9")),
    "pro rata": contract(objective({"kind": "credit", "rate": "pro_rata", "beyond": "1 h"}), format=2),
    "pro rata when missed": contract(
        objective({"kind": "credit", "rate": "pro_rata", "when": "target_missed"}, target="99.9"), format=2
    ),
    "tiers of time, pro rata": contract(
        objective(
            {
                "kind": "credit",
                "tiers": [
                    {"below": "2 h", "rate": 0},
                    {"at_least": "2 h", "below": "9 h", "rate": "pro_rata"},
                    {"at_least": "9 h", "rate": "50%"},
                ],
            }
        ),
        format=2,
    ),
    "by overrun": contract(
        objective(
            {
                "kind": "credit",
                "tiers_by": "overrun",
                "tiers": [{"below": "0.5", "rate": 0}, {"at_least": "0.5", "rate": "10%"}],
            },
            target="99.9",
        ),
        format=2,
    ),
    "two objectives": contract(
        objective({"kind": "duration_tiers", "tiers": STEPS}, id="own", counting={"attributions": ["customer"]}),
        objective({"kind": "tiers", "tiers": TIERS}, target="99.9", maintenance={"excluded": False}),
    ),
    **{
        f"a table of sums {name}".strip(): contract(
            objective({"kind": "credit", "tiers": SUMS, **rule}, target="99.9"), format=2
        )
        for name, rule in dict[str, dict[str, Any]](
            {
                "": {},
                "beyond the target": {"beyond": "target"},
                "in full blocks": {"block": "2 h", "counts": "full"},
            }
        ).items()
    },
    "by event": contract(objective({"kind": "credit", "for_each": "event", "rate": "1%"}), format=2),
    **{
        name: contract(objective({"kind": "credit", "rate": "5 EUR", **rule}, target="99.9"), format=2)
        for name, rule in dict[str, dict[str, Any]](
            {
                "by event, the first hours free": {"for_each": "event", "beyond": "4 h"},
                "from the second event on": {
                    "for_each": "event",
                    "rate": None,
                    "tiers": [{"rate": 0}, {"from_event": 2, "rate": "5 EUR"}],
                },
                "from the second event in 30 days on": {
                    "for_each": "event",
                    "events_over": {"days": 30},
                    "rate": None,
                    "tiers": [{"rate": 0}, {"from_event": 2, "rate": "5 EUR"}],
                },
                "by day, the first working day free": {"for_each": "day", "grace_working_days": 1},
                "by day with a long outage": {"for_each": "day", "outage": {"at_least": "4 h"}},
                "by day from the report on": {"for_each": "day", "first_day": "report"},
                "by rounded time": {
                    "nearest": "4 h",
                    "rate": None,
                    "tiers": [{"below": "4 h", "rate": 0}, {"at_least": "4 h", "rate": "5 EUR"}],
                },
                "from the second missed window on": {"when": "target_missed", "in_a_row": 2},
            }
        ).items()
    },
    "work within hours": contract(
        maintenance={"within": [{"days": ["mon", "thu"], "starts": "01:00", "ends": "05:00"}]}
    ),
    "long enough": contract(counting={"shortest": {"at_least": "10 min"}, "holds_stop_the_clock": True}),
    "with notice": contract(maintenance={"notice": "2 d"}, counting={"holds_stop_the_clock": True}),
    "claimed by the window": contract(claim={"within_days": 30}, counting={"attributions": ["provider", "customer"]}),
}


_COLUMNAR: dict[int, ColumnarContract] = {}


def lay(several: Sequence[ServiceFacts], window: Period) -> tuple[WindowColumns, FactColumns]:
    """Lay the facts of services out in columns, each with the same window."""
    places = range(len(several))
    outages = [(place, outage) for place in places for outage in several[place].outages]
    work = [(place, one) for place in places for one in several[place].maintenance]
    holds = [(place, one) for place in places for one in several[place].holds]
    known = FactColumns(
        outages=_stretches(outages),
        attribution=_column(ATTRIBUTIONS.index(outage.attribution) for _place, outage in outages),
        maintenance=_stretches(work),
        ahead=_column(_ahead(one) for _place, one in work),
        holds=_stretches(holds),
        owner=_column(OWNERS.index(one.owner) for _place, one in holds),
        owners=OWNERS,
        doubtful=NEVER,
    )
    start, end = (np.full(len(several), edge, dtype=np.int64) for edge in window.span)
    return WindowColumns(_column(places), start, end, start, end), known


def _stretches(records: Sequence[tuple[int, Any]]) -> Stretches:
    ends = [(place, to_seconds(one.start), to_seconds(one.end)) for place, one in records]
    return Stretches.at(*(_column(values) for values in zip(*ends, strict=True))) if ends else NEVER


def _ahead(one: MaintenanceWindow) -> int:
    return UNANNOUNCED if one.announced_at is None else to_seconds(one.start) - to_seconds(one.announced_at)


def _column(values: Any) -> Column:
    return np.array(list(values), dtype=np.int64)


def quiet_names(terms: Contract, judged: JudgedColumns, window: Period) -> list[str | None]:
    """Name what the columns found of each window; None where it is the exact judgement's."""
    found: list[str | None] = []
    for place, quiet in enumerate(judged.quiet.tolist()):
        rows: list[list[str | int | None]] = []
        for number, one in enumerate(terms.objectives):
            counted, total = int(judged.counted[number][place]), int(judged.total[place])
            value = 100 - Fraction(100 * counted, total) if total else Fraction(0)
            verdict = "breached" if judged.missed[number][place] else "met"
            rows.append([one.id, verdict, f"{value.numerator}/{value.denominator}", counted, "0/1", None])
        due = f"0.00 {terms.currency}"
        found.append(name_of_facts(str(window), rows, late=False, due=due) if quiet else None)
    return found


def expected(comparison: SlaComparison) -> str | None:
    """Name what the exact judgement found, where nothing is owed and everything was judged."""
    judged = all(one.verdict in (Verdict.MET, Verdict.BREACHED) for one in comparison.objectives)
    owes = any(one.credit_exact != "0/1" for one in comparison.objectives)  # be it less than a cent
    return None if owes or not judged else facts_of(comparison)


def judge_in_columns(terms: Contract, several: Sequence[ServiceFacts], window: Period) -> list[str | None]:
    """Name what the columns find of each window; the bounds of a contract are worked out once."""
    windows, known = lay(several, window)
    columnar = _COLUMNAR.setdefault(id(terms), ColumnarContract(terms))
    return quiet_names(terms, columnar.judge(windows, known), window)


def some_facts(chance: random.Random, window: Period) -> ServiceFacts:
    """Make up outages that are mostly short, planned work and holds, some of them over the edges of the window."""

    def stretch(longest: int) -> dict[str, Any]:
        start = window.start + timedelta(seconds=chance.randrange(-7_200, window.seconds + 3_600))
        return {"start": start, "end": start + timedelta(seconds=chance.randrange(longest))}

    longest = chance.choice((120, 1_000, 10_000, 100_000))
    who = [Attribution.PROVIDER, Attribution.PROVIDER, Attribution.CUSTOMER]
    work = [stretch(7_200) for _ in range(chance.randrange(3))]
    return facts(
        *(
            Outage(reference=f"O{number}", attribution=chance.choice(who), **stretch(longest))
            for number in range(chance.randrange(9))
        ),
        maintenance=tuple(
            MaintenanceWindow(
                reference=f"M{number}",
                announced_at=chance.choice((None, one["start"] - timedelta(days=chance.randrange(4)))),
                **one,
            )
            for number, one in enumerate(work)
        ),
        holds=tuple(
            Hold(reason="access", owner=chance.choice(OWNERS), **stretch(9_000)) for _ in range(chance.randrange(2))
        ),
    )

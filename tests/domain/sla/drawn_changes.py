"""Contracts whose hours begin and end where the clocks of their zone change, and outages around that change."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.domain.sla.drawn_contracts import some
from tests.domain.sla.drawn_facts import draw_facts
from tests.domain.sla.oracle.clock import WEEK, clock_of

# The second after which the clocks have skipped something: an hour, half of one, two, or a whole day.
CHANGES = {
    "Europe/Berlin": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "Europe/London": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 3, 8, 7, tzinfo=UTC),
    "America/Havana": datetime(2026, 3, 8, 5, tzinfo=UTC),  # midnight is skipped
    "Asia/Beirut": datetime(2026, 3, 28, 22, tzinfo=UTC),
    "Africa/Cairo": datetime(2026, 4, 23, 22, tzinfo=UTC),
    "America/Asuncion": datetime(2024, 10, 6, 4, tzinfo=UTC),
    "America/Nuuk": datetime(2026, 3, 29, 1, tzinfo=UTC),  # the last hour of Saturday is skipped
    "America/St_Johns": datetime(2026, 3, 8, 5, 30, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    "Antarctica/Troll": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "Africa/Casablanca": datetime(2026, 3, 22, 2, tzinfo=UTC),
    "Pacific/Apia": datetime(2011, 12, 30, 10, tzinfo=UTC),  # no 30 December
}
OF_TIMES = {"availability", "time_to_restore", "time_to_respond", "time_to_resolve"}  # samples are too far apart
LENGTHS = [1, 1799, 1800, 3599, 3600, 3601, 5400, 7200, 86_400]
NEAR = [-7200, -3601, -3600, -3599, -1800, -1, 0, 1, 900, 1800, 3600]


def at_a_change(r: Random, terms: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Put a drawn contract where the clocks change, with facts around that moment."""
    zone = r.choice(sorted(CHANGES))
    change = int(CHANGES[zone].timestamp())
    hours = [*(clock_of(change + near, zone) for near in NEAR), *_skipped(change, zone)]
    counted = [one for one in terms["objectives"] if "measure" not in one and one["metric"] in OF_TIMES]
    terms = terms | {"objectives": counted}
    terms = terms | {"zone": zone, "counting": dict(terms["counting"]), "maintenance": dict(terms["maintenance"])}
    if r.random() < 0.5:
        opens, closes = sorted(r.sample([*hours, "24:00"], 2))
        if opens < closes:
            terms["counting"]["service_hours"] = [{"days": [*WEEK], "opens": opens, "closes": closes}]
    for name in ("recurring", "within"):
        if some(r, 2, [True]):
            terms["maintenance"][name] = [{"days": [*WEEK], "starts": r.choice(hours), "ends": r.choice(hours)}]
    facts = draw_facts(r, terms, change)
    for place in range(r.randint(1, 3)):
        start = change + r.choice(NEAR)
        facts["outages"].append({"reference": f"G{place}", "start": start, "end": start + r.choice(LENGTHS)})
    return terms, facts, change


def _skipped(change: int, zone: str) -> list[str]:
    """Return clock times that are skipped, and the first of them."""
    last = clock_of(change - 60, zone)
    minute = int(last[:2]) * 60 + int(last[3:]) + 1
    return [f"{later // 60:02}:{later % 60:02}" for later in ((minute + more) % 1440 for more in (0, 0, 10, 20, 29))]

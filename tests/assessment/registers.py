"""A register with agreements and records of every kind."""

import random
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from include.sla_logic.persistence.schema import reference as t
from tests.assessment.provider import Provider

SEPTEMBER, OCTOBER = (datetime(2026, month, 1, tzinfo=UTC) for month in (9, 10))
COUNTED = {"holds_stop_the_clock": True, "attributions": ["provider", "third_party"]}


def some_register(provider: Provider) -> None:
    """Agreements of every kind, with outages, planned work and holds of every kind; some with tickets and credits."""
    chance = random.Random(7)  # noqa: S311 - seeded
    rows, outages, work, holds = [], [], [], []
    for number in range(2, 26):
        start = SEPTEMBER + timedelta(days=chance.randrange(40))
        ends = start + timedelta(days=chance.randrange(20, 70)) if number % 3 else None
        said = f"{start:%Y-%m-%d},{'' if ends is None else f'{ends:%Y-%m-%d}'}"
        rows.append(f"A-{number},K-{number % 2 + 1},S-{number},K-1,{number % 3 + 1},{said},100,EUR,B-{number},")
        for count in range(chance.randrange(8)):
            at = SEPTEMBER + timedelta(seconds=chance.randrange(110 * 86_400))
            until = at + timedelta(seconds=chance.choice((30, 400, 2_000, 9_000, 90_000)))
            shown = "" if count == 5 else until.isoformat()
            who = chance.choice(("provider", "provider", "third_party", "customer"))
            outages.append(f"S-{number},O-{count},{at.isoformat()},{shown},{who}")
        at = SEPTEMBER + timedelta(seconds=chance.randrange(100 * 86_400))
        told = chance.choice((at - timedelta(days=2), at - timedelta(hours=2)))
        work.append(f"S-{number},M-1,{at.isoformat()},{(at + timedelta(hours=9)).isoformat()},{told.isoformat()}")
        held = None if number == 9 else at + timedelta(hours=30)
        holds.append({"service": f"S-{number}", "starts_at": at, "ends_at": held, "reason": "x", "owner": "customer"})
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,100,EUR,B-1,", *rows) == []
    assert provider.agree("A-1,K-1,S-1,K-1,1,2026-09-01,,120,EUR,B-1,2026-11-10") == []
    assert provider.bring("outages", "service,reference,started_at,ended_at,attribution\n" + "\n".join(outages)) == []
    header = "service,reference,starts_at,ends_at,announced_at\n"
    assert provider.bring("maintenance", header + "\n".join(work)) == []
    unobserved = {"service": "S-3", "started_at": OCTOBER, "ended_at": OCTOBER + timedelta(hours=3)}
    with provider.use_cases.work.writing() as connection:
        connection.execute(insert(t.holds), holds)
        connection.execute(insert(t.unobserved), unobserved)
    provider.lead(OCTOBER + timedelta(days=3))

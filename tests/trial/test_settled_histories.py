"""Real histories settled month by month: a hosted service, a home line, measured links; counted once more, apart."""

import csv
import gzip
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from include.sla_logic.domain.period import to_seconds
from include.sla_logic.services import UseCases
from include.sla_logic.services.settled_windows import SettledWindow
from tests.assessment.provider import Provider
from tests.assessment.test_imported_histories import Register
from tests.state_machine.test_agreements_that_change import empty_database

MONTHS = [datetime(2024, month, 1, tzinfo=UTC) for month in range(1, 13)] + [datetime(2025, 1, 1, tzinfo=UTC)]
IMPACTS = ("minor", "major", "critical")


def close(use_cases: UseCases, end: datetime) -> None:
    """Settle as of the end of the grace, with a second person where the run is held."""
    settlement = use_cases.settlement
    run = settlement.run(by="ann", at=end + timedelta(days=3), shards=1)
    if run.state == "held":
        settlement.release(run.number, by="ben", reason="checked")
        run = settlement.run(by="ann")
    assert run.state == "ended"


def seconds_of(incidents: list[dict[str, Any]], component: str, impacts: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for one in incidents:
        if component in (one.get("components") or []) and one["impact"] in impacts:
            start, end = (to_seconds(datetime.fromisoformat(one[name])) for name in ("downtime_start", "downtime_end"))
            found |= set(range(max(start, to_seconds(MONTHS[0])), end))
    return found


def owed(incidents: list[dict[str, Any]], components: list[str]) -> dict[tuple[str, str], Decimal]:
    """Count seconds: 10 % of 100 below 99.9 % of the month, 25 % below 99 %."""
    found = {}
    for number, component in enumerate(components):
        down = seconds_of(incidents, component, IMPACTS) - seconds_of(incidents, component, ("maintenance",))
        for start, end in pairwise(to_seconds(month) for month in MONTHS):
            share = 1 - Fraction(sum(start <= second < end for second in down), end - start)
            amount = 0 if share >= Fraction(999, 1000) else 10 if share >= Fraction(99, 100) else 25
            if amount:
                found[f"S-{number}", f"{datetime.fromtimestamp(start, UTC):%Y-%m}"] = Decimal(amount)
    return found


def hosted_service(shared_data: Path, directory: Path) -> tuple[Provider, list[dict[str, Any]], list[str]]:
    """Return a provider who has put a hosted service on record, the incidents of that service, and its components."""
    with gzip.open(shared_data / "github_status" / "incidents_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        incidents = [json.loads(line) for line in lines]
    components = sorted({name for one in incidents for name in one.get("components") or []})
    provider = Provider(directory, empty_database())
    provider.agree(*(f"A-{n},K-1,S-{n},K-1,1,2024-01-01,,100,EUR,B-1," for n in range(len(components))))
    named = [
        (f"S-{components.index(name)},{one['id']},{one['downtime_start']},{one['downtime_end']}\n", one["impact"])
        for one in incidents
        for name in one.get("components") or []
    ]
    outages = "".join(row for row, impact in named if impact in IMPACTS)
    planned = "".join(row for row, impact in named if impact == "maintenance")
    assert provider.bring("outages", f"service,reference,started_at,ended_at\n{outages}") == []
    assert provider.bring("maintenance", f"service,reference,starts_at,ends_at\n{planned}") == []
    return provider, incidents, components


@pytest.mark.more
def test_a_year_of_every_component_is_booked_as_counted_apart(shared_data: Path, tmp_path: Path) -> None:
    provider, incidents, components = hosted_service(shared_data, tmp_path)
    provider.use_cases.imports.complete("outages", until=MONTHS[-1], by="ann", source="status history")
    for month in MONTHS[1:]:
        close(provider.use_cases, month)
    windows = provider.use_cases.settlement.windows(limit=10_000).windows
    booked = {(one.service, f"{one.window.start:%Y-%m}"): one.booked.amount for one in windows if one.booked}
    assert {one.state for one in windows} == {"done"}
    assert booked == owed(incidents, components)
    assert len(booked) > 10
    assert [str(one) for one in (*provider.use_cases.monitoring.violations(),)] == []


def months_of(zone: str, year: int, last: int) -> list[datetime]:
    return [datetime(year, month, 1, tzinfo=ZoneInfo(zone)) for month in range(1, last + 1)]


def read(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def cents(amount: Fraction) -> Decimal:
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    return exact.quantize(Decimal("0.01"), ROUND_HALF_UP)


@pytest.mark.more
def test_a_home_line_is_credited_month_by_month_and_waits_where_its_record_ends(
    shared_data: Path, tmp_path: Path
) -> None:
    path, zone, register = (
        shared_data / "home_line_updown" / "intervals_dev.csv.gz",
        "America/Toronto",
        Register(tmp_path),
    )
    register.bring(path, "home_line", "customers", "agreements", "outages")
    months, down, rows = months_of(zone, 2023, 9), Counter[str](), read(path)
    for row in rows:
        if row["state"] == "down" and int(row["duration_s"]) >= 60:  # no interval runs over the end of a month
            down[row["start_local"][:7]] += int(row["duration_s"])
    owed = {}
    for start, end in pairwise(months[:8]):
        seconds = int(end.timestamp() - start.timestamp())
        share = 100 - Fraction(100 * down[f"{start:%Y-%m}"], seconds)
        percent = 0 if share >= Fraction("99.5") else 10 if share >= 98 else 30
        if percent:
            owed[f"{start:%Y-%m}"] = cents(Fraction("79.95") * percent / 100)
    assert sorted(set(owed.values())) == [Decimal("8.00"), Decimal("23.99")]
    watched = datetime.fromisoformat(rows[-1]["start_local"]).replace(tzinfo=ZoneInfo(zone))
    register.use_cases.imports.complete("outages", until=watched.astimezone(UTC), by="ann", source=path.name)
    for month in months[1:]:
        close(register.use_cases, month.astimezone(UTC))
    windows = register.use_cases.settlement.windows(limit=100).windows
    booked = {
        f"{one.window.start.astimezone(ZoneInfo(zone)):%Y-%m}": one.booked.amount for one in windows if one.booked
    }
    assert booked == owed
    assert [(one.state, one.reason) for one in windows if one.state != "done"] == [
        ("waiting", "outages are not known to be complete until 2023-09-01 04:00 UTC")
    ]
    assert [str(one) for one in register.use_cases.monitoring.violations()] == []


# Of UFRGS no ping was ever answered, of IFSUL-Gravatai none in these two months: what is owed is a person's to say.
LINKS = ("Ebserh-HU-Furg", "Embrapa-CPPSUL", "IFSUL-Gravatai", "SCT", "UFFS-Erechim", "Unifra", "UFRGS", "FURG")
SUMMER = ("2024-07", "2024-08")  # the recording begins in June and ends in September


def share_of(hours: list[tuple[datetime, Fraction, Fraction | None]], month: str, zone: ZoneInfo) -> int | None:
    """Return the percent of the charge: the dearest of time in the unavailable state, mean loss and mean latency."""
    mine = [one for one in hours if f"{one[0].astimezone(zone):%Y-%m}" == month]
    unavailable = down = 0
    for before, now, after in zip([None, *hours], hours, [*hours[1:], None], strict=False):
        lost = [one is not None and one[1] >= 20 for one in (before, now, after)]
        opens, closes = lost[1] and lost[2], not lost[1] and after is not None and not lost[2]
        unavailable = not closes if unavailable else opens
        down += 3600 * bool(unavailable and now in mine)
    available = 100 - Fraction(100 * down, 3600 * len(mine))
    loss = 5 * sum(one[1] for one in mine) / len(mine)
    times = [one[2] for one in mine if one[2] is not None]
    if not times:
        return None
    over = 100 * (sum(times) / len(times) - 40) / 40
    return max(
        0 if available >= Fraction("99.5") else 10 if available >= 99 else 25 if available >= 95 else 50,
        0 if loss <= 1 else 10 if loss <= 3 else 20,
        0 if over < 10 else 5 if over < 50 else 15,
    )


@pytest.mark.more
def test_measured_links_are_credited_month_by_month_and_wait_for_the_samples_that_are_missing(
    shared_data: Path, tmp_path: Path
) -> None:
    rows = [one for one in read(shared_data / "smokeping_links" / "hourly_dev.csv.gz") if one["link"] in LINKS]
    path, register, zone = tmp_path / "hourly.csv", Register(tmp_path), ZoneInfo("America/Sao_Paulo")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    register.bring(path, "smokeping_hourly", "customers", "agreements", "samples")
    months = [month.astimezone(UTC) for month in months_of("America/Sao_Paulo", 2024, 10)]
    for month in months[1:]:
        close(register.use_cases, month)

    def windows() -> dict[tuple[str, str], SettledWindow]:
        found = register.use_cases.settlement.windows(limit=1_000).windows
        return {(one.service, f"{one.window.start.astimezone(zone):%Y-%m}"): one for one in found}

    hours = defaultdict(list)
    for row in rows:
        start = datetime.fromisoformat(row["period_end"]) - timedelta(hours=1)
        took = Fraction(row["median_rtt_ms_avg"]) if row["median_rtt_ms_avg"] else None
        hours[row["link"]].append((start, Fraction(row["loss_avg_of_20"]), took))
    shares = {(f"S-{link}", month): share_of(hours[link], month, zone) for link in LINKS for month in SUMMER}
    found = windows()
    assert len(found) == 9 * len(LINKS)
    for name, share in shares.items():
        window = found[name]
        assert window.state == ("waiting" if share is None else "done"), name
        assert (window.booked.amount if window.booked else 0) == 10 * (share or 0), name
    assert set(shares.values()) == {None, 0, 10, 25, 50}
    assert "latency" in found["S-UFRGS", "2024-07"].reason
    assert {found[f"S-{link}", "2024-09"].state for link in LINKS} == {"waiting"}
    assert "packet_loss" in found["S-SCT", "2024-09"].reason
    register.use_cases.imports.complete("samples", until=months[8], by="ann", source=path.name)
    close(register.use_cases, months[9])
    silent = {windows()[name].state for name, share in shares.items() if share is None}
    assert silent == {"to_decide"}
    assert [str(one) for one in register.use_cases.monitoring.violations()] == []

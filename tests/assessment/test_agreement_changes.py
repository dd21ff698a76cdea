"""Customers join, leave and upgrade: no day is paid twice, none outside of an agreement, all of what is owed is."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from include.sla_logic.services.credit_decisions import UnableToDecideCredit
from tests.assessment.provider import RULE, TERMS, Provider
from tests.domain.sla.make import objective, text_of
from tests.kept_connections import whole

OPEN = "A-1,K-1,S-1,K-1,1,2026-01-01,,100.00,EUR,,"
SILVER = "A-1,K-1,S-1,K-1,1,2026-01-01,2026-10-15,100.00,EUR,,"
GOLD = "A-2,K-1,S-1,K-1,1,2026-10-16,,200.00,EUR,,"
TWO_HOURS = (datetime(2026, 10, 10, 8, tzinfo=UTC), datetime(2026, 10, 10, 10, tzinfo=UTC))
ONE_HOUR = (datetime(2026, 10, 20, 8, tzinfo=UTC), datetime(2026, 10, 20, 9, tzinfo=UTC))


class Image(bytes):
    """A database file, shown by name: Hypothesis writes out what a test is called with."""

    def __repr__(self) -> str:
        return "<a migrated database>"


@pytest.fixture(scope="module")
def migrated() -> Iterator[bytes]:
    """Migrate once, and let every provider begin with a copy."""
    from include.sla_logic.persistence.database import open_database
    from tests.sharing import migrate_as_use_cases_do

    folder = Path(tempfile.mkdtemp())
    database = open_database(f"sqlite:///{folder / 'empty.db'}")
    migrate_as_use_cases_do(database)
    yield Image(whole(folder / "empty.db").read_bytes())
    shutil.rmtree(folder)


@pytest.fixture
def provider(tmp_path: Path, migrated: bytes) -> Provider:
    return Provider(tmp_path, migrated)


@pytest.mark.parametrize("order", [(TWO_HOURS, ONE_HOUR), (ONE_HOUR, TWO_HOURS)])
@pytest.mark.parametrize("dated", [False, True])
def test_an_upgrade_pays_each_outage_under_its_own_agreement(
    provider: Provider, order: tuple[tuple[datetime, datetime], ...], dated: bool
) -> None:
    rows = [OPEN, f"{OPEN.replace('100.00', '200.00')}2026-10-16"] if dated else [SILVER, GOLD]
    assert provider.agree(*rows) == []
    provider.fail(*order)
    booked = {outage: provider.lead(outage[0]) for outage in order}
    assert booked == {TWO_HOURS: Decimal("4.84"), ONE_HOUR: Decimal("10.32")}


@pytest.mark.parametrize("order", [(TWO_HOURS, ONE_HOUR), (ONE_HOUR, TWO_HOURS)])
def test_together_an_upgrade_is_one_window_that_is_paid_once(
    tmp_path: Path, migrated: bytes, order: tuple[tuple[datetime, datetime], ...]
) -> None:
    provider = Provider(tmp_path, migrated, on_agreement_change="together")
    assert provider.agree(SILVER, GOLD) == []
    provider.fail(*order)
    # 3 h of 744 h: 10 % of 15/31 x 100 + 16/31 x 200, for the first incident; nothing more for the second
    assert [provider.lead(outage[0]) for outage in order] == [Decimal("15.16"), Decimal("0.00")]


@pytest.mark.parametrize("by", ["import", "hand"])
def test_a_run_keeps_its_agreement_when_it_moves_to_another_customer_meanwhile(provider: Provider, by: str) -> None:
    assert provider.agree(OPEN) == []
    provider.fail(TWO_HOURS)

    def move() -> None:
        if by == "import":
            assert provider.agree("A-1,K-2,S-1,K-1,1,2026-01-01,,100.00,EUR,,2026-11-01") == []
        else:
            with provider.use_cases.work.database.write() as connection:
                connection.execute(text("INSERT INTO billing_accounts VALUES ('B-K-2', 'K-2', 'EUR')"))
                connection.execute(text("UPDATE agreements SET customer = 'K-2', account = 'B-K-2'"))

    assert provider.lead(TWO_HOURS[0], meanwhile=move) == Decimal("10.00")
    case = provider.use_cases.lookups.incident(f"run-{TWO_HOURS[0]:%m%dT%H%M%S}")
    assert case.adjustment is not None
    assert case.adjustment.account == "B-K-1"
    assert case.ticket.customer == "K-1"


def test_a_credit_is_held_where_the_account_is_in_another_currency(provider: Provider) -> None:
    assert provider.agree(OPEN) == []
    provider.fail(TWO_HOURS)

    def exchange() -> None:
        with provider.use_cases.work.database.write() as connection:
            connection.execute(text("UPDATE billing_accounts SET currency = 'USD'"))

    assert provider.lead(TWO_HOURS[0], meanwhile=exchange) == 0
    [waiting] = provider.use_cases.credits.waiting()
    differ = "monthly_charge of the agreement A-1 is in EUR, the contract K-1 1 in EUR, the account B-K-1 in USD"
    assert differ in (waiting.reason or "")
    with pytest.raises(UnableToDecideCredit, match="is in EUR, the account B-K-1 in USD"):
        provider.use_cases.credits.approve(waiting.reference, by="second", reason="fine", roles=["Admin"])
    assert [str(one) for one in provider.use_cases.monitoring.violations(settled=False)] == []


def test_what_was_credited_in_another_currency_for_the_same_time_is_a_persons_to_weigh(provider: Provider) -> None:
    dollars = text_of(objective(RULE), version="9", currency="USD", claim={"automatic": True})
    provider.use_cases.imports.contracts([("dollars", dollars)])
    assert provider.agree(OPEN) == []
    provider.fail(TWO_HOURS)
    assert provider.lead(TWO_HOURS[0]) == Decimal("10.00")
    assert provider.agree("A-1,K-1,S-1,K-1,9,2026-01-01,,200.00,USD,B-9,2026-10-01") == []
    assert provider.lead(TWO_HOURS[0] + timedelta(minutes=9)) == 0
    credits_ = provider.use_cases.credits
    [held] = [one for one in credits_.waiting() if one.state == "held"]
    assert "were credited before for the same time, which cannot be taken off 20.00 USD" in (held.reason or "")
    assert str(credits_.enter(held.reference, amount="8.50", by="ann", reason="less what was paid")) == "8.50 USD"
    assert str(credits_.approve(held.reference, by="ben", reason="checked")) == "8.50 USD"
    provider.use_cases.imports.complete("outages", until=datetime(2027, 1, 5, tzinfo=UTC), by="ann", source="x")
    assert provider.use_cases.settlement.run(by="ann", shards=1).state == "ended"
    booked = {str(one.booked) for one in provider.use_cases.settlement.windows().windows if one.booked}
    assert booked == {"8.50 USD"}
    assert [str(one) for one in provider.use_cases.monitoring.violations(settled=False)] == []


def test_a_window_with_credits_in_two_currencies_is_settled_and_reported_but_has_no_letter(provider, caplog):
    dollars = text_of(objective(RULE), version="9", currency="USD", claim={"automatic": True})
    provider.use_cases.imports.contracts([("dollars", dollars)])
    assert provider.agree(OPEN) == []
    provider.fail(TWO_HOURS)
    assert provider.lead(TWO_HOURS[0]) == Decimal("10.00")
    assert provider.agree("A-1,K-1,S-1,K-1,9,2026-01-01,,200.00,USD,B-9,2026-10-01") == []
    provider.use_cases.imports.complete("outages", until=datetime(2027, 1, 5, tzinfo=UTC), by="ann", source="x")
    assert provider.use_cases.settlement.run(by="ann", shards=1).state == "ended"
    credits_ = provider.use_cases.credits
    [held] = [one for one in credits_.waiting() if one.state == "held"]
    credits_.enter(held.reference, amount="8.50", by="ann", reason="less what was paid")
    assert str(credits_.approve(held.reference, by="ben", reason="checked")) == "8.50 USD"
    assert f"{held.ticket} is not told: it owes USD, and some of its credits are in EUR" in caplog.text
    report = " ".join(provider.use_cases.monthly_reports.as_text("K-1", "2026-10").split())
    assert "Credited: €10.00 Credited: US$8.50" in report
    assert report.count(" Credited €10.00") == report.count(" Credited US$8.50") == 1


def test_the_right_to_leave_follows_the_customer_and_no_other(tmp_path: Path, migrated: bytes) -> None:
    right = {"count": 3, "outage": {"more_than": "30 min"}, "within_days": 30}
    provider = Provider(tmp_path, migrated, chronic=right)
    moved = "A-3,K-2,S-1,K-1,1,2026-10-26,,200.00,EUR,,"
    assert provider.agree(SILVER, GOLD.replace("2026-10-16,,", "2026-10-16,2026-10-25,"), moved) == []
    provider.fail(TWO_HOURS, ONE_HOUR, (ONE_HOUR[0] + timedelta(days=4), ONE_HOUR[1] + timedelta(days=4)))
    states = {
        customer: provider.use_cases.sla_status.assess("S-1", at=at, customer=customer).chronic
        for customer, at in (("K-1", ONE_HOUR[0]), ("K-2", datetime(2026, 10, 28, tzinfo=UTC)))
    }
    assert {customer: found and found.state for customer, found in states.items()} == {"K-1": "reached", "K-2": "none"}


def test_a_cap_is_compared_with_the_charge_of_its_time(tmp_path: Path, migrated: bytes) -> None:
    provider = Provider(tmp_path, migrated, cap={"share": "20%"})
    assert provider.agree(OPEN.replace("100.00", "300.00")) == []
    long = (TWO_HOURS[0], TWO_HOURS[0] + timedelta(hours=9))
    provider.fail(long)
    assert provider.lead(long[0]) == Decimal("60.00")  # 25 % of 300, capped
    assert provider.agree(f"{OPEN}2026-11-01") == []
    assert [str(one) for one in provider.use_cases.monitoring.violations(settled=False)] == []


def test_an_agreement_that_ends_before_the_fault_meanwhile_pays_nothing(provider: Provider) -> None:
    assert provider.agree(OPEN) == []
    provider.fail(TWO_HOURS)
    ended = OPEN.replace("2026-01-01,,", "2026-01-01,2026-09-30,")
    assert provider.lead(TWO_HOURS[0], meanwhile=lambda: provider.agree(ended)) == 0


def test_who_had_an_agreement_before_has_no_day_of_it_beside_another(provider: Provider) -> None:
    before = OPEN.replace("A-1", "A-0").replace("2026-01-01,,", "2025-01-01,2025-12-31,")
    moved = OPEN.replace("K-1,S-1", "K-2,S-1")
    assert provider.agree(before, OPEN) == []
    assert provider.agree(f"{moved}2026-11-01") == []
    [refused] = provider.agree(moved.replace("2026-01-01", "2025-12-01"))
    assert "A-0 (already known: 2025-01-01 to 2025-12-31) and A-1 (row 2: 2025-12-01 to no end)" in refused
    assert provider.agree(moved) == []


def test_a_claim_is_one_for_the_window_whichever_agreement_it_was_filed_under(tmp_path: Path, migrated: bytes) -> None:
    """3 h of 744 h at 15/31 x 100 + 16/31 x 200 = 151.61; 10 h more, recorded later, had begun when it was filed."""
    terms = {"claim": {"within_days": 30, "counted_from": "outage_end"}, "on_agreement_change": "together"}
    provider = Provider(tmp_path, migrated, **terms)
    assert provider.agree(SILVER, GOLD) == []
    provider.fail(TWO_HOURS)
    provider.clock.now = datetime(2026, 10, 18, tzinfo=UTC)
    assert provider.lead(TWO_HOURS[0]) == 0
    [waiting] = provider.use_cases.credits.waiting()
    assert str(provider.use_cases.credits.claim(waiting.reference, by="ann")) == "15.16 EUR"
    provider.clock.now = datetime(2026, 12, 20, tzinfo=UTC)
    ten_hours = datetime(2026, 10, 12, 8, tzinfo=UTC), datetime(2026, 10, 12, 18, tzinfo=UTC)
    provider.fail(ten_hours)
    for at in (ten_hours[0], ONE_HOUR[0]):  # under the one agreement and under the other
        found = provider.use_cases.sla_status.assess("S-1", at=at)
        assert (found.claim.state, str(found.credit_due)) == ("in_time", "37.90 EUR")
    assert provider.lead(ONE_HOUR[0]) == 0
    assert [str(one.amount) for one in provider.use_cases.credits.waiting() if one.state == "held"] == ["22.74 EUR"]


# An independent program: agreements as days with a charge, windows by zoneinfo, credits as fractions.


@dataclass(frozen=True)
class Stretch:
    """Days of one charge under one version; `same` is the agreement of the stretch before with other terms."""

    first: date
    last: date
    version: str
    charge: int
    account: str
    same: bool

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(str(TERMS[self.version]["zone"]))

    def month_of(self, day: date) -> tuple[date, date]:
        """Return the first day of the contract's window and of the next one."""
        begins = int(str(TERMS[self.version].get("billing_day", 1)))
        moved = day - timedelta(days=begins - 1)
        following = (moved.replace(day=1) + timedelta(days=32)).replace(day=begins)
        return moved.replace(day=begins), following

    def midnight(self, day: date) -> int:
        return int(datetime.combine(day, time(), self.zone).timestamp())


def windows(stretches: list[Stretch]) -> Iterator[tuple[int, int, Fraction]]:
    """Yield begin, end and prorated charge of every window, in order; what touches begins where the earlier ended."""
    before = None
    for one in stretches:
        begin = one.midnight(one.first)
        if before is not None and before[0] + timedelta(days=1) == one.first:
            begin = before[1]
        over = one.midnight(one.last + timedelta(days=1))
        before = one.last, over
        day = one.first
        while day <= one.last:
            first, following = one.month_of(day)
            start, end = one.midnight(first), one.midnight(following)
            low = begin if day == one.first else start
            if low < start:  # the earlier agreement ended while it was still the month before in this zone
                earlier = one.midnight(one.month_of(first - timedelta(days=1))[0])
                yield low, start, Fraction(one.charge * (start - low), start - earlier)
                low = start
            yield low, min(end, over), Fraction(one.charge * (min(end, over) - low), end - start)
            day = following


def owed(down: list[tuple[int, int]], start: int, end: int, charge: Fraction) -> Decimal:
    seconds = sum(max(0, min(end, b) - max(start, a)) for a, b in down)
    available = 100 - Fraction(100 * seconds, end - start)
    share = Fraction(0) if available >= Fraction("99.9") else Fraction(1, 10) if available >= 99 else Fraction(1, 4)
    amount = charge * share
    return (Decimal(amount.numerator) / amount.denominator).quantize(Decimal("0.01"), ROUND_HALF_UP)


def rows(stretches: list[Stretch]) -> list[str]:
    """Write the stretches as rows of agreements; one that goes on with other terms has dated rows."""
    found: list[str] = []
    at = 0
    while at < len(stretches):
        end = at + 1
        while end < len(stretches) and stretches[end].same:
            end += 1
        for number, one in enumerate(stretches[at:end]):
            starts, ends = stretches[at].first, stretches[end - 1].last
            dated = f"{one.first}" if number else ""
            found.append(f"A-{at},K-1,S-1,K-1,{one.version},{starts},{ends},{one.charge},EUR,{one.account},{dated}")
        at = end
    return found


FIRST = date(2026, 9, 1)


@st.composite
def histories(draw: st.DrawFn) -> list[Stretch]:
    """Make agreements that begin, end, follow each other, and change price, version, zone, billing day, account."""
    found: list[Stretch] = []
    day = FIRST + timedelta(days=draw(st.integers(0, 20)))
    for _ in range(draw(st.integers(1, 4))):
        gap = draw(st.sampled_from([0, 0, 0, 2, 9])) if found else 0
        length = draw(st.integers(3, 45))
        first = day + timedelta(days=gap)
        charge, version = draw(st.integers(10, 300)), draw(st.sampled_from(sorted(TERMS)))
        same = bool(found) and gap == 0 and draw(st.booleans())
        if same and (found[-1].charge, found[-1].version) == (charge, version):
            charge += 1  # another account alone is no change
        account = draw(st.sampled_from(["B-1", "B-2"]))
        found.append(Stretch(first, first + timedelta(days=length - 1), version, charge, account, same))
        day = first + timedelta(days=length)
    return found


outages_ = st.lists(
    st.tuples(st.integers(-3 * 86_400, 120 * 86_400), st.integers(60, 40_000)), min_size=1, max_size=5
).map(lambda found: apart([(int(datetime(2026, 9, 1, tzinfo=UTC).timestamp()) + a, b) for a, b in found]))


def apart(found: list[tuple[int, int]]) -> list[tuple[int, int]]:
    made: list[tuple[int, int]] = []
    for start, length in sorted(found):
        if not made or start > made[-1][1]:
            made.append((start, start + length))
    return made


def instant(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def begin(migrated: bytes, stretches: list[Stretch], down: list[tuple[int, int]], seed: int) -> Provider:
    provider = Provider(Path(tempfile.mkdtemp()), migrated)
    written = rows(stretches)
    turned = written[seed % len(written) :] + written[: seed % len(written)]
    assert provider.agree(*turned) == []
    provider.fail(*((instant(a), instant(b)) for a, b in down))
    provider.use_cases.imports.complete("outages", until=datetime(2027, 1, 15, tzinfo=UTC), by="ann", source="o.csv")
    return provider


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories(), outages_, st.integers(0, 3))
def test_every_window_is_the_one_of_an_independent_program_and_owes_the_same(
    migrated: bytes, stretches: list[Stretch], down: list[tuple[int, int]], seed: int
) -> None:
    provider = begin(migrated, stretches, down, seed)
    for start, end, charge in windows(stretches):
        if start < end:
            for moment in (start, end - 1):
                found = provider.use_cases.sla_status.assess("S-1", at=instant(moment), customer="K-1")
                assert (found.window.start, found.window.end) == (instant(start), instant(end))
                assert found.credit_due is not None
                assert found.credit_due.amount == owed(down, start, end, charge)
    shutil.rmtree(provider.folder)


@pytest.mark.more
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories(), outages_, st.integers(0, 3), st.randoms(use_true_random=False))
def test_all_that_is_booked_is_what_the_windows_of_the_incidents_owe_in_any_order(
    migrated: bytes, stretches: list[Stretch], down: list[tuple[int, int]], seed: int, random: object
) -> None:
    provider = begin(migrated, stretches, down, seed)
    known = list(windows(stretches))
    moments = [max(a, start) for a, b in down for start, end, _charge in known if a < end and b > start]
    random.shuffle(moments)  # type: ignore[attr-defined]
    booked = sum((provider.lead(instant(moment)) for moment in dict.fromkeys(moments)), Decimal(0))
    assert booked == sum((owed(down, *one) for one in known if one[0] < one[1]), Decimal(0))
    shutil.rmtree(provider.folder)

"""Settlement as people follow it: period by period, window by window, and run by run."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from include.sla_logic.domain.calendars import local_day, local_midnight
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period, of_span
from include.sla_logic.domain.settlement import Due, Preview, RoundState, together
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.paging import Page, cut_page
from include.sla_logic.persistence.queries import settlement as q
from include.sla_logic.persistence.queries.reports import month_of
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.settlement import SettlementRun, find_run, last_run, previews
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.settled_windows import SettledWindow, settled_window

MONTHS = 12  # on one page
REASONS = 5  # of one period that are named
_SECOND = timedelta(seconds=1)
_TICKET = re.compile(r"^TT-\d+ is still under way$")


@dataclass(frozen=True)
class Sums:
    """The money of one period in one currency: what its windows owe, and what became of it.

    `final` is booked for windows that are done, `provisional` for the others; `held` waits for a second person and is
    negative where the difference is in the provider's favour; `unclaimed` waits for the customer.
    """

    owed: Money
    final: Money
    provisional: Money
    held: Money
    unclaimed: Money


@dataclass(frozen=True)
class Reason:
    """Why windows wait or have failed, and how many of them."""

    state: str
    reason: str
    windows: int


@dataclass(frozen=True)
class SettledPeriod:
    """The windows that end in one month of their contract's calendar."""

    month: str
    done: int
    waiting: int
    to_decide: int
    failed: int
    sums: Sequence[Sums]
    reasons: Sequence[Reason]
    more_reasons: int


@dataclass(frozen=True)
class Periods:
    """Twelve months, the newest first, without those in which no window ends; `older` tells of more before them."""

    periods: Sequence[SettledPeriod]
    number: int
    older: bool


@dataclass(frozen=True)
class RunView:
    """A run, how far it has come, and what it has booked by itself."""

    run: SettlementRun
    looked: int
    settled: int
    booked: Sequence[Money]


@dataclass(frozen=True)
class Cause:
    """The outage, or outages at one time, that several of the largest amounts rest on, and what they bring together."""

    time: Period
    references: Sequence[str]
    windows: int
    amounts: Sequence[Money]


@dataclass(frozen=True)
class RunPreview:
    """A run with what it would book: counts and sums by contract, the largest amounts, and what these have in common.

    `newest` tells whether no other run came after it: only such a run can be released.
    """

    view: RunView
    preview: Preview
    causes: Sequence[Cause]
    newest: bool


@dataclass(frozen=True)
class SettlementViews:
    """Nothing here changes anything."""

    work: UnitOfWork

    def periods(self, *, number: int = 1) -> Periods:
        """Return the months of one page, counted from the present month backwards."""
        with self.work.reading() as connection:
            last = _month(self.work.database.now(connection).date(), back=MONTHS * (number - 1))
            first = _month(last, back=MONTHS - 1)
            zones = q.zones_of(connection)
            chosen = q.ended_in((terms, _months(first, last, zone)) for terms, zone in zones.items())
            counted, reasons = q.count_windows(connection, chosen), q.count_reasons(connection, chosen)
            older = q.is_older(connection, _months(first, last, "UTC").start)
        return Periods(_fold(counted, reasons, zones), number, older)

    def windows(
        self, *, month: str | None = None, state: str | None = None, page: int = 1, size: int = 50
    ) -> Page[SettledWindow]:
        """Return windows as their newest round left them; raise `UnableToReadMonth` for one such as 2026-13."""
        asked = None if month is None else month_of(month).start.date()
        with self.work.reading() as connection:
            zones = q.zones_of(connection)
            ends = [(terms, None if asked is None else _months(asked, asked, zone)) for terms, zone in zones.items()]
            return cut_page(connection, q.windows_in(q.ended_in(ends), state), _window, number=page, size=size)

    def runs(self, *, page: int = 1, size: int = 20) -> Page[RunView]:
        """Return the runs, the newest first."""
        with self.work.reading() as connection:
            found = q.page_of_runs(connection, number=page, size=size)
            return Page(_views(connection, found.rows), found.total, found.number, found.size)

    def run(self, number: int | None = None) -> RunPreview:
        """Return a run, or the newest, with its preview; raise `UnableToFindRun`."""
        with self.work.reading() as connection:
            run = find_run(connection, number)
            preview = together(previews(connection, run.number).values())
            [view] = _views(connection, [run])
            return RunPreview(view, preview, _causes(preview), run.number == find_run(connection).number)

    def held(self) -> RunView | None:
        """Return the newest run, if it waits for a second person."""
        with self.work.reading() as connection:
            run = last_run(connection)
            return _views(connection, [run])[0] if run is not None and run.state == "held" else None


def _month(day: date, *, back: int) -> date:
    """Return the first day of the month that lies `back` months before the month of this day."""
    count = day.year * 12 + day.month - 1 - back
    return date(count // 12, count % 12 + 1, 1)


def _months(first: date, last: date, zone: str) -> Period:
    """Return the time from the first month to the end of the last, by the clocks of the zone."""
    return Period(start=local_midnight(first, zone), end=local_midnight(_month(last, back=-1), zone))


def _window(row: Row[Any]) -> SettledWindow:
    return settled_window(row, row.stands, row.booked)


def _fold(counted: Iterable[Any], reasons: Iterable[Any], zones: Mapping[q.Terms, str]) -> list[SettledPeriod]:
    """Put together what ends in one month of its contract's calendar."""

    def month(row: Any) -> str:
        zone = zones[q.Terms(row.contract, row.contract_version)]
        return f"{local_day(row.window_end - _SECOND, zone):%Y-%m}"

    windows: dict[str, Counter[str]] = defaultdict(Counter)
    money: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    whys: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for row in counted:
        booked = "final" if row.stands == RoundState.DONE else "provisional"
        windows[month(row)][row.stands] += row.windows
        amounts = {"owed": row.owed, booked: row.booked, "held": row.held, "unclaimed": row.unclaimed}
        money[month(row)][row.currency].update({name: int(amount) for name, amount in amounts.items()})
    for row in reasons:
        for why in row.reason.split("; "):
            said = "an incident is still under way" if _TICKET.match(why) else why
            whys[month(row)][row.state, said] += row.windows
    return [_period(name, windows[name], money[name], whys[name]) for name in sorted(windows, reverse=True)]


def _period(
    month: str, windows: Counter[str], money: Mapping[str, Counter[str]], whys: Counter[tuple[str, str]]
) -> SettledPeriod:
    return SettledPeriod(
        month=month,
        **{state.value: windows[state.value] for state in RoundState},
        sums=[
            Sums(**{one.name: from_minor_units(amounts[one.name], currency) for one in fields(Sums)})
            for currency, amounts in sorted(money.items())
        ],
        reasons=[Reason(state, why, count) for (state, why), count in whys.most_common(REASONS)],
        more_reasons=max(0, len(whys) - REASONS),
    )


def _views(connection: Connection, runs: Sequence[SettlementRun]) -> list[RunView]:
    known = q.progress_of(connection, [run.number for run in runs])
    booked = q.booked_in_runs(connection, [run.number for run in runs])
    return [
        RunView(run, *known.get(run.number, (0, 0)), [from_minor_units(*one) for one in booked.get(run.number, [])])
        for run in runs
    ]


def _causes(preview: Preview) -> list[Cause]:
    """Name what at least two of the largest amounts rest on at one time, the most frequent first."""
    shared: dict[Span, list[Due]] = defaultdict(list)
    for one in preview.largest:
        if one.rests_on is not None:
            shared[one.rests_on.span].append(one)
    frequent = sorted((mine for mine in shared.items() if len(mine[1]) > 1), key=lambda mine: -len(mine[1]))
    return [_cause(span, mine) for span, mine in frequent[:REASONS]]


def _cause(span: Span, mine: Sequence[Due]) -> Cause:
    named = {one.rests_on.reference for one in mine if one.rests_on is not None and one.rests_on.reference}
    return Cause(of_span(span), sorted(named), len(mine), _sums(one.amount for one in mine))


def _sums(amounts: Iterable[Money]) -> list[Money]:
    found: dict[str, Money] = {}
    for one in amounts:
        found[one.currency] = found.get(one.currency, Money.zero(one.currency)) + one
    return [found[currency] for currency in sorted(found)]

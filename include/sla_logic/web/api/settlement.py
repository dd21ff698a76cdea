"""The API for settlement: its periods, the windows of each, its runs and what they would book."""

from datetime import datetime

from fastapi import APIRouter

from include.sla_logic.domain.judged_facts import FactKind
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.settlement import Preview
from include.sla_logic.web.api.answers import Answer
from include.sla_logic.web.api.list_models import Listed
from include.sla_logic.web.api.lists import REFUSALS, Size, listed
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import Month, PageNumber, PeriodsPage, RunNumber, WindowState

router = APIRouter(prefix="/api/v1/settlement", route_class=DeskRoute, responses=REFUSALS, tags=["read"])


class PeriodSums(Answer):
    """The money of one period in one currency: `final` is booked for windows that are done, `provisional` for others.

    `held` waits for a second person, and is negative where the difference is in the provider's favour.
    """

    owed: Money
    final: Money
    provisional: Money
    held: Money
    unclaimed: Money


class PeriodReason(Answer):
    """Why windows wait or have failed, and how many of them."""

    state: str
    reason: str
    windows: int


class SettledPeriod(Answer):
    """The windows that end in one month of their contract's calendar; the most frequent reasons are named."""

    month: str
    done: int
    waiting: int
    to_decide: int
    failed: int
    sums: list[PeriodSums]
    reasons: list[PeriodReason]
    more_reasons: int


class SettledPeriods(Answer):
    """Twelve months, the newest first, without those in which no window ends."""

    periods: list[SettledPeriod]
    number: int
    older: bool


class SettledWindow(Answer):
    """One window as its newest round left it; `changed` names the kinds of fact that were others before."""

    customer: str
    service: str
    window: Period
    contract: str
    round: int
    run: int
    state: str
    reason: str
    owed: Money | None
    booked: Money | None
    recorded_at: datetime
    letter: str | None
    changed: list[FactKind]


class Run(Answer):
    """One run, for the windows as of `at`; `state` is opened, held, settling or ended."""

    number: int
    state: str
    at: datetime
    shards: int
    opened_at: datetime
    opened_by: str
    checked_at: datetime | None
    held_because: str | None
    released_at: datetime | None
    released_by: str | None
    release_reason: str | None
    ended_at: datetime | None


class RunProgress(Answer):
    """A run, how many of its shards were looked at and settled, and what it has booked by itself."""

    run: Run
    looked: int
    settled: int
    booked: list[Money]


class SharedCause(Answer):
    """The outage, or outages at one time, that several of the largest amounts rest on."""

    time: Period
    references: list[str]
    windows: int
    amounts: list[Money]


class RunPreview(Answer):
    """What a run would book or has booked: counts and sums by contract, the largest hundred, what these share.

    Only the `newest` run can be released.
    """

    view: RunProgress
    preview: Preview
    causes: list[SharedCause]
    newest: bool


@router.get("/periods")
def periods(use_cases: WithUseCases, page: PeriodsPage = 1) -> SettledPeriods:
    """Count the windows that have ended, month by month; each page has twelve months."""
    return SettledPeriods.of(use_cases.settlement_views.periods(number=page))


@router.get("/windows")
def windows(
    use_cases: WithUseCases, month: Month = "", state: WindowState = "", page: PageNumber = 1, size: Size = 50
) -> Listed[SettledWindow]:
    """List windows, perhaps only those of one month or in one state."""
    found = use_cases.settlement_views.windows(month=month or None, state=state or None, page=page, size=size)
    return listed(found, SettledWindow)


@router.get("/runs")
def runs(use_cases: WithUseCases, page: PageNumber = 1, size: Size = 50) -> Listed[RunProgress]:
    """List the runs, the newest first."""
    return listed(use_cases.settlement_views.runs(page=page, size=size), RunProgress)


@router.get("/runs/{run}")
def run(use_cases: WithUseCases, run: RunNumber) -> RunPreview:
    """Return a run with what it would book."""
    return RunPreview.of(use_cases.settlement_views.run(run))

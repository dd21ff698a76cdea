"""Settled windows judged again by this release, each for the moment of its newest round; writes nothing."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import facts_of
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.domain.spans import Span
from include.sla_logic.persistence.contracts import ContractRegister, Subscription
from include.sla_logic.persistence.counted_credits import window_of
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.settlement import (
    SettlementRun,
    find_run,
    newest_rounds_of,
    round_name,
    subscriptions,
)
from include.sla_logic.services.ended_windows import windows_until
from include.sla_logic.services.screening import Known, Screening

Newest = dict[Subscription, dict[Span, Row[Any]]]


@dataclass(frozen=True)
class Difference:
    """A settled window that this release judges otherwise: its round, what that found, and what comes out now."""

    round: str
    customer: str
    service: str
    window: Period
    contract: str
    was: str
    now: str


@dataclass
class AllJudgedAgain:
    """How many windows were judged again, and those that came out otherwise or could not be judged."""

    windows: int = 0
    differences: list[Difference] = field(default_factory=list)


def judge_settled_again(
    connection: Connection, *, progress: Callable[[int], None] = lambda _windows: None
) -> AllJudgedAgain:
    """Judge every window again for the moment of its newest round, many at once where it owes nothing.

    A fact that was corrected after that round makes a difference too: the next settlement names it.
    """
    found, known = AllJudgedAgain(), dict[tuple[str, str, int, int], Any]()
    for some in portions(subscriptions(connection)):
        by_run: dict[int, Newest] = defaultdict(lambda: defaultdict(dict))
        for one, rounds in newest_rounds_of(connection, some).items():
            for span, row in rounds.items():
                if row.facts is not None:
                    by_run[row.run][one][span] = row
        for number, newest in sorted(by_run.items()):
            run = find_run(connection, number)
            found.differences += _of_run(connection, run, newest, known)
            count = sum(map(len, newest.values()))
            found.windows += count
            progress(count)
    return found


def _of_run(connection: Connection, run: SettlementRun, newest: Newest, known: Known) -> Iterator[Difference]:
    some = sorted(newest)
    screened = Screening(connection, some, run.at, known).screen({"run": run.number, "recorded_at": run.at})
    for row in screened.rounds:
        key = row["customer"], row["service"]
        span = Period(start=row["window_start"], end=row["window_end"]).span
        if (before := newest[key].get(span)) is not None:
            yield _difference(before, row["reason"])
    left = {one: spans & newest[one].keys() for one, spans in screened.left.items() if one in newest}
    yield from _exactly(connection, run, newest, {one: spans for one, spans in left.items() if spans})


def _exactly(
    connection: Connection, run: SettlementRun, newest: Newest, left: Mapping[Subscription, set[Span]]
) -> Iterator[Difference]:
    register = ContractRegister(connection=connection, subscriptions=sorted(left))
    measured = MeasurementRegister(connection=connection, contracts=register, subscriptions=sorted(left))
    for one, spans in sorted(left.items()):
        windows = {ended.window.span: ended for ended in windows_until(register, run.at, one)}
        for span in sorted(spans):
            before, ended = newest[one][span], windows.get(span)
            if ended is None:
                yield _difference(before, "no agreement on record has the window any more")
                continue
            try:
                facts = measured.facts(ended.agreement, ended.calendar, as_of=run.at)
                judged = compare(ended.contract, facts, window=ended.calendar, as_of=run.at)
            except ForeseenError as error:
                yield _difference(before, f"not judged: {error}")
                continue
            if facts_of(judged) != before.facts:
                yield _difference(before, _said(judged))


def _said(judged: SlaComparison) -> str:
    due = "a person must say what is owed" if judged.credit_due is None else f"{judged.credit_due} are owed"
    return f"{due}: {'; '.join(f'{one.objective}: {one.reason}' for one in judged.objectives)}"


def _difference(before: Row[Any], now: str) -> Difference:
    owed = "" if before.owed is None else f"{from_minor_units(before.owed, before.currency)} were owed: "
    return Difference(
        round=round_name(before.number),
        customer=before.customer,
        service=before.service,
        window=window_of(before),
        contract=f"{before.contract} {before.contract_version}",
        was=f"{owed}{before.reason}",
        now=now,
    )

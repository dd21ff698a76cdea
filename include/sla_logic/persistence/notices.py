"""When the team is next mailed about a ticket, and about what: read from its row of the queue and its clock.

The row remembers what was mailed, so that each notice is sent once: the largest share of the due time, the tier, and
that a promise was broken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from include.sla_logic.domain.notices import NoticeKind
from include.sla_logic.domain.sla_clock import SlaClock
from include.sla_logic.domain.standing import Standing
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.sla_clocks import due_standing, tier_standing

Row = Mapping[str, Any]


@dataclass(frozen=True)
class DueNotice:
    """A notice that is due now; `told` is how the row of the queue remembers it."""

    kind: NoticeKind
    told: Mapping[str, Any]
    standing: Standing | None = None


def with_due_notices(now: datetime) -> Select[Any]:
    """Return the query for the tickets about which a notice may be due, the longest due first."""
    return select(queue.c.ticket).where(queue.c.notice_at <= now).order_by(queue.c.notice_at)


def next_notice_at(row: Row, clock: SlaClock) -> datetime | None:
    """Return when the next notice falls due if the clock runs on; it has passed where one is due already."""
    moments = [row["write_by"] if policies_in_force().notices.broken_promises else None]
    shares = _shares_left(row)
    if shares and (standing := due_standing(row, clock, percent=shares[0])):
        moments.append(_moment(standing, clock))
    before = policies_in_force().notices.before_next_tier
    if before is not None and _tier_comes(row, clock):
        moments.append(_moment(tier_standing(row, clock, before=before), clock))
    return min((moment for moment in moments if moment is not None), default=None)


def notices_due(row: Row, clock: SlaClock) -> list[DueNotice]:
    """Return what is due; of several shares of the due time that have passed, the largest alone."""
    found = []
    passed = [
        share
        for share in _shares_left(row)
        if (standing := due_standing(row, clock, percent=share)) and _is_due(standing, clock)
    ]
    if passed:
        found.append(DueNotice(NoticeKind.DUE_TIME, {"noticed_share": passed[-1]}, due_standing(row, clock)))
    before = policies_in_force().notices.before_next_tier
    if before is not None and _tier_comes(row, clock) and _is_due(tier_standing(row, clock, before=before), clock):
        found.append(DueNotice(NoticeKind.NEXT_TIER, {"noticed_tier": _tier(row)}, tier_standing(row, clock)))
    promised = row["write_by"]
    if promised is not None and promised <= clock.as_of and policies_in_force().notices.broken_promises:
        found.append(DueNotice(NoticeKind.BROKEN_PROMISE, {"write_by": None}))
    return found


def _shares_left(row: Row) -> list[int]:
    return [share for share in policies_in_force().notices.at_shares if share > (row["noticed_share"] or 0)]


def _tier_comes(row: Row, clock: SlaClock) -> bool:
    """Tell whether a tier is still to come in its window, and was not told; one that has passed is judged again."""
    if row["next_tier_at"] is None or row["budget_seconds"] is None or row["noticed_tier"] == _tier(row):
        return False
    reached_at = tier_standing(row, clock).runs_out_at
    return reached_at is not None and reached_at > clock.as_of and not _is_over(row, reached_at)


def _is_over(row: Row, moment: datetime) -> bool:
    return row["window_end"] is not None and row["window_end"] <= moment


def _tier(row: Row) -> str:
    """Name the tier in its window."""
    end = row["window_end"]
    return f"{row['next_tier'] or row['objective']}{f', window until {end:%Y-%m-%d %H:%M} UTC' if end else ''}"


def _is_due(standing: Standing, clock: SlaClock) -> bool:
    """Tell whether a clock that is not stopped by a hold has come so far."""
    return clock.running and standing.seconds_left is not None and standing.seconds_left <= 0


def _moment(standing: Standing, clock: SlaClock) -> datetime | None:
    return clock.as_of if _is_due(standing, clock) else standing.runs_out_at

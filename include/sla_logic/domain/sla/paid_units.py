"""One unit that a credit rule pays, put down as data: its size, what of it is free, and its blocks."""

import math
from fractions import Fraction
from typing import Literal

from include.sla_logic.domain.calendars import local_day
from include.sla_logic.domain.contract.credit_rule import Credit
from include.sla_logic.domain.paid import PaidUnit, Product
from include.sla_logic.domain.period import from_seconds
from include.sla_logic.domain.sla.credit_units import Unit


def blocks_of(rule: Credit, left: Fraction) -> int:
    """Return how many blocks that is, started or full ones."""
    parts = left / Fraction(rule.block or 1)
    return math.floor(parts) if rule.counts == "full" else math.ceil(parts)


def put_down(  # noqa: PLR0913 - the parts of the computation
    rule: Credit,
    unit: Unit,
    *,
    kind: Literal["window", "event", "repair", "day", "late"],
    timed: bool,
    sized: bool,
    free: Fraction | None,
    left: Fraction,
    products: list[Product],
    zone: str,
) -> PaidUnit:
    """Return the unit as data; `sized` where the rule speaks of its size, `timed` where that is in seconds."""
    at = None if unit.at is None else from_seconds(unit.at)
    of_day = kind in ("day", "late")
    block = None if rule.block is None else Fraction(rule.block)
    return PaidUnit(
        kind=kind,
        at=None if of_day else at,
        day=local_day(at, zone) if at is not None and of_day else None,
        timed=timed,
        size=unit.size if sized else None,
        free=free,
        free_by=None if free is None else "target" if rule.beyond == "target" else "rule",
        left=None if free is None and rule.nearest is None else left,
        nearest=rule.nearest,
        block=block,
        counts=None if block is None else rule.counts or "started",
        blocks=None if block is None else blocks_of(rule, left),
        most=rule.most_blocks,
        products=tuple(products),
    )

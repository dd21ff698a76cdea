"""The time that the agreements of one customer and service hold, with the charge of each."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Instant, to_seconds


def _not_negative(charge: Money) -> Money:
    if charge.amount < 0:
        msg = f"a charge of {charge} is below zero; write 0 or more"
        raise ValueError(msg)
    return charge


Charge = Annotated[Money, AfterValidator(_not_negative)]


class AgreedTime(Value):
    """A stretch of time in which an agreement gives the customer the service; `end` is None while none is known.

    `charge` is that of one `per` of the charges. One that is not `judged` only counts for rights: they follow the
    customer and the service, from agreement to agreement.
    """

    start: Instant
    end: Instant | None = None
    charge: Charge | None = None
    judged: bool = True

    @model_validator(mode="after")
    def _does_not_end_before_it_starts(self) -> Self:
        if self.end is not None and self.end < self.start:
            ends, starts = self.end.isoformat(), self.start.isoformat()
            msg = f"the agreement ends at {ends}, before its start at {starts}; write a later end"
            raise ValueError(msg)
        return self

    @property
    def span(self) -> tuple[int, int]:
        """The two ends in seconds since 1970; an open one lies beyond every window."""
        return to_seconds(self.start), 2**40 if self.end is None else to_seconds(self.end)


def belong_to_one_each(agreements: tuple[AgreedTime, ...]) -> tuple[AgreedTime, ...]:
    """Put agreements in the order of time; raise where two hold the same moment."""
    in_order = sorted(agreements, key=lambda one: one.span)
    for one, two in pairwise(in_order):
        if two.span[0] < one.span[1]:
            when = f"two agreements hold the time from {two.start.isoformat()}"
            msg = f"{when}: a day belongs to one agreement; write when the first ends"
            raise ValueError(msg)
    return tuple(in_order)

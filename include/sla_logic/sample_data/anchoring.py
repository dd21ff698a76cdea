"""How the dates of the small TELECO follow from the moment of its loading."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

import yaml

from include.sla_logic.domain.calendars import calendar_window, local_day, local_days
from include.sla_logic.domain.period import Period, whole_second
from include.sla_logic.sample_data.catalogue import Length, contract_text

_BILLED_AGO = timedelta(days=10)
_LAST_BILLING_DAY = 28
_PLACEHOLDER = "billing_day: 1\n"


@dataclass(frozen=True)
class Anchored:
    """One contract of the small TELECO around one anchor.

    The billing day is ten days or a little more before the anchor: on every date, the faults of the last days
    lie in the current window, and the same lengths lead to the same judgement.
    """

    contract: str
    anchor: datetime
    zone: str
    billing_day: int
    window: Period

    @property
    def text(self) -> str:
        """The contract's text with its billing day."""
        return contract_text(self.contract).replace(_PLACEHOLDER, f"billing_day: {self.billing_day}\n")

    @property
    def days(self) -> int:
        """How many local days the current window has."""
        return local_days(self.window, self.zone)

    def before(self, *, minutes: int = 0, days: int = 0) -> datetime:
        """Return an instant before the anchor, on a whole minute."""
        return self.anchor.replace(second=0) - timedelta(minutes=minutes, days=days)

    def beginning(self, length: Length) -> datetime:
        """Return when something of that length began."""
        if length.minutes is not None:
            return self.before(minutes=length.minutes)
        elapsed = int((self.anchor - self.window.start).total_seconds())
        share, whole = (
            (length.share_of_elapsed, elapsed)
            if length.share_of_elapsed is not None
            else (length.share_of_window or Fraction(0), self.window.seconds)
        )
        return self.before(minutes=round(share * whole / 60))


def anchor_contract(contract: str, anchor: datetime) -> Anchored:
    """Choose the billing day of a contract for this anchor."""
    zone = yaml.safe_load(contract_text(contract))["zone"]
    anchor = whole_second(anchor)
    day = min(local_day(anchor - _BILLED_AGO, zone).day, _LAST_BILLING_DAY)
    window = calendar_window("month", zone, anchor, billing_day=day)
    return Anchored(contract=contract, anchor=anchor, zone=zone, billing_day=day, window=window)

"""What the first credit tier of a contract costs, judged once for all tickets and all pages that ask the same."""

from functools import lru_cache
from typing import NamedTuple

from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.measurements import AgreedTime, Charges, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.netting import EarlierCredit
from include.sla_logic.domain.period import Period, spanning
from include.sla_logic.domain.sla import compare
from include.sla_logic.domain.sla.agreed import find_agreed_window
from include.sla_logic.persistence.queue_positions import judged
from include.sla_logic.persistence.schema.columns import from_minor_units

KEPT = 4096  # answers, those that were asked for last


class FirstTier(NamedTuple):
    """What the tier costs in the judged `window`, None where it costs nothing, and the cap that bounds it."""

    window: Period
    costs: Money | None
    cap: Money | None
    cap_window: Period | None


class Terms:
    """A contract as what is asked about: equal to each that says the same, found by its name."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract

    def __hash__(self) -> int:
        """Tell versions apart, and those that begin on other days; of these there are few."""
        terms = self.contract
        return hash((terms.id, terms.version, terms.billing_day, terms.first_month))

    def __eq__(self, other: object) -> bool:
        """Compare all that is agreed; the same object needs no look."""
        return isinstance(other, Terms) and (self.contract is other.contract or self.contract == other.contract)


def counted_stretch(contract: Contract, window: Period) -> Period:
    """Return the time in which earlier credits can change what a tier costs: the window, and what its cap covers."""
    if contract.cap is None or contract.cap.over == "window":
        return window
    return spanning(window, contract.stretch(contract.cap.over, window.start))


@lru_cache(maxsize=KEPT)
def first_tier(
    terms: Terms,
    charge: Money,
    agreements: tuple[AgreedTime, ...],
    window: Period,
    credited: tuple[EarlierCredit, ...],
) -> FirstTier:
    """Judge the window as if the service had never been down in it; what was credited for it itself is left out.

    It follows from these alone, so that it is judged once; raise `UnableToFindAgreedTime` as `compare` does.
    """
    contract = terms.contract
    facts = ServiceFacts(service="", charges=Charges(recurring=charge), agreements=agreements)
    judged_in = find_agreed_window(contract, facts, window).window
    others = tuple(one for one in credited if one.window != judged_in)
    comparison = compare(contract, facts.model_copy(update={"credited": others}), window=window, as_of=window.start)
    said = judged(comparison)
    costs = None if said["at_stake"] is None else from_minor_units(said["at_stake"], said["currency"])
    return FirstTier(comparison.window, costs, comparison.cap, comparison.cap_window)

"""Who may approve which credits, and which incidents need a second person (policies/credits.yaml)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from include.sla_logic.domain.measurements import Outage
from include.sla_logic.domain.money import Currency, Money
from include.sla_logic.domain.people import may_be_one_person, unknown_account
from include.sla_logic.domain.period import Period, to_seconds
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.tables import Table

_DAY = 86_400
Limit = Mapping[Currency, Decimal] | Literal["unlimited"]


class CreditPolicy(Table):
    """The table as it is written; a role without a limit is one that approves nothing."""

    version: str
    four_eyes: bool = True
    accounts: Mapping[str, str] = Field(default_factory=dict)
    amounts: Literal["net", "gross"] = "net"
    old_after_days: int = Field(ge=1, le=36_500)
    long_outage_days: int = Field(default=31, ge=1, le=36_500)
    limits: Mapping[str, Limit]

    @model_validator(mode="after")
    def _names_the_default(self) -> Self:
        if "default" not in self.limits:
            msg = "limits needs a default, for people whose role is not known"
            raise ValueError(msg)
        return self

    def refusal(self, amount: Money, *, by: str, roles: Collection[str], before: Collection[str | None]) -> str | None:
        """Say why this person may not approve this amount; `before` are those who entered or claimed it."""
        if self.four_eyes and any(may_be_one_person(by, one, logins=self.accounts) for one in before):
            return Sentence("%(who)s entered or claimed this amount: another person must approve it.", who=by)
        doubts = (self.doubt(by, one) for one in before if self.four_eyes and one is not None)
        if doubt := next(filter(None, doubts), None):
            return doubt
        known = [role.lower() for role in roles if role.lower() in self.limits] or ["default"]
        limits = [self.limits[role] for role in known]
        if any(limit == "unlimited" for limit in limits):
            return None
        most = max(limit.get(amount.currency, Decimal(0)) for limit in limits if limit != "unlimited")
        if abs(amount.amount) <= most:
            return None
        upto = Money(amount=most, currency=amount.currency)
        msg = "%(who)s may approve up to %(most)s as %(roles)s, not %(amount)s: somebody with a higher limit must."
        return Sentence(msg, who=by, most=upto, roles=", ".join(known), amount=amount)

    def doubt(self, one: str, other: str) -> str | None:
        """Say why nobody can tell whether two are one person, of whom one was at the desk and one was not."""
        account = unknown_account(one, other, logins=self.accounts)
        if account is None:
            return None
        return Sentence(
            "Nobody can tell whether %(one)s and %(other)s are one person: only one of them acted at the desk. Say "
            "under `accounts` in policies/credits.yaml which login at the desk the account %(account)s has, or do both "
            "there.",
            one=one,
            other=other,
            account=account,
        )

    def doubtful(self, outages: Iterable[Outage], window: Period, *, whole: int, as_of: datetime) -> list[str]:
        """Name the outages of a window that last so long that their ends may be missing, or those of others.

        `whole` is the length of the contract's window in seconds: one that lasts longer than that is named too.
        """
        longest = self.long_outage_days * _DAY
        than = f"{self.long_outage_days} days" if longest < whole else "a window"
        return [
            f"{one.reference} lasts longer than {than}, from {one.start:%Y-%m-%d} "
            + (f"to {one.end:%Y-%m-%d}" if one.end else "and has no end")
            for one in outages
            if one.start < window.end
            and (one.end or as_of) > window.start
            and to_seconds(one.end or as_of) - to_seconds(one.start) > min(longest, whole)
        ]

    def too_old(self, observed_from: datetime, *, now: datetime) -> str | None:
        """Say why an incident that was observed that long ago is held."""
        if observed_from >= now - timedelta(days=self.old_after_days):
            return None
        return f"the incident was observed on {observed_from:%Y-%m-%d}, more than {self.old_after_days} days ago"

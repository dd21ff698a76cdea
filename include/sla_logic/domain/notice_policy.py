"""About what the team is mailed while an incident is open (policies/notices.yaml)."""

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from include.sla_logic.domain.priorities import Duration
from include.sla_logic.domain.tables import Table

MISSED = 100  # percent of the due time


class NoticePolicy(Table):
    """The table of notices; `at_shares` are percent of a priority's due time on the SLA clock."""

    version: str
    at_shares: tuple[Annotated[int, Field(ge=1, le=MISSED)], ...]
    before_next_tier: Duration | None
    broken_promises: bool
    assignments: bool
    single_mails: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _shares_rise(self) -> Self:
        if any(later <= earlier for earlier, later in pairwise(self.at_shares)):
            msg = f"at_shares must rise: {', '.join(map(str, self.at_shares))}"
            raise ValueError(msg)
        return self

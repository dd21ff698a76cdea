"""What the team is mailed about an open incident."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from include.sla_logic.domain.money import Money
from include.sla_logic.domain.priorities import Priority
from include.sla_logic.domain.standing import Standing


class NoticeKind(StrEnum):
    """What a notice is about."""

    DUE_TIME = "due time"
    NEXT_TIER = "next tier"
    BROKEN_PROMISE = "broken promise"


@dataclass(frozen=True)
class Notice:
    """One notice about one incident.

    Of a due time `share` percent are used up, and `standing` says what is left of all of it; of a tier `standing` says
    when it is reached, `tier` which it is and `costs` what it costs more, if that is known. `promised` is until when
    the customer was to be written to.
    """

    kind: NoticeKind
    ticket: str
    service: str
    owner: str | None
    priority: Priority | None = None
    share: int = 0
    standing: Standing | None = None
    tier: str = ""
    costs: Money | None = None
    promised: datetime | None = None

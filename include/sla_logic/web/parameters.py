"""What addresses may hold, with limits: the same for pages and API."""

from typing import Annotated, Literal

from fastapi import Path, Query

from include.sla_logic.services.board import SORTS
from include.sla_logic.services.worklists import LAST_PAGE

PageNumber = Annotated[int, Query(ge=1, le=LAST_PAGE)]
Text = Annotated[str, Query(max_length=64)]
Priority = Annotated[str, Query(pattern="^(P[1-5])?$")]
Owner = Annotated[str, Query(max_length=250)]  # a person, "mine" or "none"
Sort = Annotated[str, Query(pattern="^(-?(" + "|".join(SORTS) + "))?$")]  # downwards after a minus
Shown = Literal["open", "waiting", "escalated", "on_hold", "settled", "all"]
ShownProblems = Literal["open", "all"]
Reference = Annotated[str, Path(max_length=280)]  # a ticket, an external reference or a run
Month = Annotated[str, Query(pattern=r"^([0-9]{4}-[0-9]{2})?$")]
WindowState = Literal["", "done", "waiting", "to_decide", "failed"]
PeriodsPage = Annotated[int, Query(ge=1, le=100)]  # of twelve months each
RunNumber = Annotated[int, Path(ge=1, lt=2**63)]
ServiceId = Annotated[str, Path(max_length=64)]

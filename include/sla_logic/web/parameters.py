"""What addresses may hold, with limits: the same for pages and API."""

from typing import Annotated, Literal

from fastapi import Path, Query

from include.sla_logic.services.worklists import LAST_PAGE

PageNumber = Annotated[int, Query(ge=1, le=LAST_PAGE)]
Text = Annotated[str, Query(max_length=64)]
Priority = Annotated[str, Query(pattern="^(P[1-5])?$")]
Shown = Literal["open", "waiting", "escalated", "on_hold", "settled", "all"]
ShownProblems = Literal["open", "all"]
Reference = Annotated[str, Path(max_length=280)]  # a ticket, an external reference or a run
ServiceId = Annotated[str, Path(max_length=64)]

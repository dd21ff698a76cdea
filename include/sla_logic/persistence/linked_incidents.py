"""Incidents that were linked to the extra problem fix process and that it has not taken over."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, exists, select

from include.sla_logic.domain.run_ids import premium_run_id
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.system_t import steps, tickets

LINK, TAKEOVER = "link_to_extra_problem_fix", "take_over_incident"  # steps


class Linked(NamedTuple):
    """One of them; `own_run` is its run of `sla_violation`, by which the extra process knows it."""

    ticket: str
    own_run: str
    linked_at: datetime

    def __str__(self) -> str:
        """Say it on one line, with what to do."""
        run, conf = premium_run_id(self.own_run), json.dumps({"incident": self.own_run})
        return (
            f"{self.ticket}: its extra problem fix was asked for at {self.linked_at:%Y-%m-%d %H:%M} UTC and has no "
            f"child ticket: clear the run {run} of premium_problem_fix, or start it with {conf}"
        )


def linked_by(connection: Connection, run_id: str) -> list[Linked]:
    """Return the linked members of a cohort, present and former, that were not taken over, by their tickets."""
    members = select(cohort_members.c.ticket).where(cohort_members.c.run_id == run_id)
    return _read(connection, _not_taken_over().where(tickets.c.number.in_(members)).order_by(tickets.c.number))


def linked_before(connection: Connection, at: datetime, *, limit: int) -> list[Linked]:
    """Return the incidents that were linked before then and not taken over, the newest first; reads all steps."""
    query = _not_taken_over().where(steps.c.done_at < at).order_by(tickets.c.number.desc())
    return _read(connection, query.limit(limit))


def _not_taken_over() -> Select[Any]:
    takeovers = steps.alias("takeovers")
    taken_over = exists().where(takeovers.c.ticket == steps.c.ticket, takeovers.c.task == TAKEOVER)
    query = select(tickets.c.number, tickets.c.run_id, steps.c.done_at).join(steps, steps.c.ticket == tickets.c.number)
    return query.where(steps.c.task == LINK, ~taken_over)


def _read(connection: Connection, query: Select[Any]) -> list[Linked]:
    return [Linked(ticket_id(number), *rest) for number, *rest in connection.execute(query)]

"""The conf of a cohort's run: the list of its incidents."""

from collections.abc import Mapping, Sequence

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.run_ids import RUN_ID
from include.sla_logic.persistence.cohort_members import Member
from include.sla_logic.persistence.incident_records import ticket_number

LARGEST = 10_000  # what one statement of SQLite can name, with room to spare


class UnableToAcceptCohort(ForeseenError):
    """The conf of the run names no incidents that it could carry."""


def numbers_in(conf: Mapping[str, object]) -> list[int]:
    """Return the numbers of the tickets that `conf["incidents"]` lists; raise `UnableToAcceptCohort`."""
    incidents = conf.get("incidents")
    if not isinstance(incidents, list) or not incidents:
        raise UnableToAcceptCohort(".incidents: a cohort needs a list of at least one ticket")
    if len(incidents) > LARGEST:
        raise UnableToAcceptCohort(f".incidents: a cohort has at most {LARGEST} tickets, not {len(incidents)}")
    numbers = [ticket_number(ticket) if isinstance(ticket, str) else None for ticket in incidents]
    bad = [str(ticket)[:40] for ticket, number in zip(incidents, numbers, strict=True) if not number]
    if bad:
        raise UnableToAcceptCohort(f".incidents: {', '.join(bad[:5])} is no ticket id such as TT-000001")
    return [number for number in numbers if number]


def checked(members: list[Member], numbers: Sequence[int]) -> tuple[Member, ...]:
    """Return the members, where each exists and can go on in a run of its own; raise `UnableToAcceptCohort`."""
    unknown = sorted(set(numbers) - {member.number for member in members})
    if unknown:
        raise UnableToAcceptCohort(f".incidents: System T has no ticket with the numbers {unknown[:5]}")
    without = [member.ticket for member in members if not RUN_ID.fullmatch(member.own_run)]
    if without:
        raise UnableToAcceptCohort(f".incidents: {', '.join(without[:5])} cannot have a run of its own")
    return tuple(members)

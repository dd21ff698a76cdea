"""Past incidents decided again under other business tables; writes nothing."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, select

from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.diagnosis import Investigation, ResourceCheck, TroubleReport
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.policies import NAMES, Policies, read_policies
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.replay import Change, changes, decide_again, stored_decisions
from include.sla_logic.domain.restoration import RestorationRequest
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.status_report import FinalStatusReport
from include.sla_logic.domain.stored_case import StoredCase
from include.sla_logic.persistence.contract_texts import find_contract
from include.sla_logic.persistence.incident_records import IncidentRecord, load_incident_records, ticket_id
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.portions import portions
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.judged_again import AllJudgedAgain, judge_settled_again

AT_ONCE = 200  # incidents whose documents are looked up together
D = TypeVar("D", bound=Document)
_ROUTES = {
    "send_actual_service_performance": "none",
    "undertake_minor_corrections": "minor",
    "request_automatic_restoration": "restoration",
}
_OTHER = {"delivery"}  # tables of that folder that decide nothing about an incident


class UnableToReplayTables(ForeseenError):
    """The folder holds no business tables."""


@dataclass(frozen=True)
class ReplayedIncident:
    """One incident: what it would decide, what of it is another decision than was taken, or why one cannot say."""

    ticket: str
    decisions: Mapping[str, str]
    changes: Sequence[Change] = ()
    why_not: str = ""


@dataclass
class Replayed:
    """All incidents that were decided again, in the order of their numbers; `outside` are those of another time."""

    versions: Mapping[str, str]
    outside: frozenset[str] = frozenset()
    incidents: list[ReplayedIncident] = field(default_factory=list)

    @property
    def changed(self) -> list[ReplayedIncident]:
        """Those that would have gone another way."""
        return [one for one in self.incidents if one.changes]

    @property
    def undecided(self) -> list[ReplayedIncident]:
        """Those of which one cannot say it."""
        return [one for one in self.incidents if one.why_not]

    @property
    def rows(self) -> Counter[str]:
        """How many incidents each row of a table decides otherwise."""
        return Counter(row for one in self.changed for row in {change.row for change in one.changes})

    def differs_from(self, golden: Mapping[str, Mapping[str, str]]) -> list[ReplayedIncident]:
        """Compare with decisions that were kept, by ticket; a ticket that is not there any more differs wholly.

        Tickets of another time are left out.
        """
        mine = {one.ticket: one for one in self.incidents}
        found = []
        for ticket, kept in sorted(golden.items()):
            if ticket in self.outside:
                continue
            one = mine.get(ticket)
            now = {} if one is None else one.decisions
            differ = [
                Change(name, kept.get(name, "none"), now.get(name, "none"), "")
                for name in dict.fromkeys([*kept, *now])
                if kept.get(name) != now.get(name)
            ]
            if differ:
                found.append(ReplayedIncident(ticket, now, differ, "" if one else "it is not on record"))
        return found


@dataclass(frozen=True)
class Replay:
    """Decide past incidents again."""

    work: UnitOfWork

    def incidents(
        self,
        policies: Policies | None = None,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        progress: Callable[[int], None] = lambda _incidents: None,
    ) -> Replayed:
        """Decide the incidents of that time again under these tables, else under those in force."""
        tables = policies or policies_in_force()
        with self.work.reading() as connection:
            numbers, others = _of_the_time(connection, since, until)
            found = Replayed(tables.versions, frozenset(map(ticket_id, others)))
            for some in portions(numbers, AT_ONCE):
                records = load_incident_records(connection, some)
                found.incidents += [one for record in records for one in _replayed(connection, record, tables)]
                progress(len(some))
        return found

    def judgements(self, *, progress: Callable[[int], None] = lambda _windows: None) -> AllJudgedAgain:
        """Judge every settled window again by this release."""
        with self.work.reading() as connection:
            return judge_settled_again(connection, progress=progress)


def _of_the_time(connection: Connection, since: datetime | None, until: datetime | None) -> tuple[list[int], list[int]]:
    """Return the numbers of the incidents opened in that time, and those of all others."""
    inside: list[int] = []
    outside: list[int] = []
    for number, at in connection.execute(select(tickets.c.number, tickets.c.created_at).order_by(tickets.c.number)):
        of_it = (since is None or at >= since) and (until is None or at < until)
        (inside if of_it else outside).append(number)
    return inside, outside


def read_tables(folder: Path) -> Policies:
    """Read the tables of a folder; one that is not in it is the one in force.

    Raise `UnableToReplayTables` where it holds none, or a file that is no table.
    """
    found = {file.stem: file for file in sorted(folder.glob("*.yaml"))}
    if odd := sorted(found.keys() - set(NAMES) - _OTHER):
        msg = f"{folder} holds {odd[0]}.yaml, which is no business table: known are {', '.join(NAMES)}."
        raise UnableToReplayTables(msg)
    if not found.keys() & set(NAMES):
        names = ", ".join(f"{name}.yaml" for name in NAMES)
        msg = f"{folder} holds no business table: put {names} there, or some of them."
        raise UnableToReplayTables(msg)
    shipped = files("include.sla_logic") / "policies"
    return read_policies(
        {name: (found[name] if name in found else shipped / f"{name}.yaml").read_text("utf-8") for name in NAMES}
    )


def _replayed(connection: Connection, record: IncidentRecord, policies: Policies) -> Iterator[ReplayedIncident]:
    case = _case(connection, record)
    if case is None:
        return
    was = stored_decisions(case)
    try:
        would_be = decide_again(case, policies)
    except ForeseenError as error:
        yield ReplayedIncident(case.ticket, was, why_not=str(error))
        return
    yield ReplayedIncident(
        case.ticket, {name: value for name, (value, _row) in would_be.items()}, changes(was, would_be)
    )


def _case(connection: Connection, record: IncidentRecord) -> StoredCase | None:
    """Read what is stored of an incident; None for one that was not compared with its contract yet."""
    report, comparison = _first(record, ProblemReport), _first(record, SlaComparison)
    if report is None or comparison is None:
        return None
    chosen = record.steps.get("choose_counter_measures")
    return StoredCase(
        ticket=ticket_id(record.number),
        contract=find_contract(connection, comparison.contract, comparison.contract_version),
        report=report,
        comparison=comparison,
        plans=_all(record, CounterMeasurePlan),
        significance=_first(record, CustomerSignificance),
        investigation=_first(record, Investigation),
        check=_first(record, ResourceCheck),
        trouble=_first(record, TroubleReport),
        final=_first(record, FinalStatusReport),
        route=None if chosen is None or chosen.choice is None else _ROUTES[chosen.choice],
        informational=policies_in_force().diagnosis.informational,
        request=_first(record, RestorationRequest),
    )


def _all(record: IncidentRecord, kind: type[D]) -> list[D]:
    rounds = sorted(record.documents.get(kind.__name__, ()), key=lambda one: one.round)
    return [kind.model_validate_json(one.body) for one in rounds]


def _first(record: IncidentRecord, kind: type[D]) -> D | None:
    return next(iter(_all(record, kind)), None)

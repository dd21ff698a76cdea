"""Service problems for other systems: found for those who may see them, and acknowledged by a person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from include.sla_logic.domain.errors import ForeseenError, InvalidInputError
from include.sla_logic.domain.open_apis.service_problem import tracking_record
from include.sla_logic.domain.problem_view import Acknowledged, ProblemView
from include.sla_logic.persistence.audit import Act, note_acts
from include.sla_logic.persistence.keyset import Cut, Part
from include.sla_logic.persistence.problem_acknowledgements import add_acknowledgement, find_acknowledgements
from include.sla_logic.persistence.problem_events import tell_acknowledged
from include.sla_logic.persistence.queries.service_problems import (
    ProblemFilter,
    UnableToFindProblem,
    find_problems,
    read_problem,
)
from include.sla_logic.persistence.service_problems import problem_number
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["ProblemFilter", "ServiceProblems", "UnableToFindProblem"]

_ONE = Cut(limit=1)
AT_ONCE = 100
SAID_LIMIT = 500


class UnableToAcknowledgeProblem(ForeseenError):
    """The problem is over."""


class UnableToReadAcknowledgement(InvalidInputError):
    """It names no problem, the same one twice, or too many."""


@dataclass(frozen=True)
class ServiceProblems:
    """`customers` are those whose problems the caller may see, None for all: any other is one that does not exist."""

    work: UnitOfWork

    def listed(self, wanted: ProblemFilter, cut: Cut) -> tuple[Part[ProblemView], int]:
        """Return a part of the problems that match, the newest first, and how many there are."""
        with self.work.reading() as connection:
            return find_problems(connection, wanted, cut)

    def find(self, problem: str, *, customers: Collection[str] | None = None) -> ProblemView:
        """Return one problem; raise `UnableToFindProblem`."""
        found, _ = self.listed(ProblemFilter(customers, problems=[problem]), _ONE)
        if not found.rows:
            raise UnableToFindProblem(f"There is no service problem {problem[:64]!r}; write it as SP-000001.")
        return found.rows[0]

    def acknowledge(self, problems: Sequence[str], *, by: str, said: str | None = None) -> Acknowledged:
        """Keep that a person has seen these problems, all or none; their status stays.

        Raise `UnableToFindProblem`, or `UnableToAcknowledgeProblem` for one that is over.
        """
        if not 0 < len(problems) <= AT_ONCE or len(set(problems)) < len(problems):
            msg = f"Name from 1 to {AT_ONCE} service problems, each once; {len(problems)} are named."
            raise UnableToReadAcknowledgement(msg)
        with self.work.writing() as connection:
            now = self.work.database.now(connection)
            for problem in problems:
                if read_problem(connection, problem).problem.end is not None:
                    raise UnableToAcknowledgeProblem(f"The service problem {problem} is over: nothing is left to do.")
            numbers = [number for one in problems if (number := problem_number(one)) is not None]
            name = add_acknowledgement(connection, numbers, by=by, said=said, now=now)
            record = tracking_record(Acknowledged(id=name, by=None, at=now))
            tell_acknowledged(connection, numbers, record, now=now)
            note_acts(connection, [Act(now, by, "problem acknowledged", one, name) for one in problems])
        return Acknowledged(id=name, by=by, at=now, said=said)

    def acknowledgements(self, cut: Cut) -> tuple[Part[tuple[Acknowledged, list[str]]], int]:
        """Return a part of the acknowledgements with their problems, the newest first, and how many there are."""
        with self.work.reading() as connection:
            return find_acknowledgements(connection, cut)

    def acknowledgement(self, name: str) -> tuple[Acknowledged, list[str]]:
        """Return one acknowledgement with its problems; raise `UnableToFindProblem`."""
        with self.work.reading() as connection:
            found, _ = find_acknowledgements(connection, _ONE, named=name)
        if not found.rows:
            raise UnableToFindProblem(f"There is no acknowledgement {name[:64]!r}; write it as PA-000001.")
        return found.rows[0]

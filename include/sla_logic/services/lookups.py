"""Look things up: one incident with everything, or many tickets."""

from collections.abc import Sequence
from dataclasses import dataclass

from include.sla_logic.domain.problem_view import ProblemView
from include.sla_logic.domain.standing import Standing
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.persistence.database import current_revision
from include.sla_logic.persistence.incident_records import (
    UnableToFindIncident,
    find_number,
    find_number_of_run,
    number_of_run,
    ticket_id,
    ticket_number,
)
from include.sla_logic.persistence.installation import read_mark
from include.sla_logic.persistence.queries.incident import Case, view_case
from include.sla_logic.persistence.queries.service_problems import list_problems, read_problem
from include.sla_logic.persistence.sla_clocks import read_standings
from include.sla_logic.persistence.tickets import TicketFilter, count_contents, list_tickets
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["Case", "Lookups", "ProblemView", "TicketFilter", "UnableToFindIncident", "ticket_number"]


@dataclass(frozen=True)
class Lookups:
    """Read, and never write."""

    work: UnitOfWork

    def incident(self, reference: str) -> Case:
        """Return everything about one incident, by ticket id, external reference or run id."""
        with self.work.reading() as connection:
            number = find_number(connection, reference)
            return view_case(connection, number, now=self.work.database.now(connection))

    def incident_of_run(self, run_id: str) -> Case:
        """Return everything about the incident of one run, and of nothing else that has the same name."""
        with self.work.reading() as connection:
            number = find_number_of_run(connection, run_id)
            return view_case(connection, number, now=self.work.database.now(connection))

    def service_problems(self, *, open_only: bool = False, limit: int = 100) -> Sequence[ProblemView]:
        """Return the service problems, newest first."""
        with self.work.reading() as connection:
            return list_problems(connection, open_only=open_only, limit=limit)

    def service_problem(self, problem: str) -> ProblemView:
        """Return one service problem by its number; raise `UnableToFindProblem`."""
        with self.work.reading() as connection:
            return read_problem(connection, problem)

    def ticket_of(self, run_id: str) -> str | None:
        """Return the ticket of a run's incident, or None where it has none."""
        with self.work.reading() as connection:
            number = number_of_run(connection, run_id)
            return None if number is None else ticket_id(number)

    def tickets(
        self, wanted: TicketFilter | None = None, *, limit: int = 100, offset: int = 0
    ) -> Sequence[TroubleTicket]:
        """Return the tickets that match, newest first."""
        with self.work.reading() as connection:
            return list_tickets(connection, wanted or TicketFilter(), limit=limit, offset=offset)

    def clocks(self, listed: Sequence[TroubleTicket]) -> dict[str, Standing]:
        """Return how the clocks of these tickets stand now, by ticket; a settled one has none."""
        numbers = [number for ticket in listed if (number := ticket_number(ticket.id))]
        with self.work.reading() as connection:
            found = read_standings(connection, numbers, now=self.work.database.now(connection))
        return {ticket_id(number): standing for number, standing in found.items()}

    def database_status(self) -> dict[str, object]:
        """Return revision and contents in a few numbers; raise `UnableToUseDatabase` where migrations are missing."""
        with self.work.reading() as connection:
            mark = read_mark(connection)
            return {
                "installation": mark.installation,
                "Airflow": mark.airflow or "none yet",
                "database": self.work.database.engine.url.render_as_string(hide_password=True),
                "revision": current_revision(connection),
                **count_contents(connection),
            }

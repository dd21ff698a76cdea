"""Looking things up: one incident with everything, or many tickets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from include.sla_logic.adapters.folders import number_of_run, ticket_id
from include.sla_logic.adapters.migrations import current_revision
from include.sla_logic.adapters.tickets import TicketFilter, count_contents, list_tickets
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.office.premises import Premises

if TYPE_CHECKING:
    from include.sla_logic.adapters.case_view import Case
    from include.sla_logic.adapters.problem_view import ProblemView


class Archive(Premises):
    """Reads, never writes."""

    def case(self, reference: str) -> "Case":
        """Return everything about one incident, by ticket id, external reference or run id."""
        from include.sla_logic.adapters.case_view import view_case

        with self.reading() as connection:
            return view_case(connection, reference)

    def letter(self, reference: str) -> dict[str, Any]:
        """Return the newest letter of an incident as the outbox keeps it; raise `UnableToFindLetter`."""
        from include.sla_logic.adapters.kept_letter import newest_letter

        with self.reading() as connection:
            return newest_letter(connection, reference)

    def problems(self, *, open_only: bool = False, limit: int = 100) -> "Sequence[ProblemView]":
        """Return the service problems, newest first."""
        from include.sla_logic.adapters.problem_view import list_problems

        with self.reading() as connection:
            return list_problems(connection, open_only=open_only, limit=limit)

    def problem(self, problem: str) -> "ProblemView":
        """Return one service problem by its number; raise `UnableToFindProblem`."""
        from include.sla_logic.adapters.problem_view import read_problem

        with self.reading() as connection:
            return read_problem(connection, problem)

    def ticket_of(self, run_id: str) -> str | None:
        """Return the ticket of a run's incident, or None where it has none."""
        with self.reading() as connection:
            number = number_of_run(connection, run_id)
            return None if number is None else ticket_id(number)

    def tickets(
        self, wanted: TicketFilter | None = None, *, limit: int = 100, offset: int = 0
    ) -> Sequence[TroubleTicket]:
        """Return the tickets that fit, newest first."""
        with self.reading() as connection:
            return list_tickets(connection, wanted or TicketFilter(), limit=limit, offset=offset)

    def status(self) -> dict[str, object]:
        """Return revision and contents in a few numbers; raise `UnableToUseDatabase` where migrations are missing."""
        with self.reading() as connection:
            return {
                "database": self.database.engine.url.render_as_string(hide_password=True),
                "revision": current_revision(connection),
                **count_contents(connection),
            }

"""A service problem as it is looked at: with the incidents and services that it is behind, and who has seen it."""

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.service_problem import ProblemEnd, ServiceProblem


def status_of(end: ProblemEnd | None, *, held: bool) -> str:
    """Tell how far a problem is; held while a request waits for a release."""
    if end is not None:
        return "resolved" if end is ProblemEnd.RESTORED else "closed"
    return "held" if held else "inProgress"


class Acknowledged(Value):
    """One note that the provider has seen a problem; `by` is None where it is not to be told."""

    id: str
    by: str | None
    at: AwareDatetime
    said: str | None = None

    @property
    def unnamed(self) -> "Acknowledged":
        """The same for people outside: who it was and what they wrote is the provider's own matter."""
        return self.model_copy(update={"by": None, "said": None})


class ProblemView(Value):
    """One service problem with the incidents that are tied to it.

    `without_incident` are services that its alarm hits and that have no incident yet. `acknowledged` is in the order
    of time.
    """

    problem: ServiceProblem
    tickets: tuple[str, ...]
    services: tuple[str, ...]
    priority: int
    held: int
    without_incident: tuple[str, ...] = ()
    acknowledged: tuple[Acknowledged, ...] = ()

    @property
    def status(self) -> str:
        """Tell how far it is; held while a request waits for a release."""
        return status_of(self.problem.end, held=bool(self.held))

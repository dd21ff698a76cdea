"""What other systems read through the Open APIs of TM Forum, composed."""

from functools import cached_property

from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.service_problems import ServiceProblems


class OpenApis:
    """Each resource has a class of its own."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    @cached_property
    def service_problems(self) -> ServiceProblems:
        """TMF656."""
        return ServiceProblems(self._work)

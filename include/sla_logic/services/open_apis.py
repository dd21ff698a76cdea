"""What other systems read through the Open APIs of TM Forum, composed."""

from functools import cached_property

from include.sla_logic.importers.open_apis import OpenApiSettings, UnableToReadOpenApis, read_open_apis
from include.sla_logic.persistence.keyset import Cut, Key, Part
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.customer_bills import CustomerBills
from include.sla_logic.services.event_hub import EventHub
from include.sla_logic.services.service_problems import ServiceProblems
from include.sla_logic.services.sla_violations import SlaViolations
from include.sla_logic.services.trouble_tickets import TroubleTickets

__all__ = ["Cut", "Key", "OpenApiSettings", "OpenApis", "Part", "UnableToReadOpenApis"]


class OpenApis:
    """Each resource has a class of its own.

    `customers` are everywhere those whose records the caller may see, None for all: the record of any other is one
    that does not exist.
    """

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    def settings(self) -> OpenApiSettings:
        """Return partners and limits; a change of the file counts from now on. Raise `UnableToReadOpenApis`."""
        return read_open_apis(self._work.settings.open_apis)

    @cached_property
    def customer_bills(self) -> CustomerBills:
        """TMF678."""
        return CustomerBills(self._work)

    @cached_property
    def service_problems(self) -> ServiceProblems:
        """TMF656."""
        return ServiceProblems(self._work)

    @cached_property
    def trouble_tickets(self) -> TroubleTickets:
        """TMF621."""
        return TroubleTickets(self._work)

    @cached_property
    def sla_violations(self) -> SlaViolations:
        """Broken promises, under a schema of our own."""
        return SlaViolations(self._work)

    @cached_property
    def event_hub(self) -> EventHub:
        """Listeners to the events of any of them."""
        return EventHub(self._work)

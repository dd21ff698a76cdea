"""The customer, their agreements, and the history of the relationship."""

from datetime import date

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.money import Money


class Customer(Value):
    """Who reported, and how to write to them."""

    id: str
    name: str
    email: str | None
    locale: str = "en"
    protected: bool = False


class Agreement(Value):
    """One subscribed service under one version of one contract (TMF651 Agreement)."""

    id: str
    customer: str
    service: str
    service_name: str
    contract: str
    contract_version: str
    starts: date
    ends: date | None
    monthly_charge: Money
    account: str


class RelationshipHistory(Value):
    """What was collected during the contractual relationship; `None` means not known.

    `charge_percentile` ranks the monthly charge among all customers (0 to 100).
    """

    customer: str
    customer_since: date | None
    service_class: str | None
    monthly_charge: Money | None
    charge_percentile: int | None
    violations_last_year: int | None
    other_open_incidents: int | None
    agreement_ends: date | None
    protected: bool = False

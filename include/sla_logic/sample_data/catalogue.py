"""The content of the small TELECO, as read from its catalogue file."""

from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import Field

from include.sla_logic.domain.contract.quantities import Share, Term
from include.sla_logic.domain.network import Action, ResourceState, Severity
from include.sla_logic.domain.notification import Level, Metric, ProblemParameter, Symptom
from include.sla_logic.domain.resolution import Outcome

Minutes = Annotated[int, Field(gt=0)]


class Customer(Term):
    """A customer: since how many years, and in which language and formats letters are written."""

    name: str
    since_years: int
    email: str
    locale: str = "en"


class Service(Term):
    """The customer's service; `metrics` gives the healthy value of each sampled metric, in its usual unit."""

    name: str
    kind: str
    metrics: dict[Metric, Decimal] = Field(default_factory=dict)


class Length(Term):
    """How long before the anchor something began: exactly one of the three."""

    minutes: Minutes | None = None
    share_of_window: Share | None = None
    share_of_elapsed: Share | None = None


class Fault(Term):
    """What is broken, where, and which action cures it (null: none)."""

    at: Literal["port", "link", "card", "profile"]
    alarm: str
    severity: Severity
    text: str
    state: ResourceState
    effects: dict[Metric, Decimal]
    cured_by: Action | None
    lasts: Length

    @property
    def takes_down(self) -> bool:
        """Tell whether the service is down, not only degraded."""
        return Metric.AVAILABILITY in self.effects


class PastOutage(Term):
    """An interruption that is over."""

    minutes: Minutes
    minutes_before: Minutes | None = None
    days_before: Annotated[int, Field(gt=0)] | None = None


class PlannedWork(Term):
    """Maintenance that is over."""

    minutes_before: Minutes
    minutes: Minutes
    announced_days_before: int
    reason: str


class ExpectedCredit(Term):
    """A share of the monthly charge, or the charge of that many days of the window."""

    share: Share | None = None
    days: int | None = None


class Expects(Term):
    """The expected course of an incident."""

    premium: bool = False
    reprioritised: bool = False
    analysed_by: Literal["service_management", "resource_provisioning", "nobody"]
    route: Literal["none", "minor", "restoration"]
    wait: Literal["none", "release", "too_late"] = "none"
    outcome: Outcome
    objective: str
    credit: ExpectedCredit = ExpectedCredit()
    held: bool = False


class Incident(Term):
    """One customer with one service and what goes wrong with it."""

    key: str
    title: str
    customer: Customer
    service: Service
    contract: str
    monthly_charge: Decimal
    violations: tuple[int, ...] = ()
    symptom: Symptom
    description: str
    impact: Level = Level.MEDIUM
    urgency: Level = Level.MEDIUM
    parameters: tuple[ProblemParameter, ...] = ()
    earlier_outages: tuple[PastOutage, ...] = ()
    outages: tuple[PastOutage, ...] = ()
    maintenance: tuple[PlannedWork, ...] = ()
    fault: Fault | None = None
    expects: Expects


class Others(Term):
    """Customers to whom nothing happens."""

    contract: str
    charge_between: tuple[int, int]
    names: tuple[str, ...]


class Catalogue(Term):
    """The whole small TELECO."""

    incidents: tuple[Incident, ...]
    others: Others


@cache
def read_catalogue() -> Catalogue:
    """Return the catalogue beside this module."""
    text = (files(__package__) / "catalogue.yaml").read_text("utf-8")
    return Catalogue.model_validate(yaml.safe_load(text))


@cache
def contract_text(name: str) -> str:
    """Return the text of one contract of the small TELECO."""
    return (files(__package__) / "contracts" / f"{name}.yaml").read_text("utf-8")

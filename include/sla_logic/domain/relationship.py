"""The customer, their agreements, and the history of the relationship."""

from datetime import date, datetime

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Instant


class Customer(Value):
    """Who reported, and how to write to them; `address` holds the lines below the name, separated by semicolons."""

    id: str
    name: str
    email: str | None
    locale: str = "en"
    protected: bool = False
    address: str | None = None

    @property
    def address_lines(self) -> tuple[str, ...]:
        """The lines of the postal address below the name; none where the register has no address."""
        return tuple(" ".join(line.split()) for line in (self.address or "").split(";") if line.strip())


class Agreement(Value):
    """One subscribed service under one version of one contract (TMF651 Agreement), from `begins` until it is `over`.

    The register knows the instants: days are those of the contract's zone, and terms may change before it ends.
    """

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
    begins: Instant | None = None
    over: Instant | None = None

    def holds(self, at: datetime) -> bool:
        """Tell whether the agreement is in force at that moment."""
        return (self.begins is None or self.begins <= at) and (self.over is None or at < self.over)


def unlike_currencies(agreement: Agreement, *, contract: str, account: str) -> str | None:
    """Name where which currency is, if agreement, contract and account are not all in one."""
    charge = agreement.monthly_charge.currency
    if charge == contract == account:
        return None
    version = f"{agreement.contract} {agreement.contract_version}"
    return (
        f"the currencies differ: monthly_charge of the agreement {agreement.id} is in {charge}, the contract {version} "
        f"in {contract}, the account {agreement.account} in {account}"
    )


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

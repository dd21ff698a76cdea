"""What a new installation still lacks on its way to the first letter, in the order in which it is set up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

from include.sla_logic.persistence.queries.setup import OnRecord, read_on_record
from include.sla_logic.persistence.queries.unwatched_services import (
    MEASUREMENTS,
    RESOURCES,
    UnwatchedService,
    unwatched_services,
)
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services import UnableToUseDatabase
from include.sla_logic.settings import NetworkSystem, Settings

_LOOKED_AT, _NAMED = 1_000, 3


@dataclass(frozen=True)
class Gap:
    """What is missing and the command that closes it; without what is `needed` no incident comes to a right letter."""

    what: str
    command: str
    needed: bool = True


@dataclass(frozen=True)
class Setup:
    """Read what is on record and what the settings say."""

    work: UnitOfWork

    def gaps(self) -> Sequence[Gap]:
        """Return what is missing, first things first."""
        try:
            with self.work.reading() as connection:
                today = self.work.database.now(connection).astimezone(UTC).date()
                there = read_on_record(connection, on=today, limit=_LOOKED_AT)
                unwatched = unwatched_services(connection, on=today, limit=_LOOKED_AT)
        except UnableToUseDatabase as error:
            return [Gap(str(error), "sla database migrate")]
        settings = self.work.settings
        is_simulated = not isinstance(settings.network, NetworkSystem)
        return [
            *_data(there),
            *(_unknown(unwatched) if is_simulated else ()),  # another network knows them
            *_unmeasured(unwatched, there),
            *_lacks(there),
            *_systems(settings),
        ]


def _data(there: OnRecord) -> Iterator[Gap]:
    if not there.contracts:
        yield Gap("No contract is loaded.", "sla load contracts contracts/")
    if not there.customers:
        yield Gap("No customer is registered.", "sla import customers customers.csv")
    if not there.agreements:
        yield Gap("No agreement is in force today: no customer has a service.", "sla import agreements agreements.csv")


def _unknown(services: Sequence[UnwatchedService]) -> Iterator[Gap]:
    if unknown := [one.service for one in services if RESOURCES in one.lacks]:
        commands = "sla import resources resources.csv && sla import topology topology.csv"
        yield Gap(f"{_names(unknown)}: {RESOURCES}.", commands)


def _unmeasured(services: Sequence[UnwatchedService], there: OnRecord) -> Iterator[Gap]:
    """Name services without a history: new ones may have none, but not all of them."""
    if unmeasured := [one.service for one in services if MEASUREMENTS in one.lacks]:
        what = f"{_names(unmeasured)}: {MEASUREMENTS}."
        yield Gap(what, "sla import outages outages.csv", needed=not there.is_measured)


def _lacks(there: OnRecord) -> Iterator[Gap]:
    if there.without_mail:
        what = f"{_names(there.without_mail)}: no mail address is known, the letters go by post."
        yield Gap(what, "sla import customers customers.csv", needed=False)
    if there.without_invoice:
        what = f"{_names(there.without_invoice)}: the account has no open invoice, a credit waits to be paid out."
        yield Gap(what, "sla import invoices invoices.csv", needed=False)


def _systems(settings: Settings) -> Iterator[Gap]:
    """Name the systems that nobody has named, and what serves in their place."""
    if settings.smtp is None:
        what = f"No mail server is named (TELECO_SMTP_URL): letters are files in {settings.letters_folder}."
        yield Gap(what, "export TELECO_SMTP_URL=smtp://mail.example.net:25", needed=False)
    if settings.billing is None:
        what = "No billing system is named (TELECO_BILLING_URL): credits stay in the ledger of this database."
        yield Gap(what, "export TELECO_BILLING_URL=https://billing.example.net/tmf-api", needed=False)
    if settings.network is None:
        what = "No network is named (TELECO_NETWORK_URL): it is simulated, no real resource is examined or corrected."
        yield Gap(what, "export TELECO_NETWORK_URL=https://network.example.net", needed=False)
    if settings.operators is None:
        what = "No operators are named (TELECO_OPERATORS): nobody is mailed about failed steps."
        yield Gap(what, "export TELECO_OPERATORS=noc@example.net", needed=False)
    if settings.team is None:
        what = "No team is named (TELECO_TEAM): nobody is mailed before an incident is late or its next tier comes."
        yield Gap(what, "export TELECO_TEAM=service-desk@example.net", needed=False)


def _names(ids: Sequence[str]) -> str:
    more = len(ids) - _NAMED
    return ", ".join(ids[:_NAMED]) + (f" and {'at least ' * (len(ids) == _LOOKED_AT)}{more} more" if more > 0 else "")

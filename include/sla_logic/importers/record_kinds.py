"""The kinds of records, the database rows that they become, and what they refer to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from sqlalchemy import Connection, Table, select

from include.sla_logic.domain.money import Money
from include.sla_logic.importers.agreements import Settled, settle_agreements
from include.sla_logic.importers.records import (
    AgreementRecord,
    AlarmRecord,
    CustomerRecord,
    InvoiceLineRecord,
    InvoiceRecord,
    MaintenanceRecord,
    OutageRecord,
    Record,
    ResourceRecord,
    SampleRecord,
    ServiceRecord,
    TopologyRecord,
    ViolationRecord,
)
from include.sla_logic.importers.rejection import UnableToImportRow
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import UnableToKeepAmount, to_minor_units

R = TypeVar("R", bound=Record)
Rows = Iterator[tuple[Table, dict[str, Any]]]
# A row's columns that must name a known row of another table: field as people know it, table, columns here.
Reference = tuple[str, Table, tuple[str, ...]]


@dataclass(frozen=True)
class Kind:
    """One kind of record; `opens` are tables whose rows are only added where they are missing.

    `check` compares one with what is known; `settle` brings all records of a batch together with what is known, where
    one alone says too little.
    """

    record: type[Record]
    table: Table
    rows: Callable[[Any], Rows]
    refers: tuple[Reference, ...] = ()
    opens: tuple[Table, ...] = ()
    check: Callable[[Connection, Any], None] | None = None
    settle: Callable[[Connection, Sequence[tuple[int, Any]]], Settled] | None = None


def _customers(record: CustomerRecord) -> Rows:
    yield t.customers, record.model_dump()


def _services(record: ServiceRecord) -> Rows:
    yield t.services, record.model_dump()


def _agreements(_record: AgreementRecord) -> Rows:
    raise AssertionError  # agreements need each other: see agreements.py


def _outages(record: OutageRecord) -> Rows:
    row = record.model_dump(exclude={"seconds", "weight"})
    percent = record.affected_percent if record.weight is None else record.weight * 100
    row["affected_percent"] = None if percent is None else f"{percent.normalize():f}"
    if record.seconds is not None:
        row["ended_at"] = record.started_at + timedelta(seconds=float(record.seconds))
    ended = row["ended_at"]
    if record.ended_after is not None and ended is not None and ended < record.ended_after:
        row["ended_after"] = None  # down again after its end: no bound of that end
    yield t.outages, {**row, "attribution": record.attribution.value, "fault": None}


def _maintenance(record: MaintenanceRecord) -> Rows:
    yield t.maintenance_windows, record.model_dump()


def _resources(record: ResourceRecord) -> Rows:
    yield t.resources, record.model_dump()


def _topology(record: TopologyRecord) -> Rows:
    yield t.topology, record.model_dump()


def _alarms(record: AlarmRecord) -> Rows:
    yield t.alarms, record.model_dump()


def _invoices(record: InvoiceRecord) -> Rows:
    yield a.invoices, record.model_dump()


def _invoice_lines(record: InvoiceLineRecord) -> Rows:
    try:
        amount = to_minor_units(Money(amount=record.amount, currency=record.currency))
    except UnableToKeepAmount as error:
        raise UnableToImportRow("amount", str(error)) from error
    yield a.invoice_lines, {**record.model_dump(), "amount": amount}


def _check_currency(connection: Connection, record: InvoiceLineRecord) -> None:
    account = select(t.billing_accounts.c.currency).join(a.invoices, a.invoices.c.account == t.billing_accounts.c.id)
    currency = connection.scalar(account.where(a.invoices.c.id == record.invoice))
    if currency != record.currency:
        reason = f"{record.currency}, but the account of the invoice {record.invoice} is in {currency}"
        raise UnableToImportRow("currency", reason)


def _violations(record: ViolationRecord) -> Rows:
    yield t.violations, record.model_dump()


def _samples(_record: SampleRecord) -> Rows:
    raise AssertionError  # samples need their series: see samples.py


_SERVICE: Reference = ("service", t.services, ("service",))
_AGREEMENT: Reference = ("agreement", t.agreements, ("agreement",))
_RESOURCE: Reference = ("resource", t.resources, ("resource",))
KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "customers": Kind(CustomerRecord, t.customers, _customers),
        "services": Kind(ServiceRecord, t.services, _services),
        "agreements": Kind(
            AgreementRecord,
            t.agreements,
            _agreements,
            refers=(
                ("customer", t.customers, ("customer",)),
                ("contract", t.contracts, ("contract", "contract_version")),
            ),
            opens=(t.services, t.billing_accounts),
            settle=settle_agreements,
        ),
        "outages": Kind(OutageRecord, t.outages, _outages, refers=(_SERVICE,)),
        "maintenance": Kind(MaintenanceRecord, t.maintenance_windows, _maintenance, refers=(_SERVICE,)),
        "resources": Kind(ResourceRecord, t.resources, _resources),
        "topology": Kind(TopologyRecord, t.topology, _topology, refers=(_SERVICE, _RESOURCE)),
        "alarms": Kind(AlarmRecord, t.alarms, _alarms, refers=(_RESOURCE,)),
        "invoices": Kind(InvoiceRecord, a.invoices, _invoices, refers=(("account", t.billing_accounts, ("account",)),)),
        "invoice-lines": Kind(
            InvoiceLineRecord,
            a.invoice_lines,
            _invoice_lines,
            refers=(("invoice", a.invoices, ("invoice",)), _AGREEMENT),
            check=_check_currency,
        ),
        "violations": Kind(ViolationRecord, t.violations, _violations, refers=(_AGREEMENT,)),
        "samples": Kind(SampleRecord, t.samples, _samples, refers=(_SERVICE,)),
    }
)

"""Importing agreements: a day of a customer's service belongs to one, and what changes in one has a first day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table

from include.sla_logic.domain.agreements import overlapping
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.records import AgreementRecord
from include.sla_logic.importers.rejection import Rejected, UnableToImportRow
from include.sla_logic.persistence.agreement_rows import CHANGING, AgreementRow, AgreementRows
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.schema.columns import UnableToKeepAmount, from_minor_units, to_minor_units

Placed = tuple[int, AgreementRecord]


@dataclass
class Settled:
    """What becomes of the records of one batch: rows to write, refusals, and how many say something new."""

    rows: dict[Table, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    rejected: list[Rejected] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    unchanged: int = 0


def settle_agreements(connection: Connection, placed: Sequence[Placed]) -> Settled:
    """Bring records together with what is known; one row of an agreement may say what changed in it, and when."""
    known = AgreementRows.about(connection, [record for _number, record in placed])
    batch = _Batch(known, placed)
    batch.apply_all()
    while batch.refuse_overlaps():
        batch.apply_all()
    return batch.settled()


class _Batch:
    """The agreements as they would be after the batch, without the rows that are refused."""

    def __init__(self, known: AgreementRows, placed: Sequence[Placed]) -> None:
        self.known = known
        self.by_agreement: dict[str, list[Placed]] = defaultdict(list)
        for number, record in placed:
            self.by_agreement[record.id].append((number, record))
        self.refused: dict[int, Rejected] = {}
        self.found: dict[str, AgreementRow] = {}
        self.counts: dict[int, str] = {}

    def apply_all(self) -> None:
        self.found, self.counts = {}, {}
        for agreement, placed in self.by_agreement.items():
            state = self.known.agreements.get(agreement)
            dated = any(record.valid_from is not None for _number, record in placed)
            said: dict[date | None, tuple[int, AgreementRecord]] = {}
            for number, record in sorted(placed, key=lambda one: (one[1].valid_from or date.min, one[0])):
                if number in self.refused:
                    continue
                try:
                    _check_alone(record, *said.setdefault(record.valid_from, (number, record)))
                    new = _apply(state, record, self.known, dated=dated)
                except UnableToImportRow as error:
                    self.refused[number] = Rejected(number, error.field, error.reason)
                    continue
                self.counts[number] = "added" if state is None else "unchanged" if new == state else "changed"
                state = new
            if state is not None:
                self.found[agreement] = state

    def refuse_overlaps(self) -> bool:
        """Refuse the rows of an agreement whose days another one holds; tell whether that changes anything else."""
        everything = {**self.known.agreements, **self.found}
        order = {
            agreement: min((number for number, _record in rows if number not in self.refused), default=0)
            for agreement, rows in self.by_agreement.items()
        }
        held = [(name, order.get(name, 0), one.days()) for name, one in everything.items()]
        refused = False
        for later, earlier, customer in overlapping(held):
            one, other = everything[later], everything[earlier]
            shown = f"{self._name(other)} and {self._name(one)} both hold days of {one.service} of {customer}"
            for number, _record in self.by_agreement[later]:
                if number not in self.refused:
                    reason = f"{shown}; a day belongs to one agreement: end {earlier} before, or begin this one later"
                    self.refused[number] = Rejected(number, "starts", reason)
                    refused = True
        return refused

    def _name(self, one: AgreementRow) -> str:
        rows = [f"row {number}" for number, _record in self.by_agreement.get(one.id, ())]
        place = ", ".join(rows) or "already known"
        return f"{one.id} ({place}: {one.starts} to {one.ends or 'no end'})"

    def settled(self) -> Settled:
        made = Settled(rejected=[self.refused[number] for number in sorted(self.refused)])
        for name in ("added", "changed", "unchanged"):
            setattr(made, name, sum(count == name for count in self.counts.values()))
        for agreement, state in self.found.items():
            record = self.by_agreement[agreement][0][1]
            name = record.service_name or record.service
            made.rows[t.services].append({"id": record.service, "name": name, "kind": record.service_kind})
            for terms in (state.newest, *state.terms.values()):
                account = {"id": terms["account"], "customer": terms["customer"], "currency": terms["currency"]}
                made.rows[t.billing_accounts].append(account)
            if state != self.known.agreements.get(agreement):
                made.rows[t.agreements].append(state.row())
                made.rows[agreement_terms] += state.term_rows()
        return made


def _check_alone(record: AgreementRecord, first: int, other: AgreementRecord) -> None:
    if other != record:
        raise UnableToImportRow("id", Sentence("row %(row)s says otherwise of %(key)s", row=str(first), key=record.id))


def _apply(known: AgreementRow | None, record: AgreementRecord, about: AgreementRows, *, dated: bool) -> AgreementRow:
    """Return the agreement after this row; raise `UnableToImportRow` where the row cannot be true beside it.

    Among rows of the same agreement that are `dated`, one without a day speaks of the first terms.
    """
    terms = _terms(known, record, about)
    if record.valid_from is not None and not record.starts <= record.valid_from <= (record.ends or date.max):
        msg = "%(day)s lies outside of the agreement"
        raise UnableToImportRow("valid_from", Sentence(msg, day=str(record.valid_from)))
    if known is None:
        if record.valid_from not in (None, record.starts):
            msg = "what holds from %(day)s to then is not known: first give a row without valid_from"
            raise UnableToImportRow("valid_from", Sentence(msg, day=str(record.starts)))
        return AgreementRow(record.id, record.service, record.starts, record.ends, terms)
    if known.service != record.service:
        reason = f"{record.id} is about {known.service}: end it, and give {record.service} an agreement of its own"
        raise UnableToImportRow("service", reason)
    moved = replace(known, starts=record.starts, ends=record.ends)
    first = record.valid_from or record.starts
    now = moved.in_force(first) if dated else moved.newest
    changed = [name for name in CHANGING if terms[name] != now[name]]
    if not changed:
        return moved
    if record.valid_from is None and (known.id in about.judged or (known.terms and not dated)):
        raise _without_a_day(known, changed[0], now, terms)
    if not moved.terms and first == record.starts:
        return replace(moved, newest=terms)
    history = moved.terms or {moved.starts: moved.newest}
    history = dict(sorted({**history, first: terms}.items()))
    return replace(moved, terms=history, newest=list(history.values())[-1])


def _without_a_day(
    known: AgreementRow, name: str, now: Mapping[str, Any], terms: Mapping[str, Any]
) -> UnableToImportRow:
    why = "a window was judged under it" if not known.terms else "it has changed before"
    reason = f"{known.id} has {_shown(name, now)}, and {why}: to change it to {_shown(name, terms)}, write valid_from, "
    return UnableToImportRow(name, f"{reason}the first day on which that holds, as 2026-10-16")


def _shown(name: str, terms: Mapping[str, Any]) -> str:
    if name == "monthly_charge":
        return str(from_minor_units(terms[name], terms["currency"]))
    return f"{name} {terms[name]}"


def _terms(known: AgreementRow | None, record: AgreementRecord, about: AgreementRows) -> dict[str, Any]:
    """Return what the row says of the terms; amounts, contract and account are in one currency."""
    account = record.account or f"B-{record.customer}"
    if record.account is None and known is not None and known.newest["customer"] == record.customer:
        account = known.newest["account"]
    try:
        charge = to_minor_units(Money(amount=record.monthly_charge, currency=record.currency))
    except UnableToKeepAmount as error:
        raise UnableToImportRow("monthly_charge", str(error)) from error
    version = record.contract, record.contract_version
    if (agreed := about.contract_currencies[version]) != record.currency:
        msg = "%(given)s, but the contract %(contract)s is in %(currency)s"
        why = Sentence(msg, given=record.currency, contract=" ".join(version), currency=agreed)
        raise UnableToImportRow("currency", why)
    if (charged := about.account_currencies.setdefault(account, record.currency)) != record.currency:
        reason = f"the account {account} is in {charged}, the agreement in {record.currency}"
        raise UnableToImportRow("account", reason)
    return {
        "customer": record.customer,
        "contract": record.contract,
        "contract_version": record.contract_version,
        "monthly_charge": charge,
        "currency": record.currency,
        "account": account,
    }

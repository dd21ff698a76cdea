"""Contracts and facts for the tests of the judgement, short to write."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import yaml

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import Contract, read_contract
from include.sla_logic.domain.measurements import Charges, Outage, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import ObjectiveJudgement, SlaComparison, compare

TIERS = [
    {"at_least": "99.9", "credit": "0%"},
    {"at_least": "99.0", "below": "99.9", "credit": "10%"},
    {"at_least": "95.0", "below": "99.0", "credit": "25%"},
    {"below": "95.0", "credit": "100%"},
]
STEPS = [
    {"below": "5 min", "credit": "0%"},
    {"at_least": "5 min", "below": "1 h", "credit": "5%"},
    {"at_least": "1 h", "below": "3 h", "credit": "15%"},
    {"at_least": "3 h", "credit": "50%"},
]
PERCENT_TIERS = {"kind": "tiers", "tiers": TIERS}
DURATION_TIERS = {"kind": "duration_tiers", "tiers": STEPS}


def at(text: str) -> datetime:
    """Read `2025-04-10 08:00` as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def objective(rule: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    return {"id": "availability", "metric": "availability", "rule": rule or PERCENT_TIERS, **fields}


def contract_of(*objectives: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return a contract as its file states it."""
    return {
        "id": "K-1",
        "version": "7",
        "title": "A contract",
        "zone": "UTC",
        "currency": "EUR",
        "charge_base": "recurring",
        "partial_window": "cut",
        "on_agreement_change": "apart",
        **fields,
        "objectives": list(objectives) or [objective()],
    }


def text_of(*objectives: dict[str, Any], **fields: Any) -> str:
    """Write a contract file."""
    return yaml.dump(contract_of(*objectives, **fields), Dumper=yaml.CSafeDumper, sort_keys=False)


def contract(*objectives: dict[str, Any], **fields: Any) -> Contract:
    """Read a contract, each text once: examples of Hypothesis judge by the same one."""
    return _read(text_of(*objectives, **fields))


@lru_cache(maxsize=1000)
def _read(text: str) -> Contract:
    return read_contract(text, name="test")


def outage(start: str, end: str | None, reference: str = "O1", **fields: Any) -> Outage:
    return Outage(reference=reference, start=at(start), end=None if end is None else at(end), **fields)


def euros(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def facts(*outages: Outage, charge: str = "100.00", **fields: Any) -> ServiceFacts:
    fields.setdefault("charges", Charges(recurring=euros(charge)))
    return ServiceFacts(service="S-1", outages=outages, **fields)


APRIL = calendar_window("month", "UTC", at("2025-04-10"))


def judge(
    terms: Contract, known: ServiceFacts, *, window: Period = APRIL, as_of: datetime | None = None
) -> SlaComparison:
    return compare(terms, known, window=window, as_of=as_of or max(window.end, at("2025-05-20")))


def first(terms: Contract, known: ServiceFacts, **fields: Any) -> ObjectiveJudgement:
    return judge(terms, known, **fields).objectives[0]

"""Statements about settled windows, made by hand: one for each thing that such a letter can say."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from include.sla_logic.domain.customer_report import CreditLine
from include.sla_logic.domain.disputes import DisputeState
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.statement import CountedOutages, SettlementStatement, StatedCredit, StatementKind, Unlike
from tests.letters.reports import AVAILABILITY, KEPT, LATENCY, NOVEMBER, WRITTEN, ZONE, contested, eur, performance

SETTLED = NOVEMBER.end + timedelta(days=4)
OUTAGES = (
    Period(start=datetime.fromisoformat("2026-11-06T03:00:00Z"), end=datetime.fromisoformat("2026-11-06T03:40:00Z")),
    Period(start=datetime.fromisoformat("2026-11-17T07:30:00Z"), end=datetime.fromisoformat("2026-11-17T14:05:00Z")),
)


def booked(reference: str, amount: str, **changes: Any) -> StatedCredit:
    values: dict[str, Any] = {"window": NOVEMBER, "state": "booked", "booked_at": SETTLED, "invoice": "2026-11-0417"}
    return StatedCredit(**values | {"reference": f"{reference}:1", "amount": eur(amount)} | changes)


FIRST = booked("TT-000017", "9.45", booked_at=WRITTEN)


def statement(**changes: Any) -> SettlementStatement:
    """Return a provisional credit of which more is due in the end, or whatever the changes make of it."""
    line = CreditLine(objective="avail-1", amount=eur("18.90"), arithmetic=(), gross=eur("18.90"))
    values: dict[str, Any] = {
        "reference": "SR-12",
        "kind": StatementKind.FINAL,
        "customer": "C-1001",
        "locale": "en",
        "provider": "Fibra Andina",
        "zone": ZONE,
        "service": "S-1001",
        "service_name": "Business Fibre 500",
        "contract": "K-7",
        "contract_version": "3",
        "performance": performance(AVAILABILITY, LATENCY),
        "outages": (CountedOutages(objective="avail-1", outages=OUTAGES),),
        "lines": (line,),
        "owed": eur("18.90"),
        "credits": (FIRST, booked("SR-12", "9.45", new=True)),
        "promised": True,
        "follows": True,
        "created_at": SETTLED,
    }
    return SettlementStatement(**values | changes)


def statements() -> dict[str, SettlementStatement]:
    """Return one statement for each way in which a window can be settled for the customer."""
    less = AVAILABILITY.model_copy(update={"credit_percent": Decimal(5), "counted_seconds": 2400})
    low = CreditLine(objective="avail-1", amount=eur("9.45"), arithmetic=(), gross=eur("9.45"))
    due = {"lines": (low,), "owed": eur("9.45"), "performance": performance(less, LATENCY)}
    due |= {"outages": (CountedOutages(objective="avail-1", outages=OUTAGES[:1]),)}
    told = booked("TT-000017", "18.90", booked_at=WRITTEN)
    correction = {"kind": StatementKind.CORRECTION, "promised": False}
    none = {"lines": (), "owed": eur("0"), "credits": (), "performance": performance(KEPT, LATENCY), "outages": ()}
    late = AVAILABILITY.model_copy(update={"charge_base": eur("189.04")})
    return {
        "statement_final": statement(),
        "statement_first": statement(credits=(booked("SR-12", "18.90", new=True),), promised=False, follows=False),
        "statement_same": statement(credits=(told,)),
        "statement_nothing": statement(**none),
        "statement_correction": statement(**correction),
        "statement_kept": statement(
            **due, **correction, credits=(told, booked("SR-13", "1.00", new=True)), unlike="reviewed"
        ),
        "statement_reviewed": statement(**correction, credits=(FIRST,), unlike=Unlike.REVIEWED),
        "statement_charge": statement(
            **due,
            promised=False,
            kind=StatementKind.CHARGE,
            credits=(told, booked("SR-13", "-9.45", new=True, invoice=None)),
            unlike=Unlike.REVIEWED,
        ),
        "statement_to_be_claimed": statement(
            credits=(booked("SR-12", "18.90", state="unclaimed", new=True),),
            promised=False,
            follows=False,
            claim_deadline=SETTLED + timedelta(days=30),
        ),
        "statement_lapsed": statement(
            **correction, credits=(FIRST, booked("SR-12", "1.00", new=True)), unlike="lapsed"
        ),
        "statement_dispute_declined": statement(
            credits=(told,),
            disputes=(contested(state=DisputeState.DECLINED, decided_at=SETTLED, reason="Our probes agree."),),
        ),
        "statement_too_late": statement(
            **none | {"performance": performance(late, LATENCY)}, claimed_late=True, claim_deadline=SETTLED
        ),
    }

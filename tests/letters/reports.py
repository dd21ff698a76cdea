"""Customer reports of every outcome, made by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from include.sla_logic.domain.counted_times import CountedTimes, Stretch
from include.sla_logic.domain.customer_report import (
    CreditLine,
    CreditState,
    CreditStatement,
    CustomerReport,
    DoneAction,
    NextStep,
)
from include.sla_logic.domain.disputes import DisputeState, StatedDispute
from include.sla_logic.domain.follow_up import FollowUp, FollowUpState
from include.sla_logic.domain.judged_facts import FactKind
from include.sla_logic.domain.measurements import MaintenanceWindow, Outage, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.network import Action
from include.sla_logic.domain.notification import Metric, ProblemParameter, Symptom
from include.sla_logic.domain.performance import Bound, PerformanceSeries, series_of
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.relationship import Customer
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.domain.samples import SampleSeries
from include.sla_logic.domain.service_performance import (
    ObjectivePerformance,
    ObjectiveState,
    ServicePerformance,
)
from include.sla_logic.domain.verification import Check

ZONE = "Europe/Berlin"
NOVEMBER = Period(start=datetime(2026, 10, 31, 23, tzinfo=UTC), end=datetime(2026, 11, 30, 23, tzinfo=UTC))
REPORTED = datetime(2026, 11, 17, 7, 45, tzinfo=UTC)
REPAIRED = datetime(2026, 11, 17, 14, 5, tzinfo=UTC)
WRITTEN = datetime(2026, 11, 17, 15, 20, tzinfo=UTC)


def eur(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


def customer(**changes: Any) -> Customer:
    return Customer(
        **{"id": "C-1001", "name": "Marta Lindqvist", "email": "marta@example.org", "locale": "en"} | changes
    )


def facts() -> ServiceFacts:
    def samples() -> Any:
        for step in range(24 * 17):
            at = NOVEMBER.start + timedelta(hours=step)
            broken = REPORTED - timedelta(days=3) < at < REPAIRED
            yield at, Decimal(38 + (step % 24) // 3 + (45 if broken else 0) + step % 5)

    return ServiceFacts(
        service="S-1001",
        outages=(
            Outage(
                reference="o1", start=datetime(2026, 11, 6, 3, tzinfo=UTC), end=datetime(2026, 11, 6, 3, 40, tzinfo=UTC)
            ),
            Outage(reference="o2", start=datetime(2026, 11, 17, 7, 30, tzinfo=UTC), end=REPAIRED),
        ),
        maintenance=(
            MaintenanceWindow(
                reference="m1",
                start=datetime(2026, 11, 10, 0, tzinfo=UTC),
                end=datetime(2026, 11, 10, 5, tzinfo=UTC),
                announced_at=datetime(2026, 11, 1, tzinfo=UTC),
            ),
        ),
        series=(SampleSeries.from_samples(samples(), metric="latency", unit="ms", step_seconds=3600),),
    )


def course(metric: str = "availability") -> PerformanceSeries:
    target, unit, bound = {
        "availability": (Decimal("99.9"), "percent", Bound.AT_LEAST),
        "latency": (Decimal(45), "ms", Bound.AT_MOST),
    }[metric]
    return series_of(
        facts(),
        metric=metric,
        unit=unit,
        window=NOVEMBER,
        as_of=WRITTEN,
        zone=ZONE,
        target=target,
        bound=bound,
        corrected_at=REPAIRED,
    )


AVAILABILITY = ObjectivePerformance(
    objective="avail-1",
    title="Availability of the line",
    metric="availability",
    unit="percent",
    promised=Decimal("99.9"),
    at_least=True,
    measured=Decimal("98.99305556"),
    state=ObjectiveState.BREACHED,
    counted_seconds=26100,
    excluded_seconds=18000,
    credit_percent=Decimal(10),
    charge_base=eur("189.00"),
    clause="4.2",
    total_seconds=30 * 86_400,
)
TIMES = (
    Stretch(start=datetime(2026, 11, 6, 3, tzinfo=UTC), end=datetime(2026, 11, 6, 3, 40, tzinfo=UTC), why="counts"),
    Stretch(
        start=datetime(2026, 11, 10, 0, tzinfo=UTC),
        end=datetime(2026, 11, 10, 5, tzinfo=UTC),
        why="planned_work",
        announced_at=datetime(2026, 11, 1, tzinfo=UTC),
    ),
    Stretch(start=datetime(2026, 11, 17, 7, 30, tzinfo=UTC), end=REPAIRED, why="counts"),
)
LATENCY = ObjectivePerformance(
    objective="lat-1",
    title="Round trip",
    metric="latency",
    unit="ms",
    promised=Decimal(45),
    at_least=False,
    measured=Decimal("43.70490196"),
    state=ObjectiveState.MET,
)


def performance(*objectives: ObjectivePerformance, provisional: bool = False) -> ServicePerformance:
    return ServicePerformance(
        window=NOVEMBER, as_of=WRITTEN, objectives=objectives or (AVAILABILITY, LATENCY), provisional=provisional
    )


def credit(state: CreditState, **changes: Any) -> CreditStatement:
    line = CreditLine(
        objective="avail-1",
        amount=eur("18.90"),
        arithmetic=("avail-1: 18.90 EUR due",),
        gross=eur("18.90"),
        earlier=eur("0"),
    )
    values: dict[str, Any] = {
        "state": state,
        "amount": eur("18.90"),
        "lines": (line,),
        "reason": "Credit for avail-1",
        "provisional": state is CreditState.PROVISIONAL,
        "account": "A-1001",
        "invoice": "2026-11-0417",
        "invoice_after": eur("170.10"),
        "claim_deadline": None,
    }
    return CreditStatement(**values | changes)


def nothing(**changes: Any) -> CreditStatement:
    return credit(CreditState.NONE_DUE, amount=eur("0"), lines=(), reason="No credit is due: avail-1: met", **changes)


def check(measured: str | None, *, passed: bool, metric: Metric = Metric.AVAILABILITY) -> Check:
    target = {Metric.AVAILABILITY: ("percent", Decimal(100), True), Metric.LATENCY: ("ms", Decimal(45), False)}[metric]
    return Check(
        metric=metric,
        unit=target[0],
        bound=target[1],
        at_least=target[2],
        measured=None if measured is None else Decimal(measured),
        passed=passed,
        taken_at=REPAIRED + timedelta(minutes=4),
    )


def report(**changes: Any) -> CustomerReport:
    """Return a restored incident with a booked credit, or whatever the changes make of it."""
    values: dict[str, Any] = {
        "ticket": "TT-000017",
        "external_reference": "WEB-2026-0815",
        "customer": "C-1001",
        "customer_name": "Marta Lindqvist",
        "locale": "en",
        "service": "S-1001",
        "service_name": "Business Fibre 500",
        "contract": "K-7",
        "contract_version": "3",
        "zone": ZONE,
        "symptom": Symptom.SERVICE_DOWN,
        "description": "Nothing works since this morning.\nOur shop cannot take cards.",
        "observed_from": REPORTED - timedelta(minutes=15),
        "observed_to": None,
        "reported_at": REPORTED,
        "parameters": (ProblemParameter(metric=Metric.LATENCY, value=Decimal(180), unit="ms"),),
        "performance": performance(),
        "series": (course(), course("latency")),
        "measured_now": (check("100", passed=True), check("39.2", passed=True, metric=Metric.LATENCY)),
        "outcome": Outcome.RESTORED,
        "problem_title": "Port out of service",
        "type_of_problem": "port_failure",
        "done": (
            DoneAction(action=Action.RESTART_PORT, resource_name="olt-7/3/12", at=REPAIRED, ran=True),
            DoneAction(
                action=Action.CLEAR_ALARM, resource_name="olt-7/3/12", at=REPAIRED + timedelta(minutes=1), ran=True
            ),
        ),
        "credit": credit(CreditState.BOOKED),
        "next_steps": (NextStep.NOTHING_MORE,),
        "created_at": WRITTEN,
        "times": (CountedTimes(objective="avail-1", stretches=TIMES),),
        "amounts": "net",
    }
    return CustomerReport(**values | changes)


UNKNOWN = AVAILABILITY.model_copy(
    update={
        "measured": None,
        "state": ObjectiveState.UNKNOWN,
        "counted_seconds": None,
        "no_data_seconds": 90_000,
        "credit_percent": None,
    }
)
KEPT = AVAILABILITY.model_copy(
    update={"measured": Decimal(100), "state": ObjectiveState.MET, "counted_seconds": 0, "credit_percent": None}
)
WORK_ONLY = (CountedTimes(objective="avail-1", stretches=TIMES[1:2]),)


DECIDED = {"decided_at": WRITTEN, "reason": "The log of the card shows it.", "changed": (FactKind.OUTAGES,)}


def contested(**changes: Any) -> StatedDispute:
    """Return what a customer contests, decided or not."""
    words = "It was down from 7:00 to 15:00.\nYour probe does not see our shop."
    values = {"reference": "DP-3", "contested": FactKind.OUTAGES, "words": words, "recorded_at": REPAIRED}
    return StatedDispute.model_validate(values | changes)


def followed(state: FollowUpState, *checks: Check) -> FollowUp:
    return FollowUp(state=state, wrote_at=WRITTEN - timedelta(days=1), worked_at=(REPAIRED,), checks=checks)


def variants() -> dict[str, CustomerReport]:
    """Return one report per way in which an incident can end for the customer."""
    claim_by = datetime(2026, 12, 14, 23, tzinfo=UTC)  # the midnight that ends the last day
    return {
        "resolved": report(),
        "provisional": report(
            credit=credit(CreditState.PROVISIONAL),
            performance=performance(AVAILABILITY.model_copy(update={"provisional": True}), LATENCY, provisional=True),
            next_steps=(NextStep.CREDIT_MAY_GROW,),
        ),
        "under_review": report(
            credit=credit(CreditState.UNDER_REVIEW, invoice_after=None, reason="avail-1: above the limit"),
            next_steps=(NextStep.CREDIT_IS_REVIEWED,),
        ),
        "to_be_claimed": report(
            credit=credit(CreditState.TO_BE_CLAIMED, amount=eur("0"), invoice_after=None, claim_deadline=claim_by),
            next_steps=(NextStep.CLAIM_CREDIT,),
        ),
        "no_problem": report(
            outcome=Outcome.NO_PROBLEM_FOUND,
            symptom=Symptom.SLOW,
            description="Everything feels slow.",
            observed_to=REPORTED,
            performance=performance(KEPT, LATENCY),
            times=WORK_ONLY,
            type_of_problem=None,
            problem_title=None,
            done=(),
            credit=nothing(),
        ),
        "was_down": report(
            outcome=Outcome.NO_PROBLEM_FOUND,
            observed_to=REPAIRED,
            type_of_problem=None,
            problem_title=None,
            done=(),
        ),
        "works_again": report(
            outcome=Outcome.RESTORATION_TOO_LATE,
            done=(),
            measured_now=(),
            follow_up=followed(FollowUpState.WORKS_AGAIN, check("100", passed=True)),
        ),
        "closed": report(
            outcome=Outcome.RESTORATION_REJECTED,
            done=(),
            measured_now=(),
            follow_up=followed(FollowUpState.CLOSED),
        ),
        "reopened": report(
            follow_up=followed(FollowUpState.REOPENED),
            next_steps=(NextStep.SPECIALISTS_CONTINUE, NextStep.WRITE_AGAIN),
            writes_next_by=WRITTEN + timedelta(days=2),
        ),
        "still_open": report(
            outcome=Outcome.CORRECTION_NOT_VERIFIED,
            measured_now=(check("0", passed=False),),
            follow_up=followed(FollowUpState.STILL_OPEN, check("0", passed=False)),
            next_steps=(NextStep.SPECIALISTS_CONTINUE, NextStep.WRITE_AGAIN),
            writes_next_by=WRITTEN + timedelta(days=2),
        ),
        "nothing_known": report(
            outcome=Outcome.NO_PROBLEM_FOUND,
            performance=performance(KEPT),
            times=WORK_ONLY,
            type_of_problem=None,
            problem_title=None,
            done=(),
            measured_now=(check(None, passed=False),),
            resources_checked=0,
            credit=nothing(),
        ),
        "not_examined": report(
            outcome=Outcome.NOT_EXAMINED,
            performance=performance(KEPT),
            times=WORK_ONLY,
            type_of_problem=None,
            problem_title=None,
            done=(),
            measured_now=(check(None, passed=False),),
            resources_checked=0,
            credit=nothing(),
            next_steps=(NextStep.SPECIALISTS_CONTINUE, NextStep.WRITE_AGAIN),
            writes_next_by=REPORTED + timedelta(days=2),
        ),
        "not_restored": report(
            outcome=Outcome.RESTORATION_TOO_LATE,
            type_of_problem="fibre_damage",
            done=(),
            measured_now=(),
            credit=credit(CreditState.PROVISIONAL),
            performance=performance(AVAILABILITY.model_copy(update={"provisional": True}), LATENCY, provisional=True),
            next_steps=(NextStep.SPECIALISTS_CONTINUE, NextStep.WRITE_AGAIN, NextStep.CREDIT_MAY_GROW),
            writes_next_by=WRITTEN + timedelta(days=2),
        ),
        "rejected": report(
            outcome=Outcome.RESTORATION_REJECTED,
            type_of_problem="card_failure",
            done=(),
            measured_now=(),
            credit=credit(CreditState.PROVISIONAL),
            next_steps=(NextStep.SPECIALISTS_CONTINUE, NextStep.WRITE_AGAIN, NextStep.CREDIT_MAY_GROW),
            writes_next_by=WRITTEN + timedelta(days=2),
        ),
        "not_verified": report(
            outcome=Outcome.CORRECTION_NOT_VERIFIED,
            measured_now=(check("0", passed=False), check(None, passed=False, metric=Metric.LATENCY)),
            next_steps=(NextStep.SPECIALISTS_CONTINUE,),
        ),
        "no_cause": report(
            outcome=Outcome.CORRECTION_NOT_VERIFIED,
            type_of_problem=None,
            problem_title=None,
            done=(),
            measured_now=(check("0", passed=False),),
            next_steps=(NextStep.SPECIALISTS_CONTINUE,),
        ),
        "unknown": report(
            performance=performance(UNKNOWN, LATENCY),
            times=(),
            credit=nothing(),
            next_steps=(NextStep.MEASUREMENTS_ARE_COMPLETED,),
        ),
        "disputed": report(
            credit=credit(CreditState.UNDER_REVIEW, invoice_after=None, reason="disputed"),
            disputes=(contested(),),
            next_steps=(NextStep.DISPUTE_IS_DECIDED,),
        ),
        "dispute_accepted": report(disputes=(contested(state=DisputeState.ACCEPTED, **DECIDED),)),
        "credited_before": report(
            credit=credit(
                CreditState.NONE_DUE,
                amount=eur("0"),
                lines=(
                    CreditLine(
                        objective="avail-1",
                        amount=eur("0"),
                        arithmetic=(),
                        gross=eur("18.90"),
                        earlier=eur("18.90"),
                    ),
                ),
            ),
        ),
    }

"""Documents are kept for ever: they survive JSON, later fields, and say who started the clock."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from include.sla_logic.domain.customer_report import CreditState, CreditStatement, NextStep, next_steps
from include.sla_logic.domain.diagnosis import TroubleReport
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.resolution import Outcome, UnableToConclude, conclude
from include.sla_logic.domain.restoration import RestorationOutcome, RestorationTermination
from include.sla_logic.domain.service_performance import ObjectiveState
from include.sla_logic.domain.status_report import StatusReport, conclude_status
from tests.domain.process.given import NOW, finding, objective, performance, report
from tests.fakes import resource
from tests.letters.reports import report as customer_report
from tests.process.small_world import RUN, cut_link, damaged_fibre, reported, small_world, stale_session
from tests.process.walking import walk

DAY = timedelta(days=1)


def trouble(*types: str) -> TroubleReport:
    return TroubleReport(
        ticket="TT-000001",
        service="S-1",
        department=Lane.RESOURCE_PROVISIONING,
        type_of_problem=types[0],
        findings=tuple(finding(resource("port-1"), name) for name in types),
        reason="x",
        created_at=NOW,
        policy_version="diagnosis-1",
    )


def final(received: StatusReport | None = None, own: TroubleReport | None = None, *, window: timedelta = 2 * DAY):
    return conclude_status(received, own, ticket="TT-000001", window=window, now=NOW)


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=30)), st.timedeltas(timedelta(0), timedelta(days=2)))
def test_the_deadline_runs_from_the_status_report_and_never_from_the_final_one(window, delay):
    sent = StatusReport(
        ticket="TT-000001",
        trouble=trouble("port_failure"),
        normal_execution=None,
        sent_at=NOW - delay,
        restoration_deadline=NOW - delay + window,
    )
    found = final(sent, window=window)
    assert found.restoration_deadline == sent.sent_at + window
    assert found.clock_started_by is Lane.RESOURCE_PROVISIONING


@given(st.timedeltas(timedelta(seconds=1), timedelta(days=30)))
def test_an_own_analysis_starts_the_clock_with_the_final_status_report(window):
    found = final(own=trouble("stale_session"), window=window)
    assert (found.restoration_deadline, found.clock_started_by) == (NOW + window, Lane.SERVICE_MANAGEMENT)


def test_the_leading_type_of_problem_comes_first_and_each_once():
    found = final(own=trouble("link_failure", "port_errors", "link_failure"))
    assert found.types_of_problem == ("link_failure", "port_errors")
    assert final().types_of_problem == ()


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        (RestorationOutcome.TOO_LATE, Outcome.RESTORATION_TOO_LATE),
        (RestorationOutcome.REJECTED, Outcome.RESTORATION_REJECTED),
    ],
)
def test_a_terminated_restoration_is_reported_as_not_restored(ended, outcome):
    end = RestorationTermination(ticket="TT-000001", outcome=ended, deadline=NOW, terminated_at=NOW)
    found = conclude(final(own=trouble("port_failure")), termination=end, troubleshooting=None, actions=None, now=NOW)
    assert (found.outcome, found.shortcomings, found.outcome.is_settled) == (outcome, ("not restored",), False)


def test_nothing_done_and_nothing_terminated_is_no_resolution():
    with pytest.raises(UnableToConclude, match="TT-000001 has no corrective actions"):
        conclude(final(own=trouble("port_failure")), termination=None, troubleshooting=None, actions=None, now=NOW)


def credit(state: CreditState, *, provisional: bool = False) -> CreditStatement:
    return CreditStatement(
        state=state,
        amount=Money(amount=Decimal(10), currency="EUR"),
        lines=(),
        reason="x",
        provisional=provisional,
        account="ACC-1",
        invoice=None,
        invoice_after=None,
        claim_deadline=None,
    )


def test_nothing_more_happens_only_when_all_is_settled_measured_and_booked():
    met = customer_report(performance=performance(objective(state=ObjectiveState.MET)))
    assert next_steps(met, credit(CreditState.BOOKED)) == (NextStep.NOTHING_MORE,)


@given(
    st.sampled_from(Outcome),
    st.sampled_from(CreditState),
    st.booleans(),
    st.sampled_from(ObjectiveState),
    st.booleans(),
)
def test_the_next_steps_name_everything_that_is_open(outcome, state, provisional, measured, lasting):
    now = customer_report(
        outcome=outcome, performance=performance(objective(state=measured, provisional=lasting)), series=()
    )
    found = set(next_steps(now, credit(state, provisional=provisional)))
    expected = {
        NextStep.SPECIALISTS_CONTINUE: not outcome.is_settled,
        NextStep.WRITE_AGAIN: not outcome.is_settled,
        NextStep.MEASUREMENTS_ARE_COMPLETED: measured is ObjectiveState.UNKNOWN,
        NextStep.CREDIT_IS_REVIEWED: state is CreditState.UNDER_REVIEW,
        NextStep.CLAIM_CREDIT: state is CreditState.TO_BE_CLAIMED,
        NextStep.CREDIT_MAY_GROW: provisional and (lasting or state is not CreditState.NONE_DUE),
    }
    assert found == ({step for step, due in expected.items() if due} or {NextStep.NOTHING_MORE})


def test_a_stored_document_is_still_read_when_it_has_fields_of_a_later_version():
    text = report().model_dump_json().replace('"schema_version":1', '"schema_version":2,"invented_later":true')
    assert ProblemReport.model_validate_json(text).ticket == "TT-000001"


def test_every_kind_of_document_is_written_on_some_way_through_the_process():
    written: set[str] = set()
    for break_down in (lambda world: world, stale_session, cut_link, damaged_fibre):
        use_cases = reported(break_down(small_world(premium=True)))
        walk(
            use_cases,
            run_id=RUN,
            while_waiting=lambda use_cases=use_cases: use_cases.incidents[RUN].wait.sent_at or use_cases.reject(RUN),
        )
        written |= {kind for kind, _, _ in use_cases.incidents[RUN].documents}
    by_people = {"WorkDone", "Remeasurement", "Resolution", "Reopening"}  # after the run: test_follow_ups
    assert written == {kind.kind() for kind in all_kinds(Document)} - by_people


def all_kinds(kind: type[Document]) -> list[type[Document]]:
    own = [k for k in kind.__subclasses__() if k.__module__.startswith("include.")]
    return own + [below for k in own for below in all_kinds(k)]


def test_a_kept_notification_stays_readable_though_more_letters_are_refused_now():
    body = {
        "customer": "C-1",
        "service": "S-1",
        "symptom": "slow",
        "description": "a\u061cb",
        "observed_from": "2026-11-02T08:15:00+00:00",
    }
    with pytest.raises(ValidationError, match=r"U\+061C"):
        ProblemNotification.model_validate(body)
    assert ProblemNotification.model_validate_json(json.dumps(body)).description == "a\u061cb"

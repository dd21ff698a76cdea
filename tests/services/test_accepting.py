"""What comes in is accepted once, or kept in quarantine with its reason."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.process.customer_service import enter_problem_report
from include.sla_logic.services import UnableToAcceptNotification, UseCases
from tests.clock import NOON
from tests.services.sample import conf


def test_a_good_notification_becomes_a_ticket_with_its_first_document(any_use_cases):
    ticket = any_use_cases.incidents.accept(conf(external_reference="WEB-1"), run_id="run-1", origin="form")
    assert (ticket.id, ticket.status, ticket.external_reference) == ("TT-000001", TicketStatus.ACKNOWLEDGED, "WEB-1")
    case = any_use_cases.lookups.incident("WEB-1")
    assert case.document(ProblemNotification).reported_at == NOON
    assert [change.status for change in case.status_history] == ["acknowledged"]
    assert case.timeline[0].event == "The notification is accepted; it came in by form."


@pytest.mark.parametrize("reported_at", [None, "2026-11-02T08:30:00+00:00", "2026-11-02T13:04:00+01:00"])
def test_the_same_run_with_the_same_notification_gets_the_same_ticket_later_too(any_use_cases, clock, reported_at):
    body = conf(external_reference="WEB-1", reported_at=reported_at)
    first = any_use_cases.incidents.accept(body, run_id="run-1", origin="form")
    clock.pass_by(hours=5)
    assert any_use_cases.incidents.accept(body, run_id="run-1", origin="form") == first
    assert (
        any_use_cases.incidents.accept(any_use_cases.monitoring.notification("run-1"), run_id="run-1", origin="form")
        == first
    )
    assert len(any_use_cases.lookups.tickets()) == 1
    assert any_use_cases.lookups.incident("WEB-1").audit == ()


@pytest.mark.parametrize("body", [conf(external_reference="WEB-1", symptom="other"), conf(), {"nonsense": 1}, None])
def test_the_same_run_with_another_notification_is_refused_and_the_audit_tells(any_use_cases, body):
    any_use_cases.incidents.accept(conf(external_reference="WEB-1"), run_id="run-1", origin="form")
    with pytest.raises(UnableToAcceptNotification, match=r"WEB-1 .* TT-000001 by run run-1, with another") as refused:
        any_use_cases.incidents.accept(body, run_id="run-1", origin="REST")
    assert refused.value.quarantine is None
    assert [act.action for act in any_use_cases.lookups.incident("WEB-1").audit] == ["notification refused"]


def test_a_run_whose_notification_was_corrected_may_be_cleared(any_use_cases):
    bad = conf(external_reference="WEB-1", customer="C-9")
    with pytest.raises(UnableToAcceptNotification) as refused:
        any_use_cases.incidents.accept(bad, run_id="run-1", origin="form")
    corrected = any_use_cases.quarantine.retry(refused.value.quarantine, by="Kim", conf=bad | {"customer": "C-1"})
    assert any_use_cases.incidents.accept(bad, run_id="run-1", origin="form") == corrected


def test_what_waits_in_the_backlog_is_not_swallowed_by_a_run_that_brings_something_else(any_use_cases):
    ticket, waits = any_use_cases.backlog.enter(conf(external_reference="S"), run_id="incident.S", origin="backlog")
    assert waits
    assert any_use_cases.backlog.enter(conf(external_reference="S"), run_id="incident.S", origin="backlog") == (
        ticket,
        True,
    )
    other = conf(external_reference="S", symptom="other")
    for again in (any_use_cases.incidents.accept, any_use_cases.backlog.enter):
        with pytest.raises(UnableToAcceptNotification, match=f"{ticket.id} by run incident.S, with another"):
            again(other, run_id="incident.S", origin="REST")
    assert [act.action for act in any_use_cases.lookups.incident("S").audit] == ["notification refused"] * 2
    assert any_use_cases.backlog.summary().waiting.total == 1


def test_what_a_run_has_taken_up_does_not_wait_in_the_backlog_too(any_use_cases):
    body = conf(external_reference="S")
    ticket = any_use_cases.incidents.accept(body, run_id="incident.S", origin="REST")
    any_use_cases.incidents.perform(enter_problem_report, run_id="incident.S")
    again, waits = any_use_cases.backlog.enter(body, run_id="incident.S", origin="backlog")
    assert (again.id, waits) == (ticket.id, False)
    with pytest.raises(UnableToAcceptNotification):
        any_use_cases.backlog.enter(body | {"symptom": "other"}, run_id="incident.S", origin="backlog")
    assert any_use_cases.backlog.summary().waiting.total == 0


def test_the_same_reference_from_another_run_is_refused_with_ticket_and_run(any_use_cases):
    any_use_cases.incidents.accept(conf(external_reference="WEB-1"), run_id="run-1", origin="form")
    with pytest.raises(UnableToAcceptNotification, match=r"WEB-1 .* TT-000001 by run run-1") as refused:
        any_use_cases.incidents.accept(conf(external_reference="WEB-1", symptom="other"), run_id="run-2", origin="REST")
    assert refused.value.quarantine is None
    assert [(act.actor, act.action) for act in any_use_cases.lookups.incident("WEB-1").audit] == [
        ("run run-2", "notification refused")
    ]


def test_a_reference_that_looks_like_another_run_is_not_taken_for_it(any_use_cases):
    any_use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    assert (
        any_use_cases.incidents.accept(conf(external_reference="run-1"), run_id="run-2", origin="form").id
        == "TT-000002"
    )


def test_fifty_parallel_starts_of_one_incident_make_one_ticket(any_use_cases):
    def start(number: int) -> str:
        try:
            return any_use_cases.incidents.accept(
                conf(external_reference="WEB-1"), run_id=f"run-{number}", origin="REST"
            ).id
        except UnableToAcceptNotification as refused:
            return str(refused.quarantine)

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(start, range(50)))
    assert sorted(answers) == ["None"] * 49 + ["TT-000001"]
    assert len(any_use_cases.lookups.tickets()) == 1


def test_parallel_tries_of_one_run_get_one_ticket(any_use_cases):
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda _: any_use_cases.incidents.accept(conf(), run_id="run-1", origin="REST").id, range(16))
        )
    assert set(answers) == {"TT-000001"}


def test_parallel_tries_of_one_run_with_two_bodies_get_one_ticket(any_use_cases):
    """Two keys of the table are taken, and either may be met first: the outcome is the same either way."""

    def accept(number: int) -> str:
        try:
            return any_use_cases.incidents.accept(
                conf(external_reference=f"WEB-{number % 2}"), run_id="run-1", origin="REST"
            ).id
        except UnableToAcceptNotification as refused:
            return str(refused)

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(accept, range(16)))
    assert answers.count("TT-000001") == 8
    assert sum("by run run-1, with another notification" in answer for answer in answers) == 8
    assert len(any_use_cases.lookups.tickets()) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"customer": None}, r"^\.customer: is missing; send the customer's number"),
        ({"customer": "C-9"}, r"^\.customer: there is no customer C-9"),
        ({"service": "S-9"}, r"^\.service: customer C-1 has no agreement for service S-9"),
        ({"custmer": "C-1"}, r"^\.custmer: is no field here; send customer"),
        ({"symptom": "on fire"}, r"^\.symptom: \"on fire\" is not read here; send service_down, "),
        ({"impact": 7}, r"^\.impact: "),
        ({"observed_from": "yesterday"}, r"^\.observed_from: "),
        ({"observed_from": "2026-11-02T08:15:00"}, r"^\.observed_from: .*no time zone"),
        ({"observed_from": "0001-01-01T00:00:00+14:00"}, r"^\.observed_from: .*beyond the calendar"),
        ({"observed_from": "2026-11-02T13:00:00+00:00"}, r"^\.observed_from: .*in the future"),
        ({"observed_to": "2026-11-01T00:00:00+00:00"}, "observed_to lies before observed_from"),
    ],
)
def test_a_bad_field_is_named_and_the_notification_kept(use_cases, changes, sentence):
    with pytest.raises(UnableToAcceptNotification, match=sentence) as refused:
        use_cases.incidents.accept(conf(**changes), run_id="run-1", origin="REST")
    entry = use_cases.quarantine.entry(refused.value.quarantine)
    assert (entry.run_id, entry.origin, entry.state, entry.complete) == ("run-1", "REST", "waiting", True)
    assert str(refused.value).startswith(f"{entry.field}: ")
    assert use_cases.lookups.tickets() == []


@pytest.mark.parametrize("body", [None, "text", 7, [], [conf()], float("nan"), object()])
def test_what_is_no_object_is_kept_too(use_cases, body):
    with pytest.raises(UnableToAcceptNotification, match="not an object with named fields"):
        use_cases.incidents.accept(body, run_id="run-1", origin="REST")
    assert len(use_cases.quarantine.entries()) == 1


def test_a_deeply_nested_body_is_refused_before_it_is_parsed(any_use_cases):
    nested: Any = "bottom"
    for _ in range(50_000):
        nested = [nested]
    with pytest.raises(UnableToAcceptNotification, match="nested deeper than 16 levels"):
        any_use_cases.incidents.accept(conf(description=nested), run_id="run-1", origin="REST")
    [entry] = any_use_cases.quarantine.entries()
    assert entry.body.count("[") == 50_000


def test_a_huge_body_is_refused_and_kept_up_to_the_cap(any_use_cases):
    with pytest.raises(UnableToAcceptNotification, match="longer than 131072 characters"):
        any_use_cases.incidents.accept(conf(description="x" * 5_000_000), run_id="run-1", origin="REST")
    [entry] = any_use_cases.quarantine.entries()
    assert (len(entry.body), entry.complete) == (131_072, False)


def test_a_body_that_contains_itself_is_refused(use_cases):
    body: dict[str, object] = {}
    body["again"] = body
    with pytest.raises(UnableToAcceptNotification, match="longer than"):
        use_cases.incidents.accept(body, run_id="run-1", origin="REST")


def test_the_longest_good_notification_is_short_enough(use_cases):
    parameters = [{"metric": "throughput", "value": "999999999999", "unit": "kbit/s" + " " * 10}] * 50
    ticket = use_cases.incidents.accept(
        conf(description="🜨" * 4000, parameters=parameters), run_id="run-1", origin="form"
    )
    assert use_cases.lookups.incident(ticket.id).document(ProblemNotification).description == "🜨" * 4000


def test_a_sender_whose_clock_is_a_little_ahead_is_forgiven(use_cases):
    ticket = use_cases.incidents.accept(conf(observed_from="2026-11-02T13:04:00+01:00"), run_id="run-1", origin="form")
    kept = use_cases.lookups.incident(ticket.id).document(ProblemNotification)
    assert (kept.observed_from, kept.reported_at) == (NOON, NOON)


def test_the_same_bad_notification_of_one_run_is_kept_once(any_use_cases):
    for _ in range(2):
        with pytest.raises(UnableToAcceptNotification, match="kept in quarantine as 1"):
            any_use_cases.incidents.accept(conf(customer="C-9"), run_id="run-1", origin="REST")
    with pytest.raises(UnableToAcceptNotification, match="kept in quarantine as"):
        any_use_cases.incidents.accept(conf(customer="C-9"), run_id="run-2", origin="REST")
    assert len(any_use_cases.quarantine.entries()) == 2


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(sorted(ProblemNotification.model_fields)) | st.text(), anything, max_size=8))
def test_whatever_comes_in_is_a_ticket_or_a_quarantine_entry(use_cases, body):
    run_id = f"run-{abs(hash(json.dumps(body, default=str, sort_keys=True)))}"
    accepted = kept = 0
    try:
        accepted = use_cases.incidents.accept(body, run_id=run_id, origin="REST").run_id == run_id
    except UnableToAcceptNotification as refused:
        kept = use_cases.quarantine.entry(refused.quarantine or 0).run_id == run_id
    assert accepted + kept == 1


def test_without_a_clock_of_their_own_the_use_cases_take_the_databases(any_use_cases):
    plain = UseCases(any_use_cases.work.settings)
    before = datetime.now(UTC)
    ticket = plain.incidents.accept(conf(), run_id="run-1", origin="form")
    assert abs((ticket.created_at - before).total_seconds()) < 60
    assert ticket.created_at.tzinfo is not None

"""The checker sees each thing that must never be: every violation is made here once, by force."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, text, update

from include.sla_logic.persistence.restorations import ANSWER_REFUSED
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.schema.events import event_listeners
from include.sla_logic.persistence.schema.letter_archive import archived_letters
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.system_t import audit, documents, outbox, restorations, steps, tickets
from include.sla_logic.process.way import way
from include.sla_logic.services import UseCases
from tests.clock import NOON
from tests.services.sample import CONTRACT, conf

PARTS = {"ticket": 1, "opened_at": NOON, "deadline": NOON + timedelta(days=2), "held_because": "risky"}
CREDIT = {
    "id": "TT-000001:latency:20261101",
    "ticket": "TT-000001",
    "agreement": "AG-1",
    "customer": "C-1",
    "service": "S-1",
    "account": "A-1",
    "objective": "latency",
    "window_start": NOON,
    "window_end": NOON + timedelta(days=30),
    "gross": 1000,
    "amount": 1000,
    "currency": "EUR",
    "state": "booked",
    "text": "",
    "recorded_at": NOON,
}


@pytest.fixture
def opened(use_cases: UseCases) -> UseCases:
    use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    return use_cases


def spoil(use_cases: UseCases, *statements: object) -> None:
    """Do what the product never does; append-only tables have to be unguarded for it, tickets are still counted."""
    guards = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name NOT LIKE 'counted%'"
    with use_cases.work.database.write() as connection:
        for row in connection.execute(text(guards)).all():
            connection.execute(text(f'DROP TRIGGER "{row.name}"'))
        for statement in statements:
            connection.execute(text(statement) if isinstance(statement, str) else statement)


def violations(use_cases: UseCases, *, settled: bool = False) -> list[str]:
    return [str(violation) for violation in use_cases.monitoring.violations(settled=settled)]


def step(task: str, choice: str | None = None) -> object:
    return insert(steps).values(ticket=1, task=task, choice=choice, done_at=NOON)


def test_a_database_in_order_has_no_violation(opened):
    assert violations(opened) == []


def test_an_incident_that_neither_ends_nor_waits_is_lost_once_all_is_quiet(opened):
    assert violations(opened, settled=True) == [
        "I2 TT-000001: has neither ended nor waits for anything with a deadline in the future"
    ]


def test_an_incident_that_waits_is_not_lost(opened):
    spoil(opened, insert(restorations).values(PARTS))
    assert violations(opened, settled=True) == []


@pytest.mark.parametrize("answer", ["sent_at", "rejected_at"])
def test_an_incident_whose_request_was_answered_waits_for_nothing(opened, answer):
    spoil(opened, insert(restorations).values(PARTS | {answer: NOON}))
    assert len(violations(opened, settled=True)) == 1


def test_an_incident_that_waits_beyond_its_deadline_is_lost(opened, clock):
    spoil(opened, insert(restorations).values(PARTS))
    clock.pass_by(days=2, seconds=1)
    assert len(violations(opened, settled=True)) == 1


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE timeline SET sequence = 2", "I6 TT-000001: has gaps in its timeline"),
        ("DELETE FROM timeline", "I6 TT-000001: has no timeline"),
        ("UPDATE tickets SET status = 'closed'", "I6 TT-000001: is closed, its history ends with acknowledged"),
        ("UPDATE queue SET open = 0", "I6 TT-000001: is acknowledged, and settled in the queue"),
        ("UPDATE documents SET round = 2", "I6 TT-000001: has gaps in the rounds of ProblemNotification"),
        ("UPDATE documents SET kind = 'Other'", "I1 TT-000001: has no notification in its case file"),
        (
            "INSERT INTO ticket_count_changes (customer, status, change) VALUES ('C-1', 'acknowledged', 2)",
            "I14 C-1: the kept count of acknowledged tickets is 2 too high",
        ),
        (
            "INSERT INTO ticket_counts (customer, status, tickets) VALUES ('', 'held', -1)",
            "I14 all customers: the kept count of held tickets is 1 too low",
        ),
        (step("close_incident"), "I2 TT-000001: has 0 closing documents and 1 closing steps"),
        (step("send_customer_report"), "I5 TT-000001: has 0 letters in the outbox instead of 1"),
    ],
)
def test_each_damage_to_an_incident_is_named(opened, statement, says):
    spoil(opened, statement)
    assert says in violations(opened)


def test_a_move_that_the_status_model_forbids_is_named(opened):
    spoil(
        opened,
        "INSERT INTO ticket_status_history (ticket, sequence, status, reason, at) "
        "SELECT ticket, 2, 'closed', reason, at FROM ticket_status_history",
        "UPDATE tickets SET status = 'closed'",
        "UPDATE queue SET open = 0",
    )
    assert violations(opened) == ["I6 TT-000001: went from acknowledged to closed, which is no move"]


def test_one_reference_with_two_tickets_is_named(opened):
    spoil(opened, "UPDATE tickets SET external_reference = 'A'")
    opened.incidents.accept(conf(), run_id="run-2", origin="form")
    spoil(opened, "UPDATE tickets SET external_reference = 'A'")
    assert violations(opened) == ["I1 A: is one of the references that have 2 tickets"]


LATE = PARTS["deadline"] + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("parts", "taken", "says"),
    [
        ({"sent_at": LATE}, [], "its request was answered after the deadline"),
        ({}, [step("track_errors")], "it went on before its wait was decided"),
        (
            {"outcome": "in_time", "decided_at": LATE},
            [step("await_restoration_request", "track_errors")],
            "it is decided as in_time, but its instants say otherwise",
        ),
        (
            {"outcome": "too_late", "decided_at": NOON},
            [step("await_restoration_request", "terminate_restoration")],
            "it was called too late before its deadline had passed",
        ),
        (
            {"outcome": "in_time", "sent_at": NOON, "decided_at": NOON},
            [step("await_restoration_request", "terminate_restoration")],
            "it is decided as in_time, but the incident took another way",
        ),
        (
            {"outcome": "in_time", "sent_at": NOON, "decided_at": NOON},
            [step("await_restoration_request", "track_errors"), step("terminate_restoration")],
            "it is decided as in_time, but the incident took another way",
        ),
    ],
)
def test_a_wait_that_ended_in_two_ways_is_named(opened, parts, taken, says):
    spoil(opened, insert(restorations).values(PARTS | parts), *taken)
    assert f"I7 TT-000001: {says}" in violations(opened)


def act(action: str, *, at: object = NOON) -> object:
    return insert(audit).values(at=at, actor="Kim", action=action, subject="TT-000001", detail="")


@pytest.mark.parametrize(
    ("parts", "acts", "says"),
    [
        ({}, [act(ANSWER_REFUSED)], "an answer was refused though its request was open"),
        ({}, [act(ANSWER_REFUSED, at=PARTS["deadline"])], "an answer was refused though its request was open"),
        ({}, [act(ANSWER_REFUSED, at=LATE)], None),
        ({"sent_at": NOON}, [act("restoration released"), act(ANSWER_REFUSED)], None),
        ({}, [act("restoration released")], "the audit has it as restoration released"),
        ({"sent_at": NOON}, [act("restoration rejected")], "the audit has it as restoration rejected"),
        ({"sent_at": NOON}, [act("restoration released", at=LATE)], "the audit has it as restoration released"),
        ({"rejected_at": NOON}, [act("restoration rejected")], None),
    ],
)
def test_an_answer_in_the_audit_that_the_wait_does_not_know_is_named(opened, parts, acts, says):
    spoil(opened, insert(restorations).values(PARTS | parts), *acts)
    found = [line for line in violations(opened) if line.startswith("I7")]
    assert found == [] if says is None else (len(found) == 1 and found[0].startswith(f"I7 TT-000001: {says}"))


def test_an_answer_where_nothing_waits_is_named(opened):
    spoil(opened, act("restoration released"))
    assert violations(opened) == ["I7 TT-000001: a request was answered where nothing waits"]


def test_two_agreements_that_hold_the_same_days_are_named(opened):
    row = {"id": "AG-2", "customer": "C-1", "service": "S-1", "contract": "city-internet", "contract_version": "1"}
    money = {"monthly_charge": 100, "currency": "EUR", "account": "A-1"}
    spoil(opened, insert(t.agreements).values(**row, **money, starts=date(2026, 10, 1), ends=None))
    assert violations(opened) == ["I3 AG-2: holds days of a service of C-1 that AG-1 holds too"]
    spoil(opened, update(t.agreements).where(t.agreements.c.id == "AG-1").values(ends=date(2026, 9, 30)))
    assert violations(opened) == []


def capped(over: str, share: str = "10%") -> object:
    """Give the sample's contract of 100.00 EUR a month a cap."""
    cap = f"claim: {{automatic: true}}\ncap: {{share: {share}, over: {over}}}"
    return update(t.contracts).values(text=CONTRACT.replace("claim: {automatic: true}", cap))


@pytest.mark.parametrize(
    ("over", "amounts", "says"),
    [
        ("window", [1000, 1000], None),
        ("window", [1001], "I8 C-1 S-1: was credited 10.01 EUR for {first}, beyond the cap of 10.00 EUR"),
        ("quarter", [1500, 1500], None),
        ("quarter", [1500, 1501], "I8 C-1 S-1: was credited 30.01 EUR for {quarter}, beyond the cap of 30.00 EUR"),
        ("year", [6000, 6001], "I8 C-1 S-1: was credited 120.01 EUR for {year}, beyond the cap of 120.00 EUR"),
    ],
)
def test_credits_of_several_windows_beyond_the_cap_of_their_stretch_are_named(opened, over, amounts, says):
    """The windows are October and November in Berlin: the quarter and the year of both are the same."""
    starts = [datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)]
    ends = [starts[1], datetime(2026, 11, 30, 23, tzinfo=UTC)]
    rows = [
        CREDIT | {"id": f"X-{n}", "window_start": starts[n], "window_end": ends[n], "gross": amount, "amount": amount}
        for n, amount in enumerate(amounts)
    ]
    spoil(opened, capped(over), *(insert(a.applied_billing_credits).values(row) for row in rows))
    held = CREDIT | {"id": "X-9", "window_start": starts[0], "window_end": ends[0], "state": "held", "objective": "o"}
    spoil(opened, insert(a.applied_billing_credits).values(held))
    stretches = {
        "first": f"{starts[0]:%Y-%m-%d %H:%M:%S} to {ends[0]:%Y-%m-%d %H:%M:%S} UTC",
        "quarter": "2026-09-30 22:00:00 to 2026-12-31 23:00:00 UTC",
        "year": "2025-12-31 23:00:00 to 2026-12-31 23:00:00 UTC",
    }
    found = [line for line in violations(opened) if "cap" in line]
    assert found == ([] if says is None else [says.format(**stretches)])


def test_a_cap_is_compared_with_credits_in_its_own_currency(opened):
    """The charge was 100.00 EUR and is 200.00 USD: 10 % of each, and both for the same window."""
    like = {"customer": "C-1", "contract": "city-internet", "contract_version": "1", "account": "A-1"}
    terms = [(date(2020, 1, 1), 10_000, "EUR"), (date(2026, 11, 20), 20_000, "USD")]
    changes = [
        like | {"agreement": "AG-1", "valid_from": day, "monthly_charge": charge, "currency": currency}
        for day, charge, currency in terms
    ]
    amounts = {"EUR": 1000, "USD": 2000}
    rows = [CREDIT | {"id": one, "currency": one, "gross": most, "amount": most} for one, most in amounts.items()]
    spoil(opened, capped("window"), *(insert(agreement_terms).values(one) for one in changes))
    spoil(opened, *(insert(a.applied_billing_credits).values(row) for row in rows))
    assert [line for line in violations(opened) if "cap" in line] == []
    spoil(opened, update(a.applied_billing_credits).values(amount=a.applied_billing_credits.c.amount + 1))
    found = [line.partition(", ")[0] for line in violations(opened) if "cap" in line]
    window = "2026-11-02 12:00:00 to 2026-12-02 12:00:00 UTC"
    assert found == [f"I8 C-1 S-1: was credited {amount} for {window}" for amount in ("10.01 EUR", "20.01 USD")]


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({}, "I4 {id}: is booked, and nobody is told"),
        ({"state": "posted", "posted_at": NOON}, "I4 {id}: is posted, but was never told"),
        ({"amount": 1001}, "I8 {id}: brings 1001, more than the 1000 that were due"),
        ({"currency": "CHF"}, "I8 {id}: is in CHF on an account in EUR"),
        ({"amount": -1, "state": "held"}, None),
    ],
)
def test_each_damage_to_a_credit_is_named(opened, parts, says):
    spoil(opened, insert(a.applied_billing_credits).values(CREDIT | parts))
    found = violations(opened)
    assert found == [] if says is None else says.format(id=CREDIT["id"]) in found


def test_two_incidents_that_bring_more_than_was_due_are_named(opened):
    other = {"id": "TT-000002:latency:20261101", "ticket": "TT-000002"}
    spoil(opened, insert(a.applied_billing_credits).values(CREDIT))
    spoil(opened, insert(a.applied_billing_credits).values(CREDIT | other))
    window = "2026-11-02 12:00:00 to 2026-12-02 12:00:00 UTC"
    both = "TT-000001:latency:20261101, TT-000002:latency:20261101"
    said = f"I3 C-1 S-1: was credited 20.00 EUR for {window} ({both}), which owe at most 10.00 EUR"
    assert said in violations(opened)


def test_a_posting_without_a_credit_is_named(opened):
    posting = {"key": "billing:X", "account": "A-1", "amount": 1, "currency": "EUR", "accepted_at": NOON}
    spoil(opened, insert(a.ledger_postings).values(posting))
    assert violations(opened) == ["I4 billing:X: was told to Billing & Collections without a credit"]


def test_a_child_ticket_needs_no_end_of_its_own(opened):
    parent = {"external_key": "child", "run_id": "child", "origin": "TT-000001", "customer": "C-1", "service": "S-1"}
    spoil(opened, insert(restorations).values(PARTS))
    spoil(
        opened,
        insert(tickets).values(
            **parent, status="acknowledged", assigned_to="x", escalated=False, parent=1, created_at=NOON
        ),
    )
    assert not [breach for breach in opened.monitoring.violations(settled=True) if breach.invariant == "I2"]


PROBLEM = {"number": 1, "resource": "R-1", "type_of_problem": "fault", "reason": "LINK_DOWN at R-1", "findings": "[]"}
PROBLEM |= {"analysed_as": 1, "began_at": NOON, "opened_at": NOON}
TIE = {"ticket": 1, "problem": 1, "priority": 1, "tied_at": NOON}
ORDER = {"action": "reset_port", "resource": "R-1", "ran": True, "answer": "done", "at": NOON + timedelta(minutes=1)}
OVER = {"closed_at": NOON + timedelta(seconds=30), "ended": "restored"}
ITSELF = "TT-000001:undertake_restoration:R-1:reset_port"


@pytest.mark.parametrize(
    ("problem", "tied", "order", "taken", "says"),
    [
        ({}, True, "SP-000001:R-1:reset_port", [], []),
        ({}, False, None, [], ["I9 SP-000001: was analysed as TT-000001, which is not tied to it"]),
        ({}, True, None, ["close_incident"], ["I9 SP-000001: is open though all its incidents have ended"]),
        (OVER, True, None, ["close_incident"], []),
        ({}, True, ITSELF, [], [f"I9 SP-000001: TT-000001, which is tied to it, has ordered {ITSELF} for itself"]),
        (OVER, True, ITSELF, [], []),
    ],
)
def test_a_cause_that_is_not_handled_once_for_all_is_named(opened, problem, tied, order, taken, says):
    spoil(opened, insert(service_problems).values(PROBLEM | problem), *map(step, taken))
    if tied:
        spoil(opened, insert(service_problem_tickets).values(TIE))
    if order:
        spoil(opened, insert(t.network_orders).values(ORDER | {"order_key": order}))
    found = [line for line in violations(opened) if line.startswith("I9")]
    if not tied:  # nor can any of its incidents be under way
        found.remove("I9 SP-000001: is open though all its incidents have ended")
    assert found == says


def closed(outcome: str) -> object:
    document = {"ticket": 1, "kind": "ClosedIncident", "round": 1, "task": "close_incident", "written_at": NOON}
    return insert(documents).values(**document, schema_version=1, body=json.dumps({"outcome": outcome}))


@pytest.mark.parametrize(
    ("outcome", "taken", "wait", "says"),
    [
        ("vanished", ["undertake_restoration"], None, "ended as 'vanished', which is no outcome"),
        ("restored", [], None, "ended after 0 ways: none"),
        (
            "restored",
            ["undertake_minor_corrections", "terminate_restoration"],
            None,
            "ended after 2 ways: undertake_minor_corrections, terminate_restoration",
        ),
        ("no_problem_found", ["undertake_restoration"], None, "ended as no_problem_found, which undertake_restoration"),
        ("restoration_rejected", ["terminate_restoration"], "too_late", "but its wait was decided as too_late"),
        ("restored", ["undertake_restoration"], "in_time", None),
        ("no_problem_found", ["send_actual_service_performance"], None, None),
    ],
)
def test_an_outcome_that_does_not_fit_the_way_is_named(opened, outcome, taken, wait, says):
    spoil(opened, closed(outcome), step("close_incident"), *map(step, taken))
    if wait:
        spoil(
            opened,
            insert(restorations).values(PARTS | {"outcome": wait, "decided_at": NOON}),
            step("await_restoration_request"),
        )
    found = [line for line in violations(opened) if line.startswith("I2 TT-000001: ended")]
    assert found == [] if says is None else any(says in line for line in found)


def test_a_step_to_which_nothing_led_is_named(opened):
    spoil(opened, step("enter_problem_report"), step("undertake_restoration"))
    assert "I11 TT-000001: has done undertake_restoration, to which nothing had led" in violations(opened)


def test_a_step_whose_document_is_missing_is_named(opened):
    spoil(opened, step("enter_problem_report"))
    assert violations(opened) == ["I11 TT-000001: has done enter_problem_report, whose ProblemReport is missing"]


def test_a_decision_that_was_not_taken_is_named(opened):
    taken = (
        "enter_problem_report",
        "compare_with_sla",
        "determine_counter_measures",
        "determine_customer_significance",
    )
    spoil(opened, *map(step, taken), step("is_customer_premium"))
    assert "I11 TT-000001: has done is_customer_premium, which chose None" in violations(opened)


def test_an_incident_that_was_closed_without_its_letter_is_named(opened):
    chosen = {"is_customer_premium": "does_significance_change_priorities"}
    chosen |= {"does_significance_change_priorities": "create_detailed_problem_report"}
    chosen |= {"is_problem_analyzable": "analyze_problem", "choose_counter_measures": "undertake_minor_corrections"}
    taken = [name for name in way(chosen) if name != "send_customer_report"]
    spoil(opened, *(step(name, chosen.get(name)) for name in taken))
    found = [said for said in violations(opened) if "is missing" not in said and said.startswith("I11")]
    assert found == [
        "I11 TT-000001: has done close_incident, to which nothing had led",
        "I11 TT-000001: is closed without send_customer_report",
    ]


def told(number: int, **changes: object) -> object:
    """Put a message to a listener into the outbox."""
    row = {
        "id": number,
        "key": f"k{number}",
        "kind": "callback",
        "payload": {},
        "state": "waiting",
        "attempts": 0,
        "created_at": NOON,
        "next_attempt_at": NOON,
        "listener": 1,
        "stream": "1 troubleTicket/v5 TT-000001",
    }
    return insert(outbox).values(row | changes)


def test_listeners_are_told_in_order_only_while_they_are_registered_and_not_suspended(opened):
    known = {"id": 1, "api": "troubleTicket/v5", "partner": "p", "callback": "https://x", "query": "", "root": "/"}
    known |= {"digest": "d", "registered_at": NOON, "failures": 0}
    spoil(opened, insert(event_listeners).values(known), told(1, state="claimed"), told(2))
    assert violations(opened) == []
    spoil(opened, "UPDATE outbox SET state = 'claimed'")
    assert violations(opened) == [
        "I13 stream 1 troubleTicket/v5 TT-000001: has two messages that are being sent at once"
    ]
    spoil(opened, "UPDATE outbox SET state = 'waiting'", update(event_listeners).values(suspended_at=NOON))
    assert violations(opened) == [
        "I13 message 1: waits to leave for a listener that is suspended",
        "I13 message 2: waits to leave for a listener that is suspended",
    ]
    spoil(opened, "DELETE FROM event_listeners", "UPDATE outbox SET state = 'dead' WHERE id = 1")
    assert violations(opened) == [
        "I13 message 1: is for a listener that is not registered",
        "I13 message 2: is for a listener that is not registered",
    ]


def test_what_a_letter_says_stands_in_one_place(opened):
    mail = {"ticket": 1, "kind": "mail", "attempts": 1, "created_at": NOON, "next_attempt_at": NOON, "sent_at": NOON}
    mail |= {"state": "sent", "payload": {"message": "x"}, "archived_at": None}
    moved, packed = {"payload": {}, "archived_at": NOON}, {"packing": "zlib", "size": 2, "digest": "", "body": b""}
    rows = {"<notice.1>": {}, "<notice.2>": moved}
    rows |= {
        "<notice.lost>": {"payload": {}},
        "<notice.gone>": moved,
        "<notice.twice>": {"archived_at": NOON},
        "<notice.early>": moved | {"state": "waiting", "sent_at": None},
    }
    messages = [mail | row | {"id": number, "key": key} for number, (key, row) in enumerate(rows.items(), start=1)]
    spoil(opened, insert(outbox).values(messages))
    spoil(opened, insert(archived_letters).values([packed | {"message": number} for number in (2, 5, 6)]))
    assert [line for line in violations(opened) if line.startswith("I15")] == [
        "I15 <notice.lost>: has left, and nobody knows any more what it said",
        "I15 <notice.gone>: was moved into the archive, which does not have it",
        "I15 <notice.twice>: stands in the archive and in the outbox",
        "I15 <notice.early>: is in the archive, but is no letter that has left",
    ]

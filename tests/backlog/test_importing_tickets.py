"""Event logs of other systems become tickets: legal histories, nothing twice, and a reason for whatever is left out."""

from datetime import UTC, datetime

import pytest

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.run_ids import run_id_of
from include.sla_logic.importers import UnableToReadFile, UnableToReadMapping
from include.sla_logic.importers.tickets import (
    importer,
    read_ticket_mapping,
    shipped_ticket_mappings,
)
from include.sla_logic.importers.tickets.ticket_writer import run_of
from tests.backlog.logs import event, take_in, write_csv, write_jsonl
from tests.services.sample import conf

LIFE = [
    event("INC-1", "acknowledged", "1 08:00"),
    event("INC-1", "inProgress", "1 08:10"),
    event("INC-1", "pending", "1 09:00", reason="Asked for a trace."),
    event("INC-1", "inProgress", "1 10:00"),
    event("INC-1", "resolved", "1 11:00"),
    event("INC-1", "inProgress", "1 12:00", urgency="1"),
    event("INC-1", "held", "1 13:00", owner="third_party", reason="Waits for the carrier.", urgency="1"),
    event("INC-1", "closed", "1 14:00", urgency="1"),
]


def statuses(use_cases, reference):
    return [str(change.status) for change in use_cases.lookups.incident(reference).status_history]


def test_the_events_of_a_ticket_are_folded_into_one_with_its_history(any_use_cases, tmp_path):
    report = take_in(any_use_cases, write_csv(tmp_path / "log.csv", LIFE))
    assert (report.rows, report.tickets, report.history, report.waiting) == (8, 1, 1, 0)
    case = any_use_cases.lookups.incident("INC-1")
    assert case.ticket.created_at == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert statuses(any_use_cases, "INC-1") == [
        *("acknowledged", "inProgress", "pending", "inProgress", "resolved", "inProgress", "held"),
        *("inProgress", "resolved", "closed"),
    ]
    told = [entry.event for entry in case.timeline]
    assert told == [
        "Reopened in the other system.",
        "Priority changed from P3 to P2 in the other system.",
        "Imported from plain.",
    ]
    assert any_use_cases.monitoring.violations() == []


def test_the_report_of_the_customer_is_the_first_document(use_cases, tmp_path):
    take_in(use_cases, write_csv(tmp_path / "log.csv", LIFE))
    document = use_cases.lookups.incident("INC-1").document(ProblemNotification)
    assert (document.customer, document.external_reference, document.urgency) == ("C-1", "INC-1", 1)
    assert (document.observed_from, document.observed_to) == (
        document.reported_at,
        datetime(2026, 11, 1, 14, tzinfo=UTC),
    )


def test_holds_keep_their_owner_and_their_reason(use_cases, tmp_path):
    from include.sla_logic.persistence.sla_clocks import read_clocks

    take_in(use_cases, write_csv(tmp_path / "log.csv", LIFE))
    with use_cases.work.database.read() as connection:
        clock = read_clocks(connection, [1], as_of=datetime(2026, 11, 2, tzinfo=UTC))[1]
    assert [(hold.owner, hold.reason) for hold in clock.holds] == [
        ("customer", "Asked for a trace."),
        ("third_party", "Waits for the carrier."),
    ]
    assert (clock.reopened, clock.net.total_seconds()) == (1, 3 * 3600)


def test_the_same_file_again_changes_nothing(any_use_cases, tmp_path):
    file = write_csv(tmp_path / "log.csv", [*LIFE, event("INC-2", "acknowledged", "1 09:00")])
    take_in(any_use_cases, file)
    before = any_use_cases.lookups.incident("INC-1"), any_use_cases.lookups.incident("INC-2")
    again = take_in(any_use_cases, file)
    assert (again.history, again.waiting, again.unchanged) == (0, 0, 2)
    assert (any_use_cases.lookups.incident("INC-1"), any_use_cases.lookups.incident("INC-2")) == before


def test_json_lines_say_the_same_as_csv(use_cases, tmp_path):
    take_in(use_cases, write_csv(tmp_path / "log.csv", LIFE))
    again = take_in(use_cases, write_jsonl(tmp_path / "log.jsonl", LIFE))
    assert (again.unchanged, again.rejected) == (1, [])


class Killed(BaseException):
    """What no import catches."""


def test_an_import_that_is_killed_half_way_goes_on_where_it_stopped(any_use_cases, tmp_path, monkeypatch):
    file = write_csv(tmp_path / "log.csv", [event(f"K-{n}", "acknowledged", "1 08:00") for n in range(10)])
    monkeypatch.setattr(importer, "_BATCH", 3)
    keep, batches = importer.write_tickets, []

    def dies(connection, folded, **how):
        kept = keep(connection, folded, **how)
        batches.append(len(folded))
        if len(batches) == 3:
            raise Killed
        return kept

    monkeypatch.setattr(importer, "write_tickets", dies)
    with pytest.raises(Killed):
        take_in(any_use_cases, file)
    assert len(any_use_cases.lookups.tickets()) == 6
    again = take_in(any_use_cases, file)
    assert (again.unchanged, again.waiting) == (6, 4)
    assert len(any_use_cases.lookups.tickets()) == 10
    assert any_use_cases.monitoring.violations() == []


@pytest.mark.parametrize(
    ("rows", "field", "reason"),
    [
        ([event("B", "sleeping", "1 08:00")], "state", "does not say what 'sleeping' means"),
        ([event("B", "closed", "1 08:00"), event("B", "closed", "1 07:00")], "at", "lies before"),
        ([event("B", "acknowledged", "1 08:00", at="yesterday")], "at", "is not a date and time"),
        ([event("B", "acknowledged", "1 08:00", at="2026-11-01T08:00:00")], "at", "has no time zone"),
        ([event("B", "acknowledged", "1 08:00", customer="")], "customer", "is missing"),
        (
            [event("B", "acknowledged", "1 08:00", customer="no reference")],
            "customer",
            "is not written as it should be",
        ),
        ([event("B", "acknowledged", "1 08:00", impact="7")], "impact", "none of 1, 2, 3"),
        ([event("B", "held", "1 08:00", owner="fate")], "owner", "none of provider, customer, third_party"),
        ([event("", "acknowledged", "1 08:00")], "reference", "is missing"),
        ([event("B", "inProgress", "1 08:00"), event("B", "acknowledged", "1 09:00")], "state", "cannot become"),
    ],
)
def test_what_means_nothing_is_in_quarantine_with_its_reason_and_the_others_are_in(
    use_cases, tmp_path, rows, field, reason
):
    good = event("GOOD", "acknowledged", "1 08:00")
    report = take_in(use_cases, write_csv(tmp_path / "log.csv", [*rows, good]))
    assert (report.waiting, len(report.rejected)) == (1, 1)
    assert report.rejected[0].field == field
    [kept] = use_cases.quarantine.entries()
    assert kept.field == f".{field}"
    assert reason in kept.reason
    take_in(use_cases, write_csv(tmp_path / "log.csv", [*rows, good]))
    assert len(use_cases.quarantine.entries()) == 1


def test_a_ticket_from_the_quarantine_can_be_mended_and_processed(use_cases, tmp_path):
    take_in(use_cases, write_csv(tmp_path / "log.csv", [event("B", "acknowledged", "1 08:00", impact="7")]))
    [kept] = use_cases.quarantine.entries()
    ticket = use_cases.quarantine.retry(kept.id, by="Kim", conf=conf(external_reference="B"))
    assert (ticket.external_reference, ticket.run_id) == ("B", "incident.B")


def test_a_log_in_any_order_of_tickets_comes_in_like_one_sorted_by_ticket(use_cases, tmp_path):
    rows = [LIFE[0], event("X", "acknowledged", "1 08:00"), *LIFE[1:]]
    report = take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    assert report.rejected == []
    assert statuses(use_cases, "INC-1")[-1] == "closed"
    again = take_in(use_cases, write_csv(tmp_path / "sorted.csv", [*LIFE, rows[1]]))
    assert (again.unchanged, again.rejected) == (2, [])


def test_a_ticket_that_says_otherwise_than_the_one_that_is_known_is_refused(use_cases, tmp_path):
    take_in(use_cases, write_csv(tmp_path / "log.csv", LIFE))
    report = take_in(use_cases, write_csv(tmp_path / "log.csv", LIFE[:3]))
    assert "has it with other contents, as TT-000001" in report.rejected[0].reason
    assert statuses(use_cases, "INC-1")[-1] == "closed"


def test_what_has_happened_since_is_appended_to_a_ticket_that_still_waits(any_use_cases, tmp_path):
    log = tmp_path / "log.csv"
    take_in(any_use_cases, write_csv(log, LIFE[:2]))
    before = any_use_cases.lookups.incident("INC-1")
    report = take_in(any_use_cases, write_csv(log, LIFE[:3]))
    assert (report.continued, report.waiting, report.rejected) == (1, 0, [])
    case = any_use_cases.lookups.incident("INC-1")
    assert case.status_history[: len(before.status_history)] == before.status_history
    assert statuses(any_use_cases, "INC-1") == ["acknowledged", "inProgress", "held", "inProgress", "pending"]
    assert case.timeline[-1].event == "Imported 1 further change from plain."
    [line] = any_use_cases.backlog.open_incidents(waiting_only=True)
    assert (line.running, line.seconds_left) == (False, 7 * 3600)  # held for the customer after an hour
    again = take_in(any_use_cases, log)
    assert (again.continued, again.unchanged) == (0, 1)
    assert any_use_cases.monitoring.violations() == []


def test_a_ticket_that_was_settled_elsewhere_leaves_the_backlog_and_comes_back_when_it_is_reopened(use_cases, tmp_path):
    log = tmp_path / "log.csv"
    take_in(use_cases, write_csv(log, LIFE[:2]))
    take_in(use_cases, write_csv(log, LIFE[:5]))
    assert use_cases.backlog.summary().waiting.total == 0
    assert use_cases.lookups.incident("INC-1").ticket.status == "resolved"
    take_in(use_cases, write_csv(log, LIFE[:6]))
    [line] = use_cases.backlog.open_incidents(waiting_only=True)
    assert (line.priority, line.clock.reopened) == ("P2", 1)
    told = [entry.event for entry in use_cases.lookups.incident("INC-1").timeline]
    assert "Reopened in the other system." in told
    assert "Priority changed from P3 to P2 in the other system." in told
    take_in(use_cases, write_csv(log, LIFE))
    assert use_cases.backlog.summary().waiting.total == 0
    assert use_cases.lookups.incident("INC-1").closed is None
    assert use_cases.monitoring.violations() == []


def test_growing_exports_end_with_the_clock_of_the_whole_log(use_cases, tmp_path):
    from include.sla_logic.persistence.sla_clocks import read_clocks

    for count in range(1, len(LIFE) + 1):
        take_in(use_cases, write_csv(tmp_path / "log.csv", LIFE[:count]))
    with use_cases.work.database.read() as connection:
        clock = read_clocks(connection, [1], as_of=datetime(2026, 11, 2, tzinfo=UTC))[1]
    assert (clock.reopened, clock.net.total_seconds()) == (1, 3 * 3600)
    assert use_cases.quarantine.entries() == []


def test_what_a_run_has_taken_is_not_changed_from_outside_and_says_so(use_cases, tmp_path):
    log = tmp_path / "log.csv"
    take_in(use_cases, write_csv(log, LIFE[:2]))
    use_cases.backlog.claim(by="sched-1", limit=9, at_most=9, carries=9)
    before = use_cases.lookups.incident("INC-1")
    report = take_in(use_cases, write_csv(log, LIFE[:3]))
    assert "TT-000001 is processed here already" in report.rejected[0].reason
    assert use_cases.lookups.incident("INC-1") == before
    assert len(use_cases.quarantine.entries()) == 1


def test_another_past_another_customer_and_a_reopened_end_are_refused_each_with_its_reason(use_cases, tmp_path):
    log = tmp_path / "log.csv"
    take_in(use_cases, write_csv(log, LIFE[:2]))
    other = [LIFE[0], event("INC-1", "inProgress", "1 08:30"), LIFE[2]]
    assert "not the beginning of this history" in take_in(use_cases, write_csv(log, other)).rejected[0].reason
    moved = [row | {"customer": "C-7"} for row in LIFE[:3]]
    assert "for C-1 and S-1" in take_in(use_cases, write_csv(log, moved)).rejected[0].reason
    ended = [LIFE[0], event("INC-2", "closed", "1 09:00"), event("INC-2", "inProgress", "1 10:00")]
    take_in(use_cases, write_csv(log, ended[1:2]))
    assert (
        "which is final; elsewhere it was left again"
        in take_in(use_cases, write_csv(log, ended[1:])).rejected[0].reason
    )


def test_a_notification_that_came_in_before_is_not_imported_over(use_cases, tmp_path):
    use_cases.incidents.accept(conf(external_reference="INC-1"), run_id="incident.INC-1", origin="test")
    report = take_in(use_cases, write_csv(tmp_path / "log.csv", LIFE))
    assert (report.history, len(report.rejected)) == (0, 1)


def test_only_what_had_happened_by_then_is_imported_with_until(use_cases, tmp_path):
    rows = [*LIFE, event("LATER", "acknowledged", "2 08:00")]
    until = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
    report = take_in(use_cases, write_csv(tmp_path / "log.csv", rows), until=until)
    assert (report.waiting, report.history, report.later) == (1, 0, 1)
    assert statuses(use_cases, "INC-1") == ["acknowledged", "inProgress", "pending"]


def test_of_reports_alone_every_ticket_waits_whatever_became_of_it(use_cases, tmp_path):
    report = take_in(use_cases, write_csv(tmp_path / "log.csv", LIFE), reports_only=True)
    assert (report.waiting, report.history) == (1, 0)
    assert statuses(use_cases, "INC-1") == ["acknowledged"]


def test_what_is_in_progress_elsewhere_is_held_here_until_a_run_takes_it(use_cases, tmp_path):
    take_in(use_cases, write_csv(tmp_path / "log.csv", LIFE[:2]))
    assert statuses(use_cases, "INC-1") == ["acknowledged", "inProgress", "held"]
    assert use_cases.lookups.incident("INC-1").status_history[-1].reason == "Waits in the backlog."


def test_a_final_state_that_was_left_again_is_kept_as_a_resolution(use_cases, tmp_path):
    rows = [
        event("R", "closed", "1 08:00"),
        event("R", "inProgress", "1 09:00"),
        event("R", "cancelled", "1 10:00"),
    ]
    take_in(use_cases, write_csv(tmp_path / "log.csv", rows))
    assert statuses(use_cases, "R") == ["acknowledged", "inProgress", "resolved", "inProgress", "cancelled"]
    assert use_cases.monitoring.violations() == []


def test_an_operators_own_mapping_needs_no_code(use_cases, tmp_path):
    mapping = tmp_path / "ours.yaml"
    mapping.write_text(
        """
title: Our helpdesk
layout: csv
missing: ["", "-"]
reference: {column: Nr, prefix: "HD-"}
at: {column: When, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
state: [State]
states: {neu: acknowledged, wartet: {status: pending, owner: customer}, fertig: closed}
fields:
  customer: {column: Who, slug: true}
  service: {value: S-1}
  symptom: {value: other}
  description: {text: "Reported by $Who, problem $What."}
"""
    )
    log = tmp_path / "ours.csv"
    log.write_text("Nr,When,State,Who,What\n7,01.11.2026 09:00,neu,C-1,-\n7,01.11.2026 10:00,wartet,C-1,slow\n")
    report = take_in(use_cases, log, mapping=str(mapping))
    assert (report.waiting, report.rejected) == (1, [])
    case = use_cases.lookups.incident("HD-7")
    assert case.ticket.created_at == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert case.document(ProblemNotification).description == "Reported by C-1, problem slow."


def test_a_local_time_that_summer_time_repeats_is_refused_and_not_guessed(use_cases, tmp_path):
    mapping = tmp_path / "local.yaml"
    text = (
        "title: t\nreference: nr\nat: {column: at, format: '%Y-%m-%d %H:%M', zone: Europe/Berlin}\nstate: [s]\n"
        "states: {new: acknowledged}\nfields: {customer: {value: C-1}, service: {value: S-1}, symptom: {value: other},"
        " description: {value: d}}\n"
    )
    mapping.write_text(text)
    log = tmp_path / "local.csv"
    log.write_text("nr,at,s\n1,2026-10-25 02:30,new\n")
    report = take_in(use_cases, log, mapping=str(mapping))
    assert "repeated by the change of summer time" in report.rejected[0].reason


def test_mappings_and_files_that_are_none_are_refused_with_the_place(tmp_path, use_cases):
    assert shipped_ticket_mappings() == ["jira", "plain", "servicenow", "vinst", "zammad"]
    with pytest.raises(UnableToReadMapping, match="shipped are jira, plain, servicenow, vinst, zammad"):
        read_ticket_mapping("remedy")
    bad = tmp_path / "bad.yaml"
    bad.write_text("title: x\nreference: a\nat: b\nstate: [s]\nstates: {x: asleep}\nfields: {}\n")
    with pytest.raises(UnableToReadMapping, match=r"states\.x\.status"):
        read_ticket_mapping(str(bad))
    with pytest.raises(UnableToReadFile):
        take_in(use_cases, tmp_path / "missing.csv")


def test_an_imported_ticket_has_the_run_id_that_every_other_way_in_would_give_it():
    notification = ProblemNotification.model_validate(conf(external_reference="INC-1"))
    assert run_of("INC-1") == run_id_of(notification)

"""The process log has what the database has, in each form; without `--names` it names nobody."""

import csv
import io
import json
import re
from datetime import datetime, timedelta
from xml.etree.ElementTree import fromstring

import pytest
from sqlalchemy import func, insert, select, text
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.persistence import process_log as portions
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits as credits_
from include.sla_logic.persistence.schema.columns import metadata
from include.sla_logic.persistence.schema.installation import installation
from include.sla_logic.persistence.schema.problems import service_problem_tickets, service_problems
from include.sla_logic.persistence.schema.settlement import settlement_rounds
from include.sla_logic.persistence.schema.system_t import (
    audit,
    outbox,
    restorations,
    steps,
    ticket_status_history,
    tickets,
)
from include.sla_logic.process.graph import END, FIRST, STEPS
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.services.process_log import UnableToReadPeriod
from tests.hostile import TEXTS
from tests.web.desk_sample import HELD
from tests.web.log_readers import READERS, checked
from tests.web.log_readers import of_ocel as read_ocel

FORMS = sorted(READERS)
PERSON, REASON = "Olga Operator", "Called Hanse Terminal Logistics first."
ODD = "NUL \x00, bell \x07, half a pair \ud800, not a letter \ufffe, \u202eturned, and \U0001f4a1"
# each table: how events are named, and the columns whose moments are events
SOURCES = [
    ("step", steps, ["done_at"]),
    ("status", ticket_status_history, ["at"]),
    ("wait", restorations, ["opened_at", "sent_at", "rejected_at", "decided_at"]),
    ("message", outbox, ["created_at", "sent_at"]),
    ("act", audit, ["at"]),
    ("credit", credits_, ["recorded_at", "claimed_at", "decided_at", "posted_at", "paid_out_at"]),
    ("tie", service_problem_tickets, ["tied_at"]),
    ("problem", service_problems, ["opened_at", "released_at", "closed_at"]),
    ("round", settlement_rounds, ["recorded_at"]),
]


def exported(use_cases: UseCases, form: str = "ocel2", **asked: object) -> str:
    out = io.StringIO(newline="")
    use_cases.process_log.write(out, form, **asked)
    return out.getvalue()


@pytest.fixture(scope="module")
def sample(built_sample, tmp_path_factory):
    """Release what waits, so that a person has acted, and note what belongs to no incident."""
    sample = built_sample.again(tmp_path_factory.mktemp("log"))
    sample.use_cases.restorations.release(sample.tickets[HELD], by=PERSON, reason=REASON)
    act = {"at": sample.clock.now, "actor": PERSON, "action": "report sent", "subject": "C-1001", "detail": REASON}
    with sample.use_cases.work.writing() as connection:
        connection.execute(insert(audit), [act, {**act, "subject": "TT-999999"}])
    return sample


@pytest.fixture(scope="module")
def logs(sample) -> dict[str, str]:
    return {form: exported(sample.use_cases, form) for form in FORMS}


@pytest.mark.parametrize("form", FORMS)
def test_each_row_of_the_database_is_in_the_log_as_often_as_it_says_when(sample, logs, form):
    told = READERS[form](logs[form])
    with sample.use_cases.work.reading() as connection:
        for source, table, moments in SOURCES:
            counted = connection.execute(select(*(func.count(table.c[name]) for name in moments))).one()
            found = [event for event in told if event.id.startswith(f"{source}:")]
            assert len(found) == sum(counted), source
            kept = [at for name in moments for at in connection.scalars(select(table.c[name])) if at is not None]
            assert sorted(datetime.fromisoformat(event.at) for event in found) == sorted(kept), source
    assert {event.id.partition(":")[0] for event in told} == {source for source, *_ in SOURCES}


def test_the_three_forms_tell_the_same_events_in_the_same_order(logs):
    first, *others = [READERS[form](logs[form]) for form in FORMS]
    assert all(told == first for told in others)
    assert len({event.id for event in first}) == len(first)


def test_the_events_of_an_incident_come_in_the_order_of_their_times_and_its_steps_as_they_were_taken(sample, logs):
    told = read_ocel(logs["ocel2"])
    for key, ticket in sample.tickets.items():
        mine = [event for event in told if event.incident == ticket]
        assert [event.at for event in mine] == sorted(event.at for event in mine)
        path = sample.use_cases.lookups.incident(ticket).tasks
        assert tuple(event.activity for event in mine if event.id.startswith("step:")) == path, key


def test_exporting_again_gives_the_same_bytes_however_the_portions_are_cut(sample, logs, monkeypatch):
    monkeypatch.setattr(portions, "AT_ONCE", 8)
    assert {form: exported(sample.use_cases, form) for form in FORMS} == logs


def test_without_names_the_log_names_no_customer_no_person_and_no_text(sample, logs):
    with sample.use_cases.work.reading() as connection:
        customers = connection.execute(select(t.customers.c.id, t.customers.c.name)).all()
        key = connection.scalar(select(installation.c.pseudonym_key))
        walked = set(connection.scalars(select(tickets.c.customer)))
    secrets = [*(each for row in customers for each in row), key, PERSON, REASON, "DEMO-PREMIUM"]
    for form in FORMS:
        words = set(re.findall(r"[\w-]+", logs[form]))
        assert [secret for secret in secrets if secret in words or (" " in secret and secret in logs[form])] == []
        with_names = exported(sample.use_cases, form, names=True)
        assert [secret for secret in (*walked, PERSON, REASON) if secret not in with_names] == []


def test_a_pseudonym_is_the_same_in_each_log_and_another_in_another_installation(built_sample, tmp_path):
    use_cases = built_sample.again(tmp_path).use_cases

    def customers():
        return {o["id"] for o in checked(exported(use_cases))["objects"] if o["type"] == "customer"}

    here = customers()
    assert here == customers()
    with use_cases.work.reading() as connection:
        known = connection.scalar(select(func.count()).select_from(t.customers))
    assert 13 <= len(here) <= known
    with use_cases.work.writing() as connection:
        connection.execute(installation.update().values(pseudonym_key="0" * 64))
    assert customers().isdisjoint(here)


def test_each_incident_is_related_to_its_customer_service_contract_credits_letters_and_cause(sample):
    log = checked(exported(sample.use_cases, names=True))
    objects = {o["id"]: o for o in log["objects"]}
    assert {kind["name"] for kind in log["objectTypes"]} == {o["type"] for o in log["objects"]}
    incident = objects["incident:TT-000001"]
    related = {(r["objectId"], r["qualifier"]) for r in incident["relationships"]}
    assert {("customer:C-1001", "reported by"), ("service:S-1001", "about")} < related
    assert [q for o, q in related if o.startswith("contract:")] == ["under"]
    mine = [o for o in log["objects"] if {"objectId": "incident:TT-000001", "qualifier": "of"} in o["relationships"]]
    assert sorted(o["type"] for o in mine) == ["credit", "letter"]
    tied = [e for e in log["events"] if e["type"] == "tied to service problem" and e["id"].startswith("tie:1:")]
    assert [
        r["qualifier"] for e in tied for r in e["relationships"] if r["objectId"] == "service problem:SP-000001"
    ] == ["caused by"]
    assert objects["service problem:SP-000001"]["relationships"] == [
        {"objectId": "resource:R-1001-link", "qualifier": "at"}
    ]
    assert {"name": "name", "value": "Hanse Terminal Logistics", "time": "1970-01-01T00:00:00.000000+00:00"} in objects[
        "customer:C-1001"
    ]["attributes"]


def test_the_period_takes_what_was_reported_from_then_on_and_nothing_of_its_end(sample):
    with sample.use_cases.work.reading() as connection:
        reported = dict(connection.execute(select(tickets.c.number, tickets.c.created_at)).all())
    at, others = reported[1], {n for n, created in reported.items() if created == reported[1]}
    told = read_ocel(exported(sample.use_cases, since=at, until=at + timedelta(microseconds=1)))
    assert {event.incident for event in told if event.incident} == {f"TT-{n:06d}" for n in others}
    assert {event.incident for event in read_ocel(exported(sample.use_cases, until=at))} <= {""}
    with pytest.raises(UnableToReadPeriod, match="is empty"):
        exported(sample.use_cases, since=at, until=at)


def test_hostile_texts_are_read_back_as_they_are_and_what_no_file_may_hold_as_escapes(built_sample, tmp_path):
    sample = built_sample.again(tmp_path)
    words = [*TEXTS.values(), ODD]
    rows = [
        {"at": sample.clock.now, "actor": w, "action": "tested", "subject": "TT-000001", "detail": w}
        for w in words[:-1]
    ]
    with sample.use_cases.work.writing() as connection:
        connection.execute(insert(audit), rows)
        odd = {**rows[0], "actor": ODD.replace("\ud800", ""), "detail": ODD.replace("\ud800", "")}
        connection.execute(insert(audit), [odd])
    ocel = [e for e in checked(exported(sample.use_cases, names=True))["events"] if e["type"] == "tested"]
    xes = fromstring(exported(sample.use_cases, "xes", names=True).encode())  # noqa: S314 - our own
    table = list(csv.DictReader(io.StringIO(exported(sample.use_cases, "csv", names=True), newline="")))
    expected = [*words[:-1], r"NUL \x00, bell \x07, half a pair , not a letter \ufffe, " + ODD[ODD.index("\u202e") :]]
    reasons = [next(a["value"] for a in e["attributes"] if a["name"] == "reason") for e in ocel]
    assert reasons == expected
    told = [{a.get("key"): a.get("value") for a in event} for event in xes.iter("event")]
    assert [e["reason"] for e in told if e["concept:name"] == "tested"] == expected
    cells = [row["reason"] for row in table if row["activity"] == "tested"]
    assert all(cell in {word, f"'{word}"} for cell, word in zip(cells, expected, strict=True))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in table for cell in row.values())


def test_the_command_writes_a_file_for_its_owner_alone_and_leaves_none_that_is_cut_off(sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELECO_DB_URL", sample.use_cases.work.settings.database_url)
    done = CliRunner().invoke(
        app, ["export", "events", "--format", "xes", "--from", "2026-11-01", "--to", "2026-12-01"]
    )
    assert done.exit_code == 0, done.output
    file = tmp_path / "process-log.xes"
    assert file.stat().st_mode & 0o777 == 0o600
    assert f"has {len(READERS['xes'](file.read_text('utf-8')))} events" in done.output
    assert CliRunner().invoke(app, ["export", "events", "--format", "pdf"]).exit_code == 2
    failed = CliRunner().invoke(app, ["export", "events", "--from", "2026-12-01", "--to", "2026-11-01"])
    assert (failed.exit_code, [path.name for path in tmp_path.iterdir()]) == (1, ["process-log.xes"])


def test_every_path_of_the_sample_conforms(sample, monkeypatch):
    found = sample.use_cases.conformance.of()
    assert (found.share_of_incidents, found.share_of_events, found.deviations) == (1, 1, ())
    with sample.use_cases.work.reading() as connection:
        counted = connection.execute(
            select(func.count(steps.c.ticket.distinct()), func.count()).where(steps.c.task.in_(list(STEPS)))
        ).one()
    assert (found.incidents, found.events) == tuple(counted) == (found.incidents_that_fit, found.events_that_fit)
    monkeypatch.setenv("TELECO_DB_URL", sample.use_cases.work.settings.database_url)
    printed = CliRunner().invoke(app, ["conformance", "--json"])
    assert json.loads(printed.output)["share_of_incidents"] == "1.0000"
    none = CliRunner().invoke(app, ["conformance", "--to", "2020-01-01"])
    assert "No incident that was reported in this time" in none.output


def test_a_log_with_any_step_taken_out_conforms_less_and_the_step_behind_the_gap_is_named(built_sample, tmp_path):
    sample = built_sample.again(tmp_path)
    ticket = sample.tickets["too_late"]
    path = sample.use_cases.lookups.incident(ticket).tasks
    whole = sample.use_cases.conformance.of()
    with sample.use_cases.work.database.write() as connection:
        for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f'DROP TRIGGER "{row.name}"'))
    number = int(ticket[3:])
    for step in path:
        mine = (steps.c.ticket == number) & (steps.c.task == step)
        with sample.use_cases.work.database.write() as connection:
            kept = connection.execute(select(steps).where(mine)).one()._asdict()
            connection.execute(steps.delete().where(mine))
        found = sample.use_cases.conformance.of()
        with sample.use_cases.work.database.write() as connection:
            connection.execute(insert(steps), [kept])
        if step == END:  # as if it had not ended yet
            assert found.deviations == ()
            continue
        assert found.share_of_incidents < 1
        assert found.share_of_events < 1
        assert found.events == whole.events - 1
        assert {one.ticket for one in found.deviations} == {ticket}
        said = [one.says for one in found.deviations]
        assert any("to which nothing had led" in each for each in said), step
        assert (step == FIRST) == (f"has done {path[1]}, to which nothing had led" in said)


@pytest.mark.more
def test_postgresql_tells_the_same_log_as_sqlite(sample, logs, postgres_url, tmp_path):
    there = UseCases(Settings(postgres_url, tmp_path), clock=sample.clock)
    copy_of(sample.use_cases, there)
    assert {form: exported(there, form) for form in FORMS} == logs
    assert there.conformance.of() == sample.use_cases.conformance.of()


def copy_of(source: UseCases, target: UseCases) -> None:
    """Copy all rows but the samples, which no log needs, and the counts, which the database itself keeps."""
    left_out = {"samples", "ticket_counts", "ticket_count_changes"}
    with source.work.reading() as here, target.work.writing() as there:
        there.execute(installation.delete())
        for table in metadata.sorted_tables:
            if table.name not in left_out and (rows := [dict(row._mapping) for row in here.execute(select(table))]):
                there.execute(insert(table), rows)

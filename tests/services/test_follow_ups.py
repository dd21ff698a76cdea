"""An incident that its run has left open has a way to its end, and its money is paid once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from include.sla_logic import services
from include.sla_logic.cli import app
from include.sla_logic.domain.customer_report import CreditState, CustomerReport, NextStep
from include.sla_logic.domain.follow_up import Basis, FollowUpState
from include.sla_logic.domain.trouble_ticket import TicketStatus, UnableToMoveTicket
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.process.following_up import UnableToFollowUp
from include.sla_logic.process.graph import WAIT
from tests.use_case_fixtures import POSTGRES
from tests.web.desk_sample import HERE, Sample, client_of

ANN = {"by": "ann", "reason": "seen on site"}


@pytest.fixture
def own(loaded_sample: Sample, tmp_path: Path) -> Sample:
    return loaded_sample.again(tmp_path)


@pytest.fixture(scope="session")
def loaded_sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return Sample(tmp_path_factory.mktemp("loaded"))


@pytest.fixture(scope="session")
def walked_late(loaded_sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Leave one incident escalated: its restoration request came too late, its outage goes on, its cause is a card."""
    sample = loaded_sample.again(tmp_path_factory.mktemp("late"))
    sample.walk("too_late")
    sample.clock.now += timedelta(hours=3)
    return sample


@pytest.fixture
def late(walked_late: Sample, tmp_path: Path) -> Sample:
    return walked_late.again(tmp_path)


def ticket_of(sample: Sample, key: str = "too_late") -> str:
    return sample.tickets[key]


def case_of(sample: Sample, key: str = "too_late"):
    return sample.use_cases.lookups.incident(ticket_of(sample, key))


def repair(sample: Sample, key: str = "too_late", *, after: timedelta = timedelta(hours=1)):
    """Let the network be sound and the outage have ended a while after the report, as imports would say."""
    case, now = case_of(sample, key), sample.clock.now
    with sample.use_cases.work.database.write() as connection:
        connection.execute(update(t.resource_faults).values(cured_at=now))
        open_ = (t.outages.c.service == case.ticket.service) & t.outages.c.ended_at.is_(None)
        connection.execute(update(t.outages).where(open_).values(ended_at=case.closed.closed_at + after))


def booked(sample: Sample, key: str = "too_late"):
    with sample.use_cases.work.reading() as connection:
        mine = applied_billing_credits.c.ticket == ticket_of(sample, key)
        return connection.execute(select(applied_billing_credits).where(mine).order_by("id")).all()


def letters(sample: Sample, key: str = "too_late"):
    return [m for m in sample.use_cases.outbox.messages(ticket=ticket_of(sample, key)) if m.kind == "mail"]


def sound(sample: Sample) -> bool:
    return list(sample.use_cases.monitoring.violations()) == []


def test_while_the_run_is_under_way_it_decides(own):
    ticket = own.walk("held_and_released", until=WAIT).id
    acts, before = own.use_cases.follow_ups, own.use_cases.lookups.incident(ticket)
    for act in (
        lambda: acts.record(ticket, done="x", done_at=own.clock.now, by="ann"),
        lambda: acts.measure(ticket, **ANN),
        lambda: acts.resolve(ticket, basis=Basis.REASON, **ANN),
        lambda: acts.reopen(ticket, **ANN),
        lambda: acts.write(ticket, **ANN),
    ):
        with pytest.raises(UnableToFollowUp, match="still under way"):
            act()
    after = own.use_cases.lookups.incident(ticket)
    assert (after.timeline, after.audit, after.documents) == (before.timeline, before.audit, before.documents)


def test_an_escalated_incident_is_repaired_measured_resolved_and_told(late):
    ticket, acts = ticket_of(late), late.use_cases.follow_ups
    acts.record(ticket, done="Changed the card in rack 7.", done_at=late.clock.now - timedelta(minutes=5), by="ann")
    with pytest.raises(UnableToFollowUp, match="not measured again"):
        acts.resolve(ticket, basis=Basis.MEASUREMENT, **ANN)
    acts.measure(ticket, **ANN)
    with pytest.raises(UnableToFollowUp, match="does not show that the service works: availability: measured 0"):
        acts.resolve(ticket, basis=Basis.MEASUREMENT, **ANN)
    repair(late)
    acts.measure(ticket, **ANN)
    assert acts.resolve(ticket, basis=Basis.MEASUREMENT, **ANN).status is TicketStatus.RESOLVED

    case, told = case_of(late), case_of(late).document(CustomerReport)
    assert [change.status for change in case.status_history][-2:] == ["inProgress", "resolved"]
    assert told.follow_up.state is FollowUpState.WORKS_AGAIN
    assert NextStep.SPECIALISTS_CONTINUE not in told.next_steps
    assert [act.action for act in case.audit] == ["work recorded", *["measured again"] * 2, "incident resolved"]
    assert [act.actor for act in case.audit] == ["ann"] * 4
    text = late.use_cases.letters.as_text(ticket)
    assert "works again" in text
    assert "Our specialists worked on your service." in text
    assert "rack 7" not in text  # what people write for each other is not for the customer
    assert "not yet restored" not in text
    assert len(letters(late)) == 2
    assert sound(late)


@pytest.fixture
def sla(late, monkeypatch):
    """Run a command on the incident that was left open, as ann, at the moment of the sample."""
    monkeypatch.setattr(services, "UseCases", lambda _settings: late.use_cases)

    def run(name: str, *words: object, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["incident", name, ticket_of(late), *map(str, words), "--by", "ann"])
        assert done.exit_code == code, done.output
        return " ".join((done.output if code else done.stdout).split())

    return run


def test_the_commands_lead_an_incident_that_was_left_open_to_its_end_and_open_it_again(late, sla):
    ticket, why = ticket_of(late), ("--reason", "seen on site")
    at = late.clock.now - timedelta(minutes=5)
    said = sla("record", "--done", "Changed the card in rack 7.", "--done-at", at.isoformat())
    assert said == f"The work on {ticket} is recorded."
    assert "not measured again" in sla("resolve", "--basis", "measurement", *why, code=1)
    assert "measured 0" in sla("measure", *why)
    assert "does not show that the service works" in sla("resolve", "--basis", "measurement", *why, code=1)
    repair(late)
    sla("measure", *why)
    assert sla("resolve", "--basis", "measurement", *why) == f"{ticket} is resolved."
    assert case_of(late).ticket.status is TicketStatus.RESOLVED
    assert "resolved already" in sla("resolve", "--basis", "reason", *why, code=1)
    assert sla("reopen", *why) == f"{ticket} is open again; nothing was written to the customer."
    assert case_of(late).ticket.status is TicketStatus.IN_PROGRESS
    assert len(letters(late)) == 2
    assert sla("write", *why) == f"The letter about {ticket} is in the outbox."
    assert len(letters(late)) == 3
    assert [act.action for act in case_of(late).audit] == [
        "work recorded",
        *["measured again"] * 2,
        "incident resolved",
        "incident reopened",
        "customer written to again",
    ]
    assert {act.actor.partition(",")[0] for act in case_of(late).audit} == {"ann"}  # with the account, if another
    assert sound(late)


def test_a_command_names_what_it_cannot_read_and_changes_nothing(late, sla):
    before = case_of(late)
    assert "is no instant" in sla("record", "--done", "x", "--done-at", "yesterday", code=1)
    later = late.clock.now + timedelta(hours=1)
    assert "lies between" in sla("record", "--done", "x", "--done-at", later.isoformat(), code=1)
    assert "guess" in sla("resolve", "--basis", "guess", "--reason", "x", code=2)
    after = case_of(late)
    assert (after.timeline, after.audit, after.documents) == (before.timeline, before.audit, before.documents)


def test_nothing_is_done_twice(late):
    ticket, acts = ticket_of(late), late.use_cases.follow_ups
    done = {"done": "Changed the card.", "done_at": late.clock.now, "by": "ann"}
    for _ in range(2):
        acts.record(ticket, **done)
    assert [act.action for act in case_of(late).audit] == ["work recorded"]
    acts.resolve(ticket, basis=Basis.REASON, **ANN)
    with pytest.raises(UnableToFollowUp, match="resolved already"):
        acts.resolve(ticket, basis=Basis.REASON, **ANN)
    with pytest.raises(UnableToFollowUp, match="nothing was recorded"):
        acts.write(ticket, **ANN)
    assert len(letters(late)) == 2
    assert sound(late)


def test_what_the_customer_contests_is_news_for_a_letter_once(late):
    ticket, acts = ticket_of(late), late.use_cases.follow_ups
    acts.resolve(ticket, basis=Basis.REASON, **ANN)
    late.clock.now += timedelta(minutes=1)
    late.use_cases.disputes.record(ticket, contested="outages", words="It was down for longer.", by="ann")
    late.clock.now += timedelta(minutes=1)
    acts.write(ticket, **ANN)
    assert "It was down for longer." in late.use_cases.letters.as_text(ticket)
    with pytest.raises(UnableToFollowUp, match="nothing was recorded"):
        acts.write(ticket, **ANN)
    assert len(letters(late)) == 3


@pytest.mark.parametrize("hours", [-100, 1])
def test_work_lies_between_the_problem_and_now(late, hours):
    with pytest.raises(UnableToFollowUp, match="lies between"):
        late.use_cases.follow_ups.record(
            ticket_of(late), done="x", done_at=late.clock.now + timedelta(hours=hours), by="ann"
        )


def test_an_outage_that_went_on_is_paid_once_and_told_with_the_resolution(late):
    [first] = booked(late)
    repair(late, after=timedelta(days=4))
    late.clock.now += timedelta(days=5)
    late.use_cases.follow_ups.resolve(ticket_of(late), basis=Basis.REASON, **ANN)
    first_again, second = booked(late)
    assert first_again == first
    assert (second.id, second.state) == (f"{first.id}:2", "booked")
    assert second.gross > first.gross
    assert first.amount + second.amount == second.gross  # what the window owes now, and no cent more

    told = case_of(late).document(CustomerReport)
    assert told.credit.state is CreditState.PROVISIONAL
    assert told.credit.amount.amount * 100 == second.amount
    assert "Credited to you before" in late.use_cases.letters.as_text(ticket_of(late))
    assert sound(late)
    late.use_cases.follow_ups.reopen(ticket_of(late), **ANN)
    late.use_cases.follow_ups.resolve(ticket_of(late), basis=Basis.REASON, **ANN)
    assert booked(late) == [first, second]


def test_what_was_measured_before_it_was_reopened_resolves_nothing(late):
    ticket, acts = ticket_of(late), late.use_cases.follow_ups
    repair(late)
    acts.measure(ticket, **ANN)
    acts.resolve(ticket, basis=Basis.MEASUREMENT, **ANN)
    acts.reopen(ticket, **ANN)
    with pytest.raises(UnableToMoveTicket):
        acts.reopen(ticket, **ANN)
    with pytest.raises(UnableToFollowUp, match="Measure again"):
        acts.resolve(ticket, basis=Basis.MEASUREMENT, **ANN)
    acts.write(ticket, **ANN)
    told = case_of(late).document(CustomerReport)
    assert told.follow_up.state is FollowUpState.REOPENED
    assert NextStep.WRITE_AGAIN in told.next_steps
    assert "is open again" in late.use_cases.letters.as_text(ticket)
    assert sound(late)


def test_a_letter_says_that_the_service_works_only_where_the_newest_measurement_says_so(late):
    ticket, acts = ticket_of(late), late.use_cases.follow_ups
    acts.resolve(ticket, basis=Basis.REASON, **ANN)
    text = late.use_cases.letters.as_text(ticket)
    assert "No measurement of ours confirms" in " ".join(text.split())
    assert "works again" not in text


def test_no_letter_calls_an_incident_over_against_the_newest_measurement(late):
    ticket, acts = ticket_of(late), late.use_cases.follow_ups
    acts.resolve(ticket, basis=Basis.REASON, **ANN)
    late.clock.now += timedelta(hours=1)
    acts.measure(ticket, **ANN)
    with pytest.raises(UnableToFollowUp, match=r"availability: measured 0.*Reopen it"):
        acts.write(ticket, **ANN)
    assert len(letters(late)) == 2
    acts.reopen(ticket, **ANN)
    acts.write(ticket, **ANN)
    assert case_of(late).document(CustomerReport).follow_up.state is FollowUpState.REOPENED


def test_the_ticket_of_the_extra_process_ends_with_its_parent_or_alone(own):
    own.walk("premium")
    parent, acts = case_of(own, "premium"), own.use_cases.follow_ups
    [child] = parent.children
    for act in (acts.measure, acts.write):
        with pytest.raises(UnableToFollowUp, match=f"do this at {parent.ticket.id}"):
            act(child, **ANN)
    acts.reopen(parent.ticket.id, **ANN)
    acts.resolve(parent.ticket.id, basis=Basis.REASON, with_children=True, **ANN)
    case = own.use_cases.lookups.incident(child)
    assert [change.status for change in case.status_history] == ["acknowledged", "inProgress", "resolved"]
    assert f"with {parent.ticket.id}: seen on site" in case.audit[-1].detail + case.timeline[-1].event
    acts.reopen(child, **ANN)
    acts.record(child, done="Checked the route.", done_at=own.clock.now, by="ann")
    acts.resolve(child, basis=Basis.REASON, **ANN)
    assert own.use_cases.lookups.incident(child).ticket.status is TicketStatus.RESOLVED
    assert sound(own)


@pytest.mark.parametrize("kind", ["sqlite", POSTGRES])
def test_of_two_people_one_resolves_it(kind, request, tmp_path):
    if kind == "sqlite":
        sample = request.getfixturevalue("late")
    else:
        sample = Sample(tmp_path, url=request.getfixturevalue("postgres_url"))
        sample.walk("too_late")
    ticket, meet = ticket_of(sample), Barrier(2)

    def resolve(who: str) -> str:
        meet.wait()
        try:
            sample.use_cases.follow_ups.resolve(ticket, basis=Basis.REASON, by=who, reason="seen on site")
        except UnableToFollowUp as refused:
            return str(refused)
        return who

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(resolve, ["ann", "ben"]))
    assert said[0] == f"{ticket} is resolved already."
    assert said[1] in {"ann", "ben"}
    assert len(letters(sample)) == 2
    assert sound(sample)


def test_the_desk_and_the_api_offer_what_can_be_done(late):
    ticket = ticket_of(late)
    with client_of(late) as client:
        page = client.get(f"/incidents/{ticket}").text
        assert all(f"/acts/ticket/{ticket}/{name}" in page for name in ("record", "measure", "resolve", "write"))
        assert f"/acts/ticket/{ticket}/reopen" not in page
        form = {"reason": "Changed the card.", "done_at": f"{late.clock.now:%Y-%m-%dT%H:%M}"}
        assert client.post(f"/acts/ticket/{ticket}/record", data=form, headers=HERE).status_code == 303
        assert client.post(f"/acts/ticket/{ticket}/record", data={"reason": "x"}, headers=HERE).status_code == 422
        late_form = form | {"done_at": "2999-01-01T10:00"}
        assert (
            'value="2999-01-01T10:00"'
            in client.post(f"/acts/ticket/{ticket}/record", data=late_form, headers=HERE).text
        )
        assert client.post(f"/acts/ticket/{ticket}/resolve", data={"reason": "x"}, headers=HERE).status_code == 422
        measured = {"reason": "x", "basis": "measurement"}
        refused = client.post(f"/acts/ticket/{ticket}/resolve", data=measured, headers=HERE).text
        assert 'value="measurement" checked' in refused
        place = f"/api/v1/acts/ticket/{ticket}"
        asked = {"reason": "it works", "basis": "reason", "with_children": "yes"}
        assert client.post(f"{place}/resolve", json=asked, headers=HERE).json() == {
            "done": "incident_resolved",
            "ticket": ticket,
        }
        assert client.post(f"{place}/resolve", json=asked, headers=HERE).status_code == 409
        page = client.get(f"/incidents/{ticket}?done=incident_resolved").text
        assert "the letter to the customer is in the outbox" in page
        assert f"/acts/ticket/{ticket}/reopen" in page
    with client_of(late, "reader") as client:
        assert client.post(f"/acts/ticket/{ticket}/reopen", data={"reason": "x"}, headers=HERE).status_code == 403

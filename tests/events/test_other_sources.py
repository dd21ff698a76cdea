"""Events come from wherever tickets change: imports, priorities, notes; operators look at listeners at the terminal."""

import json

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from tests.backlog.logs import event, take_in, write_csv

CREATED, STATUS = "TroubleTicketCreateEvent", "TroubleTicketStatusChangeEvent"
CHANGED, RESOLVED = "TroubleTicketAttributeValueChangeEvent", "TroubleTicketResolvedEvent"


def bring(partners, folder, *rows) -> None:
    take_in(partners.use_cases, write_csv(folder / "log.csv", rows))


def test_an_imported_ticket_is_told_when_it_comes_and_when_it_goes_on_elsewhere(partners, listener, tmp_path):
    partners.register(listener.url)
    opened = event("W-1", "acknowledged", "1 10:00")
    bring(partners, tmp_path, opened)
    bring(partners, tmp_path, opened, event("W-1", "inProgress", "1 11:00"), event("W-1", "resolved", "1 12:00"))
    partners.housekeeping(2)
    [ticket] = {one["correlationId"] for one in listener.told}
    assert listener.types[0] == CREATED
    assert listener.types[-2:] == [STATUS, RESOLVED]
    assert listener.of(ticket)[-1] == "resolved"
    last = listener.told[-1]["event"]["troubleTicket"]
    assert last["resolutionDate"] == "2026-11-01T12:00:00Z"


def test_tickets_that_were_settled_elsewhere_long_ago_are_not_told(partners, listener, tmp_path):
    partners.register(listener.url)
    rows = [event("W-1", "acknowledged", "1 10:00"), event("W-1", "inProgress", "1 11:00")]
    bring(partners, tmp_path, *rows, event("W-1", "resolved", "1 12:00"), event("W-1", "closed", "1 13:00"))
    partners.housekeeping()
    assert listener.told == []


def test_the_note_of_an_event_is_the_one_that_is_read_later(partners, listener):
    partners.register(listener.url)
    ticket = partners.open(1)
    partners.use_cases.team.note(ticket, "For colleagues alone.", by="Otto")
    partners.use_cases.team.message(ticket, "We come on Monday.", by="Otto")
    partners.housekeeping()
    assert listener.types == [CREATED, CHANGED]
    [note] = listener.told[-1]["event"]["troubleTicket"]["note"]
    assert (note["id"], note["text"]) == ("2", "We come on Monday.")
    assert "Otto" not in json.dumps(listener.told)
    assert "colleagues" not in json.dumps(listener.told)


@pytest.fixture
def terminal(partners, monkeypatch: pytest.MonkeyPatch):
    """Type `sla` on the database of the partners."""
    monkeypatch.setenv("TELECO_DB_URL", partners.use_cases.work.settings.database_url)
    monkeypatch.setenv("TELECO_OPEN_APIS", str(partners.file))

    def sla(*words: str):
        return CliRunner().invoke(app, list(words))

    return sla


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
def test_operators_see_resume_and_remove_listeners(partners, listener, terminal):
    assert "Nobody listens" in terminal("listener", "list").output
    partners.register(f"{listener.url}?secret=1")
    shown = json.loads(terminal("listener", "list", "--json").output)
    assert (shown[0]["id"], shown[0]["unsent"], shown[0]["callback"]) == (1, 0, listener.origin)
    refused = terminal("listener", "resume", "1", "--reason", "x")
    assert (refused.exit_code, "is not suspended" in refused.output) == (1, True)
    assert terminal("listener", "remove", "7", "--reason", "x").exit_code == 1
    assert "Listener 1 is removed: 0 messages" in terminal("listener", "remove", "1", "--reason", "ended").output
    assert "secret" not in terminal("listener", "list").output


@pytest.mark.parametrize("any_url", ["sqlite"], indirect=True)
def test_the_doctor_warns_of_a_listener_that_does_not_answer(partners, listener, terminal):
    partners.register(listener.url)
    listener.answer = 500
    partners.open(1)
    partners.housekeeping()
    told = terminal("listener", "tell")
    assert (told.exit_code, "answered 500" in told.output) == (1, True)
    found = json.loads(terminal("doctor", "--json").stdout.partition("\n\n")[0])
    assert "answered 500" in found["listeners"][0]

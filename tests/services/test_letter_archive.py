"""Letters are moved into the archive once all that they are about is over, whatever dies meanwhile, and lost never."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from textwrap import dedent
from threading import Barrier, Event

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, text, update

from include.sla_logic.domain.follow_up import Basis
from include.sla_logic.persistence.flush import UnableToKeepMessage, file_messages, message_row
from include.sla_logic.persistence.letter_archive import UnableToReadArchive, move_letters, payload_of, payloads_of
from include.sla_logic.persistence.pending_messages import Message
from include.sla_logic.persistence.rehearsal import rehearsal
from include.sla_logic.persistence.schema.columns import json_text
from include.sla_logic.persistence.schema.letter_archive import archived_letters
from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.services import outbox as service
from tests.assessment.provider import Provider
from tests.assessment.test_settlement import SHORT, close, complete
from tests.clock import NOON
from tests.state_machine.test_agreements_that_change import empty_database
from tests.use_case_fixtures import POSTGRES
from tests.web.test_erasure import NOTED, WHY, dump, end, held_in, led

ROOT = Path(__file__).parents[2]
QUARTER = timedelta(days=91)
TICKET = "TT-000001"
WORKS = {"basis": Basis.REASON, "by": "ann", "reason": "It works."}
PATIENCE = 60


@pytest.fixture(params=["sqlite", POSTGRES])
def provider(request, tmp_path) -> Provider:
    """Lead one incident to its end, with a message to the customer and a dispute."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return led(Provider(tmp_path, empty_database(), url=url))


def send(provider: Provider) -> None:
    while provider.use_cases.outbox.deliver(limit=500).sent:
        pass


def over(provider: Provider, *, mails: int = 0) -> Provider:
    """Do all that is left, write some mails more, and let a quarter pass."""
    for number in range(mails):
        provider.use_cases.team.message(TICKET, f"Message {number}.", by="ann")
    end(provider)
    provider.clock.now += QUARTER
    return provider


def archive(provider: Provider) -> int:
    return provider.use_cases.outbox.archive(days=90).letters


def said(provider: Provider) -> dict[str, object]:
    """Return what every mail says, wherever it stands."""
    with provider.use_cases.work.reading() as connection:
        rows = connection.execute(select(outbox).where(outbox.c.kind == "mail").order_by(outbox.c.id)).all()
        payloads = payloads_of(connection, rows)
        return {row.key: sha256(json_text(payloads[row.id]).encode()).hexdigest() for row in rows}


def places(provider: Provider) -> tuple[int, int]:
    """Count the mails whose text stands in the outbox, and those in the archive."""
    with provider.use_cases.work.reading() as connection:
        here = connection.execute(select(outbox.c.id).where(outbox.c.kind == "mail", outbox.c.archived_at.is_(None)))
        return len(here.all()), len(connection.execute(select(archived_letters.c.message)).all())


def sound(provider: Provider) -> bool:
    return [str(one) for one in provider.use_cases.monitoring.violations()] == []


def test_what_is_open_contested_unsent_or_recent_stays_and_the_rest_is_moved(provider):
    use_cases = provider.use_cases
    provider.clock.now += QUARTER
    assert archive(provider) == 0  # nothing has left
    send(provider)
    provider.clock.now += QUARTER
    assert archive(provider) == 0  # the ticket is open, and its window contested
    use_cases.follow_ups.resolve(TICKET, **WORKS)
    send(provider)
    provider.clock.now += QUARTER
    assert archive(provider) == 0  # still contested
    use_cases.disputes.decline("DP-1", by="ben", reason="The probe was sound.")
    kept = said(provider)
    assert archive(provider) == 3  # the letter about the decision waits to leave
    send(provider)
    assert archive(provider) == 0
    provider.clock.now += QUARTER
    assert (archive(provider), places(provider)) == (1, (0, 4))
    assert said(provider) == kept
    assert sound(provider)


def test_a_credit_that_waits_for_a_person_keeps_its_letters(tmp_path):
    provider = led(Provider(tmp_path, empty_database(), approval_limit=5))
    provider.use_cases.disputes.decline("DP-1", by="ben", reason="No.")
    provider.use_cases.follow_ups.resolve(TICKET, **WORKS)
    send(provider)
    provider.clock.now += QUARTER
    assert archive(provider) == 0
    provider.use_cases.credits.approve(provider.use_cases.credits.waiting()[0].reference, by="cleo", reason="seen")
    assert archive(provider) == 4


def test_an_incident_that_is_opened_again_goes_on_with_its_archived_letters(provider):
    over(provider)
    kept = said(provider)
    before = provider.use_cases.letters.as_page(TICKET)
    moved = archive(provider)
    assert (moved, places(provider)) == (len(kept), (0, len(kept)))
    provider.use_cases.follow_ups.reopen(TICKET, by="ann", reason="Down again.")
    assert provider.use_cases.letters.as_page(TICKET) == before
    provider.use_cases.follow_ups.resolve(TICKET, **WORKS)
    assert provider.use_cases.letters.as_page(TICKET) != before
    send(provider)
    provider.clock.now += timedelta(days=10)
    assert archive(provider) == 0
    assert kept.items() < said(provider).items()
    assert sound(provider)
    provider.clock.now += QUARTER
    assert archive(provider) == len(said(provider)) - moved


def test_letters_about_settled_windows_are_moved_shown_and_followed_by_corrections(provider):
    end(provider)
    provider.bring("customers", "id,name,email\nK-2,Two,two@example.org\n")
    assert provider.agree("A-2,K-2,S-1,K-1,1,2026-10-01,2026-10-31,100,EUR,B-2,") == []
    close(provider)
    send(provider)
    provider.clock.now += QUARTER
    [first] = [f"SR-{row}" for row in told(provider)]
    before = provider.use_cases.letters.as_page(first)
    assert archive(provider) == len(said(provider))
    assert provider.use_cases.letters.as_page(first) == before
    start = SHORT[0] + timedelta(days=3)
    provider.fail((start, start + timedelta(hours=30)))
    complete(provider, datetime(2027, 1, 6, tzinfo=UTC))
    close(provider)
    assert len(told(provider)) > 1
    assert provider.use_cases.letters.as_page(first) == before
    send(provider)
    provider.clock.now += QUARTER
    assert archive(provider) > 0
    assert sound(provider)


def told(provider: Provider) -> list[int]:
    with provider.use_cases.work.reading() as connection:
        found = text("SELECT round FROM settlement_statements WHERE customer = 'K-2' ORDER BY number")
        return list(connection.scalars(found))


def test_the_same_message_once_more_is_kept_once_and_another_one_under_its_key_is_refused(provider):
    over(provider)
    archive(provider)
    with provider.use_cases.work.writing() as connection:
        row = connection.execute(select(outbox).where(outbox.c.archived_at.is_not(None)).limit(1)).one()
        same = Message(kind="mail", key=row.key, payload=payload_of(connection, row))
        file_messages(connection, [message_row(same, ticket=row.ticket, now=NOON)])
        other = Message(kind="mail", key=row.key, payload={"message": "another"})
        with pytest.raises(UnableToKeepMessage):
            file_messages(connection, [message_row(other, ticket=row.ticket, now=NOON)])
    assert sound(provider)


@pytest.mark.more
def test_an_erasure_erases_in_the_archive_too(provider):
    over(provider)
    texts = dump(provider)
    assert {"outbox", "documents"} <= {name for name, _secret in held_in(texts)}
    assert archive(provider) > 2
    assert "archived_letters" in {name for name, _secret in held_in(dump(provider))}
    provider.use_cases.erasure.erase("K-1", **WHY)
    assert held_in(dump(provider)) == set()
    assert held_in({"letter": provider.use_cases.letters.as_page(TICKET)}) == set()
    assert places(provider)[0] == 0
    assert sound(provider)


@pytest.mark.more
def test_an_erasure_that_meets_the_archive_at_work_leaves_nothing_in_either_place(provider):
    over(provider)
    engine, waits, goes_on = provider.use_cases.work.database.engine, Event(), Event()

    def hold(_connection, _cursor, statement, *_rest):
        if statement.startswith("UPDATE outbox SET payload") and not waits.is_set():
            waits.set()
            assert goes_on.wait(PATIENCE)

    event.listen(engine, "before_cursor_execute", hold)
    with ThreadPoolExecutor(2) as threads:
        moving = threads.submit(archive, provider)
        assert waits.wait(PATIENCE)
        erasing = threads.submit(provider.use_cases.erasure.erase, "K-1", **WHY)
        if provider.use_cases.work.database.is_postgresql:
            wait_for_a_lock(provider)
        goes_on.set()
        assert moving.result() > 0
        erasing.result()
    event.remove(engine, "before_cursor_execute", hold)
    assert NOTED not in str(held_in(dump(provider)))
    assert held_in(dump(provider)) == set()
    assert sound(provider)


def wait_for_a_lock(provider: Provider) -> None:
    asked = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    for _ in range(100 * PATIENCE):
        with provider.use_cases.work.database.read() as connection:
            if connection.scalar(asked):
                return
        time.sleep(0.01)
    raise AssertionError("nothing waits for a lock")


PROGRAM = """
    import os, signal, sys
    from datetime import datetime
    from pathlib import Path
    from sqlalchemy import event
    from include.sla_logic.services import Settings, UseCases, outbox

    url, at, before, times = sys.argv[1], datetime.fromisoformat(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    use_cases = UseCases(Settings(url, Path(".")), clock=lambda: at)
    outbox.MOVED_TOGETHER = 2
    met = []

    def kill(*parts):
        met.extend(part for part in parts if isinstance(part, str) and part.startswith(before))
        if before == "COMMIT":
            met.append(before)
        if len(met) >= times:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(use_cases.work.database.engine, "commit" if before == "COMMIT" else "before_cursor_execute", kill)
    use_cases.outbox.archive(days=90)
"""


@pytest.mark.more
@pytest.mark.parametrize("before", ["UPDATE outbox", "COMMIT"])
def test_killed_in_the_middle_of_the_second_part_the_first_is_moved_and_nothing_is_lost(provider, before):
    over(provider, mails=4)
    kept, (mails, _) = said(provider), places(provider)
    url = provider.use_cases.work.settings.database_url
    command = [sys.executable, "-c", dedent(PROGRAM), url, provider.clock.now.isoformat(), before, "2"]
    assert subprocess.run(command, cwd=ROOT, check=False, timeout=PATIENCE).returncode == -9
    assert places(provider) == (mails - 2, 2)
    assert sound(provider)
    assert said(provider) == kept
    assert archive(provider) == mails - 2
    assert (places(provider), said(provider)) == ((0, mails), kept)
    assert sound(provider)


def test_several_at_once_move_each_letter_once(provider, monkeypatch):
    monkeypatch.setattr(service, "MOVED_TOGETHER", 2)
    over(provider, mails=8)
    kept, (mails, _) = said(provider), places(provider)
    begin = Barrier(4)

    def housekeeping(_number):
        begin.wait(PATIENCE)
        return archive(provider)

    with ThreadPoolExecutor(4) as threads:
        moved = sum(threads.map(housekeeping, range(4)))
    assert moved + archive(provider) == mails  # one that met only locked letters has stopped before the end
    assert (places(provider), said(provider)) == ((0, mails), kept)
    assert sound(provider)


def test_a_round_moves_no_more_than_it_is_asked_for_those_that_left_first(provider):
    over(provider, mails=3)
    assert provider.use_cases.outbox.archive(days=90, limit=2).letters == 2
    with provider.use_cases.work.reading() as connection:
        moved = connection.scalars(select(archived_letters.c.message).order_by("message")).all()
        first = connection.scalars(
            select(outbox.c.id).where(outbox.c.kind == "mail").order_by(outbox.c.sent_at, outbox.c.id).limit(2)
        )
        assert moved == sorted(first)


def test_a_damaged_or_missing_letter_is_told_and_never_shown_as_another(provider):
    over(provider)
    archive(provider)
    with provider.use_cases.work.writing() as connection:
        connection.execute(text("INSERT INTO erasing (customer) VALUES ('K-1')"))
        connection.execute(update(archived_letters).values(body=b"x"))
        connection.execute(text("DELETE FROM erasing"))
    with pytest.raises(UnableToReadArchive, match="damaged in the archive: bring its row"):
        provider.use_cases.letters.as_page(TICKET)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.more
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.dictionaries(st.text(), json_values), min_size=1, max_size=5))
def test_whatever_a_mail_says_comes_back_to_the_letter(any_use_cases, payloads):
    with rehearsal(any_use_cases.work.database) as database, database.write() as connection:
        messages = [Message(kind="mail", key=f"<{n}@x>", payload=each) for n, each in enumerate(payloads)]
        file_messages(connection, [message_row(one, ticket=None, now=NOON) for one in messages])
        connection.execute(update(outbox).values(state="sent", sent_at=NOON))
        before = connection.execute(select(outbox).order_by(outbox.c.id)).all()
        later = NOON + QUARTER
        assert move_letters(connection, before=later, now=later, limit=10).letters == len(payloads)
        after = connection.execute(select(outbox).order_by(outbox.c.id)).all()
        assert [row.payload for row in after] == [{}] * len(payloads)
        found = payloads_of(connection, after)
        assert [json_text(found[row.id]) for row in before] == [json_text(row.payload) for row in before]
        assert {row.id for row in after if row.archived_at == later} == found.keys()

"""A message leaves at least once, under one key, and stays with its reason where it cannot."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from types import SimpleNamespace

import pytest

from include.sla_logic.gateways.retry_schedule import Schedule, schedules_in_force
from include.sla_logic.gateways.sender import Transport
from include.sla_logic.persistence.outbox import UnableToFindMessage, UnableToRetryMessage, claim_due
from include.sla_logic.persistence.pending_messages import KINDS, UnableToPutMessage
from include.sla_logic.process.step import Step
from include.sla_logic.services import UseCases, transports
from tests.clock import NOON
from tests.services.sample import conf


class Refused(Exception):
    """The receiver does not want it, now or ever."""


class Receiver:
    """The outside world: what arrived, and what it answers."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.trouble: list[Exception] = []
        self._lock = Lock()

    def take(self, message) -> dict[str, str]:
        with self._lock:
            if self.trouble:
                raise self.trouble.pop(0)
            self.arrived.append(message.key)
        return {"accepted": message.payload["text"]}


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Receiver:
    receiver = Receiver()
    transport = Transport(receiver.take, refused=(Refused,))
    monkeypatch.setattr(transports, "transports", lambda *_: {"mail": transport, "billing": transport})
    return receiver


def post(use_cases: UseCases, *keys: str, run_id: str = "run-1", kind: str = "mail") -> None:
    def put(file) -> None:
        for key in keys:
            file.outgoing.put(kind=kind, key=key, payload={"text": key.upper()})

    use_cases.incidents.accept(conf(), run_id=run_id, origin="form")
    use_cases.incidents.perform(Step(f"post_{'_'.join(keys)}"[:64], "", put), run_id=run_id)


def states(use_cases: UseCases) -> dict[str, str]:
    return {message.key: message.state for message in use_cases.outbox.messages()}


def test_a_message_is_sent_once_and_the_answer_is_kept(any_use_cases, receiver):
    post(any_use_cases, "a", "b")
    assert str(any_use_cases.outbox.deliver()) == "2 sent, 0 put off, 0 given up"
    assert str(any_use_cases.outbox.deliver()) == "0 sent, 0 put off, 0 given up"
    assert receiver.arrived == ["a", "b"]
    [b, a] = any_use_cases.outbox.messages()
    assert (a.state, a.answer, a.sent_at, a.attempts) == ("sent", {"accepted": "A"}, NOON, 1)
    assert b.ticket == "TT-000001"


def test_one_incident_can_be_delivered_alone(any_use_cases, receiver):
    post(any_use_cases, "a", run_id="run-1")
    post(any_use_cases, "b", run_id="run-2")
    any_use_cases.outbox.deliver(ticket="run-2")
    assert receiver.arrived == ["b"]


def test_a_failure_puts_off_longer_each_time_and_keeps_the_reason(any_use_cases, receiver, clock):
    post(any_use_cases, "a")
    receiver.trouble = [ConnectionError("nobody home"), TimeoutError("too slow")]
    report = any_use_cases.outbox.deliver()
    assert report.put_off == {"a": "ConnectionError: nobody home"}
    [message] = any_use_cases.outbox.messages()
    assert (message.state, message.last_error) == ("waiting", "ConnectionError: nobody home")
    assert message.next_attempt_at == NOON + timedelta(seconds=60)
    clock.pass_by(seconds=59)
    assert any_use_cases.outbox.deliver().put_off == {}
    clock.pass_by(seconds=1)
    any_use_cases.outbox.deliver()
    assert any_use_cases.outbox.messages()[0].next_attempt_at == clock.now + timedelta(seconds=120)
    clock.pass_by(seconds=120)
    assert any_use_cases.outbox.deliver().sent == ["a"]
    [message] = any_use_cases.outbox.messages()
    assert (message.state, message.attempts, message.last_error) == ("sent", 3, None)


def test_a_refusal_for_good_ends_it_and_the_ticket_says_so(any_use_cases, receiver):
    post(any_use_cases, "a")
    receiver.trouble = [Refused("no such mailbox")]
    assert any_use_cases.outbox.deliver().dead == {"a": "Refused: no such mailbox"}
    assert states(any_use_cases) == {"a": "dead"}
    last = any_use_cases.lookups.incident("run-1").timeline[-1]
    assert (last.lane, last.event) == (
        "Customer Service",
        "Message 1 (mail) could not be delivered: Refused: no such mailbox",
    )


def test_the_operators_get_one_mail_a_day_about_a_credit_that_will_not_be_posted(use_cases, receiver, clock):
    use_cases = UseCases(replace(use_cases.work.settings, operators="ops@teleco.example"), clock=clock)
    post(use_cases, "a", kind="billing")
    for _ in range(2):
        receiver.trouble = [Refused("another account")]
        use_cases.outbox.deliver()
        use_cases.outbox.retry(1, by="Kim")
    [mail] = [message for message in use_cases.outbox.messages() if message.kind == "mail"]
    assert mail.key.startswith("<failed-step.message-1.20261102.")
    assert mail.ticket is None


def test_after_the_last_attempt_it_is_dead(any_use_cases, receiver, clock):
    post(any_use_cases, "a")
    attempts = schedules_in_force().kinds["mail"].attempts
    receiver.trouble = [ConnectionError(f"try {number}") for number in range(attempts)]
    for _ in range(attempts):
        clock.pass_by(hours=2)
        any_use_cases.outbox.deliver()
    [message] = any_use_cases.outbox.messages()
    assert (message.state, message.attempts) == ("dead", attempts)
    assert receiver.trouble == []


def test_a_dead_message_can_be_retried_by_name(any_use_cases, receiver):
    post(any_use_cases, "a")
    receiver.trouble = [Refused("no")]
    any_use_cases.outbox.deliver()
    any_use_cases.outbox.retry(1, by="Kim")
    assert any_use_cases.outbox.deliver().sent == ["a"]
    assert [(act.actor, act.action) for act in any_use_cases.lookups.incident("run-1").audit] == [
        ("Kim", "message retried")
    ]
    with pytest.raises(UnableToRetryMessage, match="Message 1 cannot be retried: it is sent"):
        any_use_cases.outbox.retry(1, by="Kim")
    with pytest.raises(UnableToFindMessage, match="no message 9"):
        any_use_cases.outbox.retry(9, by="Kim")


def test_what_a_killed_sender_had_claimed_is_sent_again_under_the_same_key(any_use_cases, receiver, clock):
    post(any_use_cases, "a")
    with any_use_cases.work.writing() as connection:
        [claimed] = claim_due(connection, now=clock.now, leases={"mail": 300}, by="killed", limit=1)
        assert claimed.key == "a"
    assert any_use_cases.outbox.deliver().sent == []
    clock.pass_by(seconds=301)
    assert any_use_cases.outbox.deliver().sent == ["a"]
    assert any_use_cases.outbox.messages()[0].attempts == 2


def test_a_late_failure_of_one_who_lost_the_claim_changes_nothing(any_use_cases, receiver, clock):
    post(any_use_cases, "a")

    def take_too_long(message) -> dict[str, str]:
        clock.pass_by(seconds=301)
        assert any_use_cases.outbox.deliver().sent == ["a"]
        raise TimeoutError(message.key)

    first, receiver.take_now = receiver.take, receiver.take
    slow = Transport(take_too_long, refused=())
    quick = Transport(first, refused=())
    order = iter([{"mail": slow, "billing": slow}, {"mail": quick, "billing": quick}])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transports, "transports", lambda *_: next(order))
        any_use_cases.outbox.deliver()
    assert states(any_use_cases) == {"a": "sent"}


def test_parallel_senders_share_the_work_and_send_nothing_twice(any_use_cases, receiver):
    keys = [f"letter-{number:02}" for number in range(24)]
    post(any_use_cases, *keys)
    with ThreadPoolExecutor(4) as threads:
        reports = list(threads.map(lambda _: any_use_cases.outbox.deliver(), range(4)))
    assert sorted(receiver.arrived) == keys
    assert sum(len(report.sent) for report in reports) == 24


def test_a_kind_that_fails_three_times_rests_and_the_other_kind_goes_on(any_use_cases, receiver):
    post(any_use_cases, "a", "b", "c", "d", run_id="run-1", kind="mail")
    post(any_use_cases, "x", "y", run_id="run-2", kind="billing")
    receiver.trouble = [ConnectionError(str(number)) for number in range(3)]
    report = any_use_cases.outbox.deliver()
    assert (list(report.put_off), report.sent) == (["a", "b", "c"], ["x", "y"])
    assert states(any_use_cases)["d"] == "waiting"


def test_a_crash_after_the_sending_sends_the_same_key_again(any_use_cases, receiver, clock):
    post(any_use_cases, "a")
    first = receiver.take

    def send_and_die(message) -> None:
        first(message)
        raise KeyboardInterrupt

    dying = Transport(send_and_die, refused=())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transports, "transports", lambda *_: {"mail": dying})
        with pytest.raises(KeyboardInterrupt):
            any_use_cases.outbox.deliver()
    clock.pass_by(seconds=301)
    any_use_cases.outbox.deliver()
    assert receiver.arrived == ["a", "a"]
    assert states(any_use_cases) == {"a": "sent"}


def test_waits_grow_up_to_the_longest_and_end_with_the_last_attempt():
    schedule = Schedule(first_wait=10, factor=3, longest_wait=500, attempts=150, lease=60)
    waits = [schedule.wait_after(attempt) for attempt in range(1, 152)]
    assert [wait.total_seconds() for wait in waits[:6]] == [10, 30, 90, 270, 500, 500]
    assert set(waits[6:149]) == {timedelta(seconds=500)}
    assert waits[149:] == [None, None]


def test_letters_without_a_mail_server_are_written_into_the_folder(use_cases):
    sent = transports.transports(use_cases.work.settings, use_cases.work.database)["mail"]
    letter = "From: a@example.net\r\nTo: b@example.net\r\nMessage-ID: <TT-1.x@example.net>\r\n\r\nHello\r\n"
    answer = sent.deliver(SimpleNamespace(payload={"message": letter, "by_post_because": None}))
    assert all(str(use_cases.work.settings.letters_folder) in place for place in answer["written"])


def test_every_kind_of_message_has_a_transport_and_a_schedule(use_cases):
    assert (
        set(transports.transports(use_cases.work.settings, use_cases.work.database))
        == KINDS
        == set(schedules_in_force().kinds)
    )


def test_a_message_without_a_transport_is_refused_when_it_is_written(use_cases):
    with pytest.raises(UnableToPutMessage, match="of the kind 'pigeon'"):
        post(use_cases, "a", kind="pigeon")
    assert use_cases.outbox.messages() == []

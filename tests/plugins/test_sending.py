"""A task that sends for a cohort ends in time at a slow mail server; the housekeeping sends the rest, nothing twice."""

import logging
from collections import Counter
from types import SimpleNamespace

import pytest

from include.sla_logic.gateways import sender
from include.sla_logic.gateways.sender import Transport
from include.sla_logic.process.step import Step
from include.sla_logic.services import UseCases, transports
from sla_airflow import housekeeping, pairing, runtime
from tests.services.sample import conf

LETTERS = [f"letter-{number}" for number in range(150)]


class SlowServer:
    """Takes some seconds for each letter, by a clock that nobody waits for."""

    def __init__(self) -> None:
        self.arrived: list[str] = []
        self.passed = 0.0
        self.takes = 1.0

    def take(self, message) -> dict[str, str]:
        self.passed += self.takes
        self.arrived.append(message.key)
        return {}

    def monotonic(self) -> float:
        return self.passed


@pytest.fixture
def server(use_cases: UseCases, monkeypatch: pytest.MonkeyPatch) -> SlowServer:
    server = SlowServer()
    monkeypatch.setattr(transports, "transports", lambda *_: {"mail": Transport(server.take, refused=())})
    monkeypatch.setattr(runtime, "monotonic", server.monotonic)
    monkeypatch.setattr(sender, "time", SimpleNamespace(monotonic=server.monotonic))
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    monkeypatch.setattr(pairing, "beat", lambda _: None)
    monkeypatch.setattr(pairing, "tell_lost", lambda _: None)
    return server


@pytest.fixture
def letters(use_cases: UseCases) -> None:
    def put(file) -> None:
        for key in LETTERS:
            file.outgoing.put(kind="mail", key=key, payload={})

    use_cases.incidents.accept(conf(), run_id="run-1", origin="form")
    use_cases.incidents.perform(Step("post", "", put), run_id="run-1")


@pytest.mark.usefixtures("letters")
def test_what_a_task_has_no_time_to_send_is_said_and_left_to_the_housekeeping(use_cases, server, caplog) -> None:
    with caplog.at_level(logging.INFO):
        runtime.deliver_all(use_cases)
    sent = len(server.arrived)
    assert runtime.SENDS_FOR <= sent < runtime.SENDS_FOR + 5
    assert f"{len(LETTERS) - sent} messages are due and left to sla_housekeeping" in caplog.text
    assert {one.attempts for one in use_cases.outbox.messages(state="waiting")} == {0}
    housekeeping.deliver_and_measure()
    assert Counter(server.arrived) == Counter(LETTERS)
    assert use_cases.outbox.due() == 0
    assert not use_cases.outbox.messages(state="claimed")


@pytest.mark.usefixtures("letters")
def test_a_round_of_the_housekeeping_ends_in_time_too(use_cases, server) -> None:
    housekeeping.deliver_and_measure()
    assert len(server.arrived) < runtime.SENDS_FOR + 5
    housekeeping.deliver_and_measure()
    assert Counter(server.arrived) == Counter(LETTERS)


@pytest.mark.usefixtures("letters")
def test_a_task_that_has_sent_everything_leaves_nothing(use_cases, server, caplog) -> None:
    server.takes = 0.5
    with caplog.at_level(logging.INFO):
        runtime.deliver_all(use_cases)
    assert server.arrived == LETTERS
    assert "left to" not in caplog.text

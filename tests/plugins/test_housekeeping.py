"""Housekeeping moves letters into the archive as the Airflow variable says, and says how many."""

import logging
from datetime import timedelta

import pytest
from sqlalchemy import insert

from include.sla_logic.persistence.schema.system_t import outbox
from include.sla_logic.services import UseCases
from sla_airflow import housekeeping, runtime
from tests.clock import NOON, Clock


@pytest.fixture
def informed(use_cases: UseCases, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> UseCases:
    """Have a mail that left a hundred days ago."""
    mail = {"key": "<a@x>", "kind": "mail", "payload": {"message": "x" * 1_000}, "state": "sent", "attempts": 1}
    with use_cases.work.database.write() as connection:
        connection.execute(
            insert(outbox).values(mail | dict.fromkeys(("created_at", "next_attempt_at", "sent_at"), NOON))
        )
    clock.now += timedelta(days=100)
    monkeypatch.setattr(runtime, "open_use_cases", lambda **_: use_cases)
    monkeypatch.setattr(runtime, "enter", lambda _: None)
    return use_cases


@pytest.mark.parametrize(("days", "moved"), [(0, 0), (100, 0), (99, 1), (10**9, 0)])
def test_letters_are_moved_after_so_many_days_and_never_with_0(informed, caplog, days, moved) -> None:
    with caplog.at_level(logging.INFO, logger=housekeeping.__name__):
        housekeeping.archive_letters(days=days)
    assert informed.lookups.database_status()["letters in the archive"] == moved
    assert ("Moved into the archive: 1 letter, 0.0 MB as 0.0 MB" in caplog.text) == bool(moved)

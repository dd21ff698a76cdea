"""Settled windows of the release before are judged again: nothing comes out otherwise, and what does is named."""

import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.sla import quiet_windows
from include.sla_logic.persistence.migrations import migrate as real_migrate
from include.sla_logic.persistence.schema.settlement import settlement_rounds
from include.sla_logic.services import UseCases, judged_again
from include.sla_logic.settings import Settings
from tests.simulation.stored_windows import load

pytestmark = pytest.mark.more
STORED = sorted((Path(__file__).parent / "stored").glob("*.sql.gz"))


@pytest.fixture(scope="module", params=STORED, ids=lambda file: file.name.partition(".")[0])
def stored(request, tmp_path_factory) -> Path:
    """Open the windows of a release as a database, migrated to this one."""
    file = tmp_path_factory.mktemp("stored") / "stored.db"
    load(request.param, file)
    real_migrate(UseCases(Settings(f"sqlite:///{file}", file.parent)).work.database)
    return file


@pytest.fixture
def use_cases(stored, tmp_path) -> UseCases:
    shutil.copy(stored, tmp_path / "mine.db")
    return UseCases(Settings(f"sqlite:///{tmp_path}/mine.db", tmp_path))


def test_stored_windows_of_the_release_before_come_out_as_they_did(use_cases):
    with use_cases.work.reading() as connection:
        rounds = connection.execute(select(settlement_rounds)).all()
    states = Counter(row.state for row in rounds if row.facts)
    assert states["done"] > 100
    assert states["to_decide"] > 3
    assert sum(bool(row.owed) for row in rounds) > 20
    assert len({row.contract for row in rounds}) > 30
    found = use_cases.replay.judgements()
    assert found.windows == len({(row.customer, row.service, row.window_start) for row in rounds if row.facts})
    assert found.differences == []


def test_a_judgement_that_has_changed_is_named_wherever_it_was_made(use_cases, monkeypatch):
    """Judge one contract's windows one second dearer, in columns and one by one."""
    real = judged_again.compare

    def compare(contract, facts, **how):
        judged = real(contract, facts, **how)
        if contract.id != "K-1":
            return judged
        dearer = [
            each.model_copy(update={"counted_seconds": (each.counted_seconds or 0) + 1}) for each in judged.objectives
        ]
        return judged.model_copy(update={"objectives": tuple(dearer)})

    columns = quiet_windows.ColumnarContract.judge

    def judge(self, windows, facts):
        found = columns(self, windows, facts)
        if self.contract.id != "K-1":
            return found
        return replace(found, counted=[counted + 1 for counted in found.counted])

    monkeypatch.setattr(judged_again, "compare", compare)
    monkeypatch.setattr(quiet_windows.ColumnarContract, "judge", judge)
    found = use_cases.replay.judgements()
    with use_cases.work.reading() as connection:
        mine = connection.execute(select(settlement_rounds).where(settlement_rounds.c.contract == "K-1")).all()
    newest = {(row.customer, row.service, row.window_start): row for row in mine if row.facts}
    assert {one.contract for one in found.differences} == {"K-1 1", "K-1 2", "K-1 3"}
    assert len(found.differences) == len(newest) > 20


def test_the_command_fails_where_a_window_comes_out_otherwise(use_cases):
    def sla(*words: str, code: int = 0) -> str:
        url = str(use_cases.work.database.engine.url)
        done = CliRunner().invoke(app, ["replay", "--judgements", *words], env={"TELECO_DB_URL": url, "COLUMNS": "200"})
        assert done.exit_code == code, done.output
        return done.stdout

    assert "0 of " in sla()
    sla("--from", "2026-10-01T00:00Z", code=1)  # it would be ignored
    with use_cases.work.writing() as connection:
        moved = "UPDATE outages SET ended_at = started_at WHERE reference = (SELECT reference FROM outages JOIN"
        owing = "settlement_rounds r ON r.service = outages.service AND r.owed > 0 AND started_at > r.window_start AND"
        connection.execute(text(f"{moved} {owing} ended_at < r.window_end LIMIT 1)"))
    told = json.loads(sla("--json", code=1))
    assert told["differences"]
    assert "were owed" in told["differences"][0]["was"]
    assert "settled windows come out otherwise" in sla(code=1)

"""Rows that open and close may come in different answers of a feed: the outages are those of one answer."""

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from include.sla_logic.importers.feeds import Feed, Stretch
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.imports.test_feeds import none_found
from tests.services.sample import open_use_cases

BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
FEEDS = """
feeds:
  monitor:
    connection: monitor
    kind: outages
    mapping: mapping.yaml
    http: {path: /events}
    starts: 2026-11-01T00:00:00Z
    at_most: 30 d
"""
IN_TURN = """
title: up and down
layout: jsonl
sections:
  outages:
    pairs: {open: {event: [down]}, close: {event: [up]}, key: service}
    columns: {service: service, reference: id, started_at: at, ended_at: at}
"""
ONCE = IN_TURN.replace("key: service}", "key: problem, once: true}").replace("reference: id", "reference: problem")
Row = dict[str, Any]
Outages = set[tuple[str, str, datetime, datetime | None]]


class Reader:
    """Reads a feed whose answers are given one by one."""

    def __init__(self, folder: Path, mapping: str, url: str | None = None) -> None:
        folder.mkdir()
        self.clock = Clock()
        (folder / "feeds.yaml").write_text(FEEDS, "utf-8")
        (folder / "mapping.yaml").write_text(mapping, "utf-8")
        opened = open_use_cases(url or f"sqlite:///{folder / 't.db'}", folder, self.clock)
        self.use_cases = UseCases(replace(opened.work.settings, feeds=folder / "feeds.yaml"), clock=self.clock)
        with self.use_cases.work.writing() as connection:
            connection.execute(t.outages.delete())
            connection.execute(t.services.insert(), {"id": "S-2", "name": "second", "kind": "line"})
        self.use_cases.feeds.due()

    def answers(self, rows: Sequence[Row], *, dies: bool = False) -> Outages:
        """Read one answer, perhaps after a reading of it that was killed; return the outages on record."""

        def ask(_feed: Feed, _stretch: Stretch, into: Path) -> list[Path]:
            file = into.with_suffix(".jsonl")
            file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
            return [file]

        self.clock.pass_by(days=1)
        if dies:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("include.sla_logic.importers.importer.write_rows", killed)
                with suppress(KeyboardInterrupt):  # nothing is written where the answer only closes
                    self.use_cases.feeds.read("monitor", ask=ask, find=none_found)
            self.clock.pass_by(minutes=16)
        self.use_cases.feeds.read("monitor", ask=ask, find=none_found)
        rejected = self.use_cases.worklists.quarantine(page=1, size=9, imports=True).rows
        assert [(one.reason, one.body) for one in rejected] == []
        with self.use_cases.work.reading() as connection:
            of = t.outages.c
            found = connection.execute(select(of.service, of.reference, of.started_at, of.ended_at)).all()
        return {tuple(one) for one in found}  # type: ignore[misc]  # four columns


def killed(*_: object) -> None:
    raise KeyboardInterrupt


def event(service: str, name: str, minute: int, number: int) -> Row:
    at = (BEGAN + timedelta(minutes=minute)).isoformat()
    return {"service": service, "problem": f"{service}-P", "event": name, "at": at, "id": f"E-{number:03}"}


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    return Reader(tmp_path / "feed", IN_TURN)


def minutes(found: Outages) -> list[tuple[int, int | None]]:
    def since(moment: datetime) -> int:
        return int((moment - BEGAN).total_seconds()) // 60

    return sorted((since(start), None if end is None else since(end)) for _, _, start, end in found)


def test_a_close_comes_in_a_later_answer_than_its_open(read: Reader) -> None:
    assert minutes(read.answers([event("S-1", "down", 3, 1)])) == [(3, None)]
    assert minutes(read.answers([event("S-1", "up", 9, 2), event("S-1", "down", 20, 3)])) == [(3, 9), (20, None)]
    assert minutes(read.answers([event("S-1", "up", 9, 2)])) == [(3, 9), (20, None)]
    assert minutes(read.answers([event("S-1", "up", 25, 4)])) == [(3, 9), (20, 25)]


def test_a_close_that_comes_before_its_open_waits_for_it(read: Reader) -> None:
    assert minutes(read.answers([event("S-1", "up", 9, 2)])) == []
    assert minutes(read.answers([event("S-1", "down", 3, 1)])) == [(3, 9)]


@pytest.mark.parametrize("where", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_an_outage_that_turns_out_to_be_part_of_another_is_withdrawn(
    request: pytest.FixtureRequest, tmp_path: Path, where: str
) -> None:
    url = request.getfixturevalue("postgres_url") if where == "postgres" else None
    read = Reader(tmp_path / "feed", IN_TURN, url)
    assert minutes(read.answers([event("S-1", "down", 5, 2), event("S-1", "up", 9, 3)])) == [(5, 9)]
    assert minutes(read.answers([event("S-1", "down", 3, 1)])) == [(3, 9)]
    assert minutes(read.answers([event("S-1", "up", 4, 4)])) == [(3, 4), (5, 9)]


def test_what_opens_and_closes_once_meets_in_any_order(tmp_path: Path) -> None:
    read = Reader(tmp_path / "feed", ONCE)
    assert minutes(read.answers([event("S-1", "up", 9, 2), event("S-2", "down", 4, 3)])) == [(4, None)]
    assert minutes(read.answers([event("S-1", "down", 5, 1), event("S-1", "down", 3, 4)])) == [(3, 9), (4, None)]
    assert minutes(read.answers([event("S-2", "up", 8, 5), event("S-1", "up", 11, 6)])) == [(3, 9), (4, 8)]


def in_turn(rows: Sequence[Row]) -> Outages:
    """Walk by time with a state for each service, as a person would with a pencil; no two rows share a second."""
    found: Outages = set()
    down: dict[str, Row] = {}
    for row in sorted(rows, key=lambda one: str(one["at"])):
        service = str(row["service"])
        if row["event"] == "down":
            down.setdefault(service, row)
        elif opened := down.pop(service, None):
            found.add((service, opened["id"], _at(opened), _at(row)))
    return found | {(service, row["id"], _at(row), None) for service, row in down.items()}


def _at(row: Row) -> datetime:
    return datetime.fromisoformat(row["at"])


@st.composite
def cut(draw: st.DrawFn) -> tuple[list[Row], list[list[Row]]]:
    """Draw rows, and the answers in which they come: some twice, in any order."""
    told = draw(st.lists(st.tuples(st.sampled_from(["S-1", "S-2"]), st.sampled_from(["down", "up"])), max_size=12))
    rows = [event(service, name, number, number) for number, (service, name) in enumerate(told)]
    answers: list[list[Row]] = [[] for _ in range(draw(st.integers(1, 4)))]
    for row in rows:
        for place in draw(st.sets(st.integers(0, len(answers) - 1), min_size=1, max_size=2)):
            answers[place].append(row)
    return rows, [list(draw(st.permutations(one))) for one in answers]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("cuts")
    return (folder / str(number) for number in range(1000))  # type: ignore[return-value]  # one for each example


@settings(max_examples=12, deadline=None, phases=[Phase.generate])  # an example takes a while
@given(cut(), st.booleans())
def test_however_the_reading_is_cut_the_outages_are_those_of_one_reading(
    folders: Iterator[Path], drawn: tuple[list[Row], list[list[Row]]], dies: bool
) -> None:
    rows, answers = drawn
    read = Reader(next(folders), IN_TURN)
    for answer in answers:
        found = read.answers(answer, dies=dies and bool(answer))
    assert found == in_turn(rows)

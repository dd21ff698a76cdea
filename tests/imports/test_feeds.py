"""Feeds are read to the present, once, without a hole; what fails is kept, named and asked again."""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from sqlalchemy import select
from werkzeug import Request, Response

from include.sla_logic.domain.contract.sources import Source
from include.sla_logic.domain.period import Period
from include.sla_logic.gateways.feeds import UnableToAskFeed, ask_database, ask_http
from include.sla_logic.importers.feeds import Feed, Stretch, UnableToReadFeeds, read_feeds
from include.sla_logic.importers.tables import UnableToReadFile
from include.sla_logic.persistence.completeness import completeness_of, is_recorded
from include.sla_logic.persistence.feeds import change_feed
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.feeds import feed_files
from include.sla_logic.services import UseCases
from include.sla_logic.services.feeds import FoundFile
from include.sla_logic.settings import HttpSystem
from tests.clock import NOON, Clock
from tests.web.desk_sample import client_of

MAPPING = """
title: our monitor
layout: json
rows: outages
sections:
  outages:
    columns: {service: service, reference: id, started_at: from, ended_at: to}
"""
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
FEEDS = """
feeds:
  monitor:
    connection: monitor
    kind: outages
    mapping: mapping.yaml
    http: {path: /outages, query: {from: "{since}", to: "{until:epoch}"}}
    starts: 2026-11-01T00:00:00Z
    behind: 5 min
    overlap: 1 h
    at_most: 6 h
    every: 10 min
"""


def row(number: int, begin: datetime, **other: Any) -> dict[str, Any]:
    end = begin + timedelta(minutes=7)
    return {"id": f"O-{number}", "service": "S-1", "from": begin.isoformat(), "to": end.isoformat()} | other


class Monitor:
    """A system that is asked for outages by the time of their begin."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows, self.asked, self.fails = rows, list[Stretch](), 0

    def __call__(self, _feed: Feed, stretch: Stretch, into: Path) -> list[Path]:
        if self.fails:
            self.fails -= 1
            raise UnableToAskFeed("The monitor is away.")
        self.asked.append(stretch)
        wanted = [one for one in self.rows if stretch.since <= datetime.fromisoformat(one["from"]) < stretch.until]
        file = into.with_suffix(".json")
        file.write_text(json.dumps({"outages": wanted}), "utf-8")
        return [file]


def none_found(_feed: Feed) -> list[FoundFile]:
    return []


@pytest.fixture
def fed(any_use_cases: UseCases, clock: Clock, tmp_path: Path) -> UseCases:
    return feeding(any_use_cases, clock, tmp_path, FEEDS)


def feeding(use_cases: UseCases, clock: Clock, folder: Path, feeds: str) -> UseCases:
    (folder / "feeds.yaml").write_text(feeds, "utf-8")
    (folder / "mapping.yaml").write_text(MAPPING, "utf-8")
    return UseCases(replace(use_cases.work.settings, feeds=folder / "feeds.yaml"), clock=clock)


def references(use_cases: UseCases) -> list[str]:
    with use_cases.work.reading() as connection:
        found = connection.scalars(select(t.outages.c.reference))
        return sorted(one for one in found if str(one).startswith("O-"))


def complete_until(
    use_cases: UseCases, moment: datetime, service: str = "S-1", *, since: datetime = BEGAN + timedelta(hours=1)
) -> bool:
    with use_cases.work.reading() as connection:
        window = Period(start=min(since, moment - timedelta(hours=1)), end=moment)
        return not completeness_of(connection, [service])[service].missing([Source("outages")], window)


def test_a_feed_is_read_in_stretches_until_now_and_each_row_comes_in_once(fed: UseCases, clock: Clock) -> None:
    begins = [NOON - timedelta(hours=hours) for hours in range(1, 36)]
    monitor = Monitor([row(number, begin) for number, begin in enumerate(begins)])
    assert fed.feeds.due() == ["monitor"]
    fed.feeds.read("monitor", ask=monitor, find=none_found)
    assert references(fed) == sorted(f"O-{number}" for number in range(35))
    assert monitor.asked[0].since == datetime(2026, 11, 1, tzinfo=UTC)
    assert monitor.asked[-1].until == NOON - timedelta(minutes=5)
    assert all(one.until - one.since <= timedelta(hours=7) for one in monitor.asked)
    assert all(after.since == before.until - timedelta(hours=1) for before, after in pairwise(monitor.asked))
    assert fed.feeds.due() == []
    clock.pass_by(minutes=10)
    assert fed.feeds.due() == ["monitor"]
    monitor.rows.append(row(99, NOON - timedelta(minutes=4)))
    monitor.rows[0]["to"] = NOON.isoformat()
    fed.feeds.read("monitor", ask=monitor, find=none_found)
    assert references(fed) == sorted([*(f"O-{number}" for number in range(35)), "O-99"])
    assert complete_until(fed, clock.now - timedelta(minutes=5))
    assert not complete_until(fed, clock.now - timedelta(minutes=4))


def test_a_rejected_row_leaves_a_hole_until_it_is_read_again(fed: UseCases) -> None:
    broken = row(1, NOON - timedelta(hours=20), service="S-unknown")
    monitor = Monitor([broken, *(row(number, NOON - timedelta(hours=number)) for number in range(2, 9))])
    fed.feeds.due()
    done = fed.feeds.read("monitor", ask=monitor, find=none_found)
    state = fed.feeds.states()[0]
    assert done.rejected
    assert (state.read_until, state.hole_since) == (NOON - timedelta(minutes=5), datetime(2026, 11, 1, 11, tzinfo=UTC))
    assert len(references(fed)) == 7
    assert complete_until(fed, datetime(2026, 11, 1, 11, tzinfo=UTC))
    assert not complete_until(fed, datetime(2026, 11, 1, 12, tzinfo=UTC))
    broken["service"] = "S-1"
    fed.feeds.again("monitor", since=datetime(2026, 11, 1, 10, tzinfo=UTC), by="ann")
    fed.feeds.read("monitor", ask=monitor, find=none_found)
    assert len(references(fed)) == 8
    assert complete_until(fed, NOON - timedelta(minutes=5))


def test_what_was_before_a_feed_began_is_not_complete_until_somebody_says_so(fed: UseCases) -> None:
    fed.feeds.due()
    fed.feeds.read("monitor", ask=Monitor([]), find=none_found)
    assert complete_until(fed, NOON - timedelta(hours=1), since=BEGAN)
    assert not complete_until(fed, NOON - timedelta(hours=1), since=BEGAN - timedelta(seconds=1))
    assert not complete_until(fed, BEGAN - timedelta(days=3), since=BEGAN - timedelta(days=30))
    fed.imports.complete("outages", until=BEGAN - timedelta(seconds=1), by="ann", source="before.csv")
    assert not complete_until(fed, NOON - timedelta(hours=1), since=BEGAN - timedelta(days=30))
    fed.imports.complete("outages", until=BEGAN, by="ann", source="before.csv")
    assert complete_until(fed, NOON - timedelta(hours=1), since=BEGAN - timedelta(days=30))
    assert not complete_until(fed, NOON, since=BEGAN - timedelta(days=30))


def test_a_feed_whose_begin_was_moved_is_read_from_there(any_use_cases: UseCases, clock: Clock, tmp_path: Path) -> None:
    use_cases = feeding(any_use_cases, clock, tmp_path, FEEDS)
    use_cases.feeds.due()
    use_cases.feeds.read("monitor", ask=Monitor([]), find=none_found)
    use_cases = feeding(any_use_cases, clock, tmp_path, FEEDS.replace("starts: 2026-11-01", "starts: 2026-10-01"))
    assert use_cases.feeds.due() == ["monitor"]
    october = datetime(2026, 10, 1, tzinfo=UTC)
    assert not complete_until(use_cases, NOON - timedelta(hours=1), since=october)
    monitor = Monitor([row(1, october + timedelta(days=3))])
    use_cases.feeds.read("monitor", ask=monitor, find=none_found)
    assert (monitor.asked[0].since, references(use_cases)) == (october, ["O-1"])


@pytest.mark.parametrize("what", ["question", "mapping"])
def test_a_feed_that_asks_otherwise_is_known_from_there_until_it_is_read_again(
    any_use_cases: UseCases, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    use_cases, monitor = feeding(any_use_cases, clock, tmp_path, FEEDS), Monitor([])
    use_cases.feeds.due()
    use_cases.feeds.read("monitor", ask=monitor, find=none_found)
    read_until = NOON - timedelta(minutes=5)
    monkeypatch.setitem(globals(), "MAPPING", MAPPING.replace("reference: id", "reference: number"))
    changed = FEEDS.replace("path: /outages", "path: /faults") if what == "question" else FEEDS
    if what == "question":
        monkeypatch.undo()
    use_cases = feeding(any_use_cases, clock, tmp_path, changed.replace("every: 10", "every: 20"))
    use_cases.feeds.read("monitor", ask=monitor, find=none_found)  # the file was changed after `due`
    assert use_cases.feeds.states()[0].read_until == read_until
    assert use_cases.feeds.due() == ["monitor"]
    clock.pass_by(hours=3)
    use_cases.feeds.read("monitor", ask=monitor, find=none_found)
    assert monitor.asked[-1].since == read_until - timedelta(hours=1)
    assert complete_until(use_cases, clock.now - timedelta(minutes=5), since=read_until)
    assert not complete_until(use_cases, clock.now - timedelta(minutes=5), since=read_until - timedelta(seconds=1))
    [changed] = use_cases.feeds.troubles()
    assert "the feed monitor or its mapping was changed: what it read before 2026-11-02 11:55 UTC" in changed
    assert changed.endswith(": `sla feed again monitor --since 2026-11-01T00:00:00Z --by NAME`")
    use_cases.feeds.again("monitor", since=BEGAN, by="ann")
    use_cases.feeds.read("monitor", ask=monitor, find=none_found)
    assert complete_until(use_cases, clock.now - timedelta(minutes=5), since=BEGAN)
    assert use_cases.feeds.troubles() == []


def test_a_feed_that_only_keeps_another_pace_stays_known(any_use_cases: UseCases, clock: Clock, tmp_path: Path) -> None:
    for feeds in (FEEDS, FEEDS.replace("every: 10", "every: 20").replace("overlap: 1 h", "overlap: 2 h")):
        use_cases = feeding(any_use_cases, clock, tmp_path, feeds)
        use_cases.feeds.due()
        use_cases.feeds.read("monitor", ask=Monitor([]), find=none_found)
        assert complete_until(use_cases, NOON - timedelta(minutes=5))


def test_a_feed_that_is_being_read_is_neither_due_nor_read_by_another(fed: UseCases, clock: Clock) -> None:
    monitor, others = Monitor([]), []
    fed.feeds.due()

    def slow(feed: Feed, stretch: Stretch, into: Path) -> list[Path]:
        clock.pass_by(minutes=14)
        others.append((fed.feeds.due(), fed.feeds.read("monitor", ask=monitor, find=none_found).busy))
        return monitor(feed, stretch, into)

    assert not fed.feeds.read("monitor", ask=slow, find=none_found).busy
    assert set(map(repr, others)) == {"([], True)"}
    assert len(monitor.asked) == len(others) > 2
    clock.pass_by(minutes=10)
    assert fed.feeds.due() == ["monitor"]


def test_a_reading_that_was_killed_keeps_no_other_from_reading_for_long(fed: UseCases, clock: Clock) -> None:
    def killed(_feed: Feed, _stretch: Stretch, _into: Path) -> list[Path]:
        raise KeyboardInterrupt

    fed.feeds.due()
    with pytest.raises(KeyboardInterrupt):
        fed.feeds.read("monitor", ask=killed, find=none_found)
    assert fed.feeds.due() == []
    clock.pass_by(minutes=15)
    assert fed.feeds.due() == ["monitor"]
    assert not fed.feeds.read("monitor", ask=Monitor([]), find=none_found).busy


def test_a_feed_that_is_to_be_read_again_from_before_its_begin_is_read_from_its_begin(fed: UseCases) -> None:
    fed.feeds.due()
    fed.feeds.read("monitor", ask=Monitor([]), find=none_found)
    fed.feeds.again("monitor", since=BEGAN - timedelta(days=40), by="ann")
    monitor = Monitor([])
    fed.feeds.read("monitor", ask=monitor, find=none_found)
    assert monitor.asked[0].since == BEGAN
    assert all(one.since < one.until for one in monitor.asked)


def test_what_comes_late_and_is_rejected_is_not_called_complete(fed: UseCases, clock: Clock) -> None:
    monitor = Monitor([])
    fed.feeds.due()
    fed.feeds.read("monitor", ask=monitor, find=none_found)
    clock.pass_by(minutes=10)
    monitor.rows = [row(1, NOON - timedelta(minutes=30), service="S-unknown")]
    fed.feeds.read("monitor", ask=monitor, find=none_found)
    assert not complete_until(fed, NOON - timedelta(minutes=20))


def test_what_is_to_be_read_again_while_a_reading_runs_is_read_again(fed: UseCases) -> None:
    broken = row(1, NOON - timedelta(hours=20), service="S-unknown")
    monitor, began = Monitor([broken]), BEGAN + timedelta(hours=11)
    fed.feeds.due()
    fed.feeds.read("monitor", ask=monitor, find=none_found)

    def corrected_meanwhile(feed: Feed, stretch: Stretch, into: Path) -> list[Path]:
        answer = monitor(feed, stretch, into)
        if broken["service"] == "S-unknown":
            broken["service"] = "S-1"
            fed.feeds.again("monitor", since=began, by="ann")
        return answer

    fed.feeds.again("monitor", since=NOON - timedelta(hours=3), by="ann")
    fed.feeds.read("monitor", ask=corrected_meanwhile, find=none_found)
    assert references(fed) == ["O-1"]
    assert complete_until(fed, NOON - timedelta(minutes=5))


def test_an_answer_without_its_list_is_no_answer(fed: UseCases) -> None:
    def ask(_feed: Feed, _stretch: Stretch, into: Path) -> list[Path]:
        into.with_suffix(".json").write_text('{"status": "error", "error": "too many samples"}', "utf-8")
        return [into.with_suffix(".json")]

    fed.feeds.due()
    with pytest.raises(UnableToReadFile, match=r"no list at 'outages'.*too many samples"):
        fed.feeds.read("monitor", ask=ask, find=none_found)
    assert fed.feeds.states()[0].read_until is None


def test_whatever_goes_wrong_is_kept(fed: UseCases) -> None:
    def ask(_feed: Feed, _stretch: Stretch, _into: Path) -> list[Path]:
        raise ValueError("no address:\0 \udcff")

    fed.feeds.due()
    with pytest.raises(ValueError, match="no address"):
        fed.feeds.read("monitor", ask=ask, find=none_found)
    assert (fed.feeds.states()[0].failures, fed.feeds.states()[0].last_error) == (1, "no address:   ")


def test_a_feed_of_something_else_under_the_same_name_is_read_from_its_start(
    any_use_cases: UseCases, clock: Clock, tmp_path: Path
) -> None:
    use_cases = feeding(any_use_cases, clock, tmp_path, FEEDS + "    services: [S-2]\n")
    use_cases.feeds.due()
    use_cases.feeds.read("monitor", ask=Monitor([]), find=none_found)
    assert complete_until(use_cases, NOON - timedelta(minutes=5), "S-2")
    use_cases = feeding(any_use_cases, clock, tmp_path, FEEDS + "    services: [S-1, S-2]\n")
    assert use_cases.feeds.due() == ["monitor"]
    assert not complete_until(use_cases, NOON - timedelta(minutes=5), "S-1")
    monitor = Monitor([])
    use_cases.feeds.read("monitor", ask=monitor, find=none_found)
    assert monitor.asked[0].since == datetime(2026, 11, 1, tzinfo=UTC)
    assert complete_until(use_cases, NOON - timedelta(minutes=5), "S-1")


def test_services_that_nobody_knows_are_named(any_use_cases: UseCases, clock: Clock, tmp_path: Path) -> None:
    use_cases = feeding(any_use_cases, clock, tmp_path, FEEDS + "    services: [S-1, S-l]\n")
    use_cases.feeds.due()
    assert use_cases.feeds.troubles() == ["the feed monitor names services that are not on record: S-l"]


@pytest.mark.parametrize(("kind", "known"), [("samples", True), ("topology", False)])
def test_a_feed_that_was_read_tells_of_no_series_and_of_no_other_kind(fed: UseCases, kind: str, known: bool) -> None:
    fed.feeds.due()
    window = Period(start=NOON - timedelta(days=3), end=NOON - timedelta(days=1))
    with fed.work.writing() as connection:
        connection.execute(t.outages.delete())
        connection.execute(t.samples.delete())
        change_feed(connection, "monitor", kind=kind, read_until=NOON)
        jitter = Source("samples", "jitter")
        assert completeness_of(connection, ["S-1"])["S-1"].missing([jitter], window)
        assert is_recorded(connection, "S-1", window, as_of=NOON) is known


def test_reading_again_behind_the_hole_leaves_it(fed: UseCases) -> None:
    monitor = Monitor([row(1, NOON - timedelta(hours=20), service="S-unknown")])
    fed.feeds.due()
    fed.feeds.read("monitor", ask=monitor, find=none_found)
    fed.feeds.again("monitor", since=NOON - timedelta(hours=3), by="ann")
    fed.feeds.read("monitor", ask=monitor, find=none_found)
    assert not complete_until(fed, NOON - timedelta(hours=1))


def test_a_feed_that_fails_keeps_what_came_before_and_is_asked_less_and_less_often(fed: UseCases, clock: Clock) -> None:
    monitor = Monitor([row(1, NOON - timedelta(hours=2))])
    fed.feeds.due()
    pauses = []
    for _ in range(9):
        monitor.fails = 1
        with pytest.raises(UnableToAskFeed):
            fed.feeds.read("monitor", ask=monitor, find=none_found)
        pauses.append((fed.feeds.states()[0].next_at - clock.now).total_seconds() / 60)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    state = fed.feeds.states()[0]
    assert (state.failures, state.last_error, state.read_until) == (9, "The monitor is away.", None)
    assert not complete_until(fed, NOON - timedelta(hours=30))
    fed.feeds.read("monitor", ask=monitor, find=none_found)
    state = fed.feeds.states()[0]
    assert (state.failures, state.last_error, references(fed)) == (0, None, ["O-1"])


def test_a_row_that_is_refused_again_and_again_is_kept_once(fed: UseCases, clock: Clock) -> None:
    wrong = [row(number, NOON - timedelta(minutes=40 + number), service="S-unknown") for number in range(2)]
    monitor = Monitor(wrong)
    fed.feeds.due()
    for _ in range(3):
        assert fed.feeds.read("monitor", ask=monitor, find=none_found).rejected == 2
        clock.pass_by(minutes=10)
        monitor.rows.insert(0, row(9, NOON - timedelta(minutes=50)))
    kept = fed.worklists.quarantine(page=1, size=9, imports=True).rows
    assert sorted(one.body.count("O-0") for one in kept) == [0, 1]


PROBES = """
feeds:
  probes:
    connection: prometheus
    kind: samples
    mapping: prometheus
    http: {path: /api/v1/query_range, query: {start: "{since:epoch}", end: "{until:epoch}", step: 60}}
    starts: 2026-11-01T00:00:30Z
    overlap: 10 min
"""


def test_samples_are_asked_for_on_their_grid(any_use_cases: UseCases, clock: Clock, tmp_path: Path) -> None:
    use_cases = feeding(any_use_cases, clock, tmp_path, PROBES)

    def prometheus(_feed: Feed, stretch: Stretch, into: Path) -> list[Path]:
        """Answer for each step since the begin: up, but from 11:40:20 to 11:41:10."""
        first, last = int(stretch.since.timestamp()), int(stretch.until.timestamp())
        down = [int((NOON - timedelta(seconds=seconds)).timestamp()) for seconds in (1180, 1130)]
        values = [[at, "0" if down[0] <= at <= down[1] else "1"] for at in range(first, last + 1, 60)]
        answer = {"data": {"result": [{"metric": {"service": "S-1"}, "values": values}]}}
        into.with_suffix(".json").write_text(json.dumps(answer), "utf-8")
        return [into.with_suffix(".json")]

    readings = []
    with use_cases.work.writing() as connection:
        connection.execute(t.samples.delete())
    for seconds in (11, 130, 17, 300):
        clock.now += timedelta(seconds=seconds)
        use_cases.feeds.due()
        assert use_cases.feeds.read("probes", ask=prometheus, find=none_found).rejected == 0
        with use_cases.work.reading() as connection:
            found = connection.execute(select(t.samples.c.at, t.samples.c.value).order_by(t.samples.c.at)).all()
        readings.append([tuple(one) for one in found])
    for before, after in pairwise(readings):
        assert after[: len(before)] == before
    assert [at for at, value in readings[-1] if value == 0] == [int((NOON - timedelta(minutes=19)).timestamp())]


@settings(max_examples=5, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 900), st.integers(0, 3)), min_size=1, max_size=8), st.data())
def test_whenever_a_feed_is_read_and_however_often_it_fails_nothing_is_missing_or_double(
    tmp_path_factory: pytest.TempPathFactory, reads: list[tuple[int, int]], data: st.DataObject
) -> None:
    from tests.services.sample import open_use_cases

    folder, clock = tmp_path_factory.mktemp("feed"), Clock()
    use_cases = feeding(open_use_cases(f"sqlite:///{folder / 't.db'}", folder, clock), clock, folder, FEEDS)
    monitor = Monitor([])
    for number, (minutes, failures) in enumerate(reads):
        clock.pass_by(minutes=minutes)
        back = data.draw(st.integers(5, 60), label="minutes ago")
        monitor.rows.append(row(number, clock.now - timedelta(minutes=back)))
        monitor.fails = failures
        if "monitor" not in use_cases.feeds.due():
            continue
        if failures:
            with pytest.raises(UnableToAskFeed):
                use_cases.feeds.read("monitor", ask=monitor, find=none_found)
        else:
            use_cases.feeds.read("monitor", ask=monitor, find=none_found)
    monitor.fails = 0
    clock.pass_by(hours=2)
    use_cases.feeds.due()
    use_cases.feeds.read("monitor", ask=monitor, find=none_found)
    assert references(use_cases) == sorted(one["id"] for one in monitor.rows)


def test_every_feed_of_a_service_must_have_been_read_and_others_say_nothing_of_it(
    any_use_cases: UseCases, clock: Clock, tmp_path: Path
) -> None:
    elsewhere = FEEDS.replace("feeds:\n", "").replace("monitor:", "north:") + "    services: [S-2]\n"
    use_cases = feeding(any_use_cases, clock, tmp_path, FEEDS + elsewhere)
    monitor = Monitor([])
    assert use_cases.feeds.due() == ["monitor", "north"]
    use_cases.feeds.read("monitor", ask=monitor, find=none_found)
    assert complete_until(use_cases, NOON - timedelta(minutes=5))
    assert not complete_until(use_cases, NOON - timedelta(minutes=5), "S-2")
    use_cases.feeds.read("north", ask=monitor, find=none_found)
    assert complete_until(use_cases, NOON - timedelta(minutes=5), "S-2")
    (tmp_path / "feeds.yaml").write_text(FEEDS, "utf-8")
    use_cases.feeds.due()
    assert [one.name for one in use_cases.feeds.states()] == ["monitor"]


def test_files_are_read_once_they_rest_and_again_when_they_change(
    any_use_cases: UseCases, clock: Clock, tmp_path: Path
) -> None:
    feeds = "feeds:\n  files:\n    kind: outages\n    mapping: mapping.yaml\n    files: file:///x/*.json\n"
    use_cases = feeding(any_use_cases, clock, tmp_path, feeds)
    stored: dict[str, tuple[str, datetime]] = {}

    def put(name: str, *rows: dict[str, Any]) -> None:
        stored[name] = (json.dumps({"outages": rows}), clock.now)

    def find(_feed: Feed) -> list[FoundFile]:
        def copy(name: str, into: Path) -> None:
            into.write_text(stored[name][0], "utf-8")

        return [FoundFile(name, f"{stored[name][1]}", stored[name][1], partial(copy, name)) for name in stored]

    def read() -> list[str]:
        return use_cases.feeds.read("files", ask=Monitor([]), find=find).files

    put("a.json", row(1, NOON - timedelta(hours=1)))
    use_cases.feeds.due()
    assert read() == []
    clock.pass_by(minutes=2)
    put("b.json", row(2, NOON - timedelta(hours=2)))
    assert (read(), references(use_cases)) == (["a.json"], ["O-1"])
    clock.pass_by(minutes=2)
    assert (read(), references(use_cases)) == (["b.json"], ["O-1", "O-2"])
    assert read() == []
    put("a.json", row(1, NOON - timedelta(hours=1)), row(3, NOON - timedelta(hours=3)))
    clock.pass_by(minutes=2)
    assert (read(), references(use_cases)) == (["a.json"], ["O-1", "O-2", "O-3"])
    assert not complete_until(use_cases, NOON - timedelta(days=1))


class Files:
    """A folder of files: a text each, or what reading it raises."""

    def __init__(self) -> None:
        self.stored: dict[str, str | OSError] = {}

    def __call__(self, _feed: Feed) -> list[FoundFile]:
        def copy(name: str, into: Path) -> None:
            found = self.stored[name]
            if isinstance(found, OSError):
                raise found
            into.write_text(found, "utf-8")

        old = NOON - timedelta(hours=1)
        return [FoundFile(name, f"{hash(str(text))}", old, partial(copy, name)) for name, text in self.stored.items()]


EXPORTS = "feeds:\n  files:\n    kind: outages\n    mapping: mapping.yaml\n    files: file:///x/*.json\n"


def test_a_file_that_cannot_be_read_stops_no_other_and_is_named_until_it_is_corrected(
    any_use_cases: UseCases, clock: Clock, tmp_path: Path
) -> None:
    use_cases, files = feeding(any_use_cases, clock, tmp_path, EXPORTS), Files()
    files.stored = {
        "a.json": "{",
        "b.json": json.dumps({"outages": [row(1, NOON - timedelta(hours=1), service="S-new")]}),
        "c.json": PermissionError("c.json: permission denied"),
        "d.json": json.dumps({"outages": [row(2, NOON - timedelta(hours=2))]}),
    }
    use_cases.feeds.due()
    with pytest.raises(PermissionError):
        use_cases.feeds.read("files", ask=Monitor([]), find=files)
    assert references(use_cases) == ["O-2"]
    files.stored["c.json"] = json.dumps({"outages": [row(3, NOON - timedelta(hours=3))]})
    assert use_cases.feeds.read("files", ask=Monitor([]), find=files).files == ["c.json"]
    assert use_cases.feeds.states()[0].bad_files == 2
    unread, rejected = use_cases.feeds.troubles()
    assert "the feed files, a.json: nothing was imported: a.json is not JSON" in unread
    assert "the feed files, b.json: 1 of 1 rows were rejected: correct the file, or what it names, then" in rejected
    with use_cases.work.writing() as connection:
        connection.execute(t.services.insert(), {"id": "S-new", "name": "new", "kind": "line"})
    use_cases.feeds.again("files", since=clock.now - timedelta(hours=1), by="ann")
    del files.stored["a.json"]
    use_cases.feeds.read("files", ask=Monitor([]), find=files)
    assert (references(use_cases), use_cases.feeds.troubles()) == (["O-1", "O-2", "O-3"], [])


def test_files_that_were_read_by_another_mapping_are_named_until_they_are_read_again(
    any_use_cases: UseCases, clock: Clock, tmp_path: Path
) -> None:
    use_cases, files = feeding(any_use_cases, clock, tmp_path, EXPORTS), Files()
    files.stored = {"a.json": json.dumps({"faults": [row(1, NOON)], "outages": []})}
    use_cases.feeds.due()
    use_cases.feeds.read("files", ask=Monitor([]), find=files)
    clock.pass_by(minutes=5)
    (tmp_path / "mapping.yaml").write_text(MAPPING.replace("rows: outages", "rows: faults"), "utf-8")
    use_cases.feeds.due()
    assert use_cases.feeds.read("files", ask=Monitor([]), find=files).files == []
    [changed] = use_cases.feeds.troubles()
    assert "the feed files or its mapping was changed: what it read before 2026-11-02 12:05 UTC" in changed
    use_cases.feeds.again("files", since=NOON, by="ann")
    use_cases.feeds.read("files", ask=Monitor([]), find=files)
    assert (references(use_cases), use_cases.feeds.troubles()) == (["O-1"], [])


def test_the_page_shows_for_which_time_a_feed_is_complete_and_what_is_to_be_corrected(fed: UseCases) -> None:
    fed.feeds.due()
    fed.feeds.read("monitor", ask=Monitor([]), find=none_found)
    with client_of(SimpleNamespace(use_cases=fed, started=[]), "reader") as client:
        page = client.get("/feeds").text
        assert "1 Nov 2026 00:00" in page.partition(" until ")[0]
        assert "2 Nov 2026 11:55" in page.partition(" until ")[2]
        with fed.work.writing() as connection:
            change_feed(connection, "monitor", known_since=None)  # kept by a release that did not keep this
            bad = {"path": "a.json", "version": "1", "read_at": NOON, "rows": 3, "rejected": 1}
            connection.execute(feed_files.insert(), {"feed": "monitor", **bad})
        page = client.get("/feeds").text
        assert "rows were rejected" in page
        assert "of 1 files" in page
        assert "not known" in page


def test_an_empty_answer_of_a_database_is_an_answer(fed: UseCases) -> None:
    def ask(_feed: Feed, _stretch: Stretch, into: Path) -> list[Path]:
        into.with_suffix(".jsonl").write_text("", "utf-8")
        return [into.with_suffix(".jsonl")]

    fed.feeds.due()
    assert fed.feeds.read("monitor", ask=ask, find=none_found).rows == 0
    assert complete_until(fed, NOON - timedelta(minutes=5))


def test_a_database_answers_with_typed_rows(tmp_path: Path) -> None:
    file = tmp_path / "crm.db"
    with sqlite3.connect(file) as crm:
        crm.execute("CREATE TABLE faults (id INTEGER, line TEXT, down TEXT, minutes REAL)")
        crm.execute("INSERT INTO faults VALUES (7, 'S-1', '2026-11-01 08:00:00', 1.5), (8, 'S-1', '2026-11-03', 2)")
    crm.close()
    sql = "SELECT id, line AS service, down, minutes FROM faults WHERE down >= :since AND down < :until"
    since, until = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 2, tzinfo=UTC)
    found = ask_database(f"sqlite:///{file}", sql, since=since, until=until, into=tmp_path / "x")
    assert [json.loads(line) for line in found[0].read_text().splitlines()] == [
        {"id": 7, "service": "S-1", "down": "2026-11-01 08:00:00", "minutes": "1.5"}
    ]
    for wrong, said in {
        "SELECT absent FROM faults": "no such column: absent",
        "SELECT id, line AS id FROM faults": "two columns named 'id'",
        "SELECT x'00' AS raw": "The column 'raw' has a bytes",
    }.items():
        with pytest.raises(UnableToAskFeed, match=said):
            ask_database(f"sqlite:///{file}", wrong, since=since, until=until, into=tmp_path / "y")


def asking(server: HTTPServer, folder: Path, **how: Any) -> list[Path]:
    system = HttpSystem(server.url_for("/api").rstrip("/"), **how.pop("system", {}))
    given = {"path": "/outages", "query": {}, "body": None, "next_page": None} | how
    return ask_http(system, **given, into=folder / "feed")


def test_a_server_is_asked_as_the_feed_says(httpserver: HTTPServer, tmp_path: Path) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> Response:
        seen.append(request)
        return Response('{"outages": []}', content_type="application/json")

    httpserver.expect_request("/api/outages").respond_with_handler(answer)
    stretch = Stretch(since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 11, 2, tzinfo=UTC))
    query = stretch.fill({"from": "{since}", "to": "{until:epoch_ms}", "q": 'up{job="x"}', "step": 60})
    found = asking(httpserver, tmp_path, query=query, system={"login": "u", "password": "p"})
    assert found[0].read_text() == '{"outages": []}'
    assert parse_qs(seen[0].query_string.decode()) == {
        "from": ["2026-11-01T00:00:00Z"],
        "to": ["1793577600000"],
        "q": ['up{job="x"}'],
        "step": ["60"],
    }
    assert seen[0].authorization is not None
    assert seen[0].authorization.username == "u"
    body = stretch.fill({"method": "event.get", "params": {"time_from": "{since:epoch}", "text": "from {since:epoch}"}})
    asking(httpserver, tmp_path, body=body, system={"token": "secret"})
    assert seen[1].json == {"method": "event.get", "params": {"time_from": 1793491200, "text": "from 1793491200"}}
    assert seen[1].headers["Authorization"] == "Bearer secret"


def test_all_pages_are_read_and_the_login_stays_on_its_server(httpserver: HTTPServer, tmp_path: Path) -> None:
    httpserver.expect_request("/api/outages", query_string="").respond_with_json(
        {"next": "/api/outages?page=2", "n": 1}
    )
    httpserver.expect_request("/api/outages", query_string="page=2").respond_with_json({"next": None, "n": 2})
    found = asking(httpserver, tmp_path, next_page="next")
    assert [json.loads(file.read_text())["n"] for file in found] == [1, 2]
    httpserver.clear()
    httpserver.expect_request("/api/outages").respond_with_json({"next": "/api/outages?page=2"})
    with pytest.raises(UnableToAskFeed, match="was asked before"):
        asking(httpserver, tmp_path, next_page="next")
    assert len(httpserver.log) == 2
    httpserver.clear()
    httpserver.expect_request("/api/outages").respond_with_json({"next": "http://elsewhere.example/api"})
    with pytest.raises(UnableToAskFeed, match=r"another server, 'elsewhere\.example'"):
        asking(httpserver, tmp_path, next_page="next")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Response("busy  now", status=503), "answered 503: busy now"),
        (Response("", status=200), "answered 200 and sent nothing"),
        (Response(iter(['{"outages": [']), headers={"Content-Length": "900"}), "gave no answer: RemoteProtocolError"),
        (Response("", status=302, headers={"Location": "http://127.0.0.1:1/"}), "answered 302"),
    ],
)
def test_what_is_no_answer_is_named(httpserver: HTTPServer, tmp_path: Path, answer: Response, said: str) -> None:
    httpserver.expect_request("/api/outages").respond_with_response(answer)
    with pytest.raises(UnableToAskFeed, match=said):
        asking(httpserver, tmp_path)


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    system = HttpSystem("http://127.0.0.1:1")
    with pytest.raises(UnableToAskFeed, match=r"127\.0\.0\.1/outages gave no answer: ConnectError"):
        ask_http(system, path="/outages", query={}, body=None, next_page=None, into=tmp_path / "f")


def without(key: str) -> Callable[[str], str]:
    return lambda text: "\n".join(line for line in text.splitlines() if not line.strip().startswith(f"{key}:"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without("http"), "feed monitor: needs one of http, sql and files, and has none"),
        (without("starts"), "needs starts: the instant"),
        (without("connection"), "needs connection"),
        (lambda text: text + "    files: /x/*.csv\n", "needs one of http, sql and files, and has http and files"),
        (lambda text: text.replace("5 min", "5"), "behind: '5' is not a length of time"),
        (lambda text: text.replace("T00:00:00Z", ""), "starts: .*2026-11-01"),
        (lambda text: text.replace("kind: outages", "kind: tickets"), "kind: is not known: write one of: 'outages'"),
        (lambda text: text + "    evry: 5 min\n", "evry: is no field here: leave it out"),
        (lambda text: text + text.replace("feeds:\n", ""), "a name stands twice"),
        (lambda text: text.replace("monitor:", "Über uns:", 1), "name: is not written as it should be"),
        (lambda text: text.replace("feeds:", "feed:"), "needs one key, `feeds`"),
        (lambda text: text.replace("{path", "[path"), "is not YAML"),
    ],
)
def test_a_wrong_file_of_feeds_is_refused_with_the_feed_and_the_key(tmp_path: Path, change: Any, said: str) -> None:
    (tmp_path / "feeds.yaml").write_text(change(FEEDS), "utf-8")
    with pytest.raises(UnableToReadFeeds, match=said):
        read_feeds(tmp_path / "feeds.yaml")


def test_a_mapping_that_does_not_fit_is_refused(any_use_cases: UseCases, clock: Clock, tmp_path: Path) -> None:
    use_cases = feeding(any_use_cases, clock, tmp_path, FEEDS.replace("mapping.yaml", "prometheus"))
    with pytest.raises(UnableToReadFeeds, match="has samples, and not outages"):
        use_cases.feeds.due()
    use_cases = feeding(use_cases, clock, tmp_path, PROBES + "    at_most: 30 s\n")
    with pytest.raises(UnableToReadFeeds, match="Feed probes: at_most is shorter than a step of its samples"):
        use_cases.feeds.due()

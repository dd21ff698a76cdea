"""A desk over the small TELECO, walked through the process without Airflow, for three kinds of callers."""

import json
import pickle
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from copy import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient

from deploy.locked_packages import locked
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.run_ids import run_id_of
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.process.extra_problem_fix import take_over_incident
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.sample_data import load_sample, make_sample
from include.sla_logic.services import UnableToAcceptNotification, UseCases
from include.sla_logic.settings import Settings
from include.sla_logic.web import Caller, build_desk
from tests.clock import Clock
from tests.reference.walk import next_step

ANCHOR = datetime(2026, 11, 23, 23, 5, 17, tzinfo=UTC)
HELD = "held_and_released"
MEMBERS = {
    "reader": Caller("rita reads", may_write=False),
    "operator": Caller("otto operates", may_write=True, roles=("admin",)),
    "partner": Caller("paula partners", may_read=False),
    "other_partner": Caller("olga partners", may_read=False),
    "stranger": Caller("sam strays", may_read=False),  # has a login and nothing else
}
PARTNERS = {"paula partners": ["C-1001", "C-1002", "C-NONE"], "olga partners": ["C-1008"]}
TICK = timedelta(milliseconds=100)
HERE = {"Sec-Fetch-Site": "same-origin"}


class Sample:
    """A database with one incident of every kind; the one called `held_and_released` still waits for its release."""

    def __init__(self, folder: Path, *, url: str | None = None) -> None:
        self.clock = Clock(ANCHOR + timedelta(minutes=1), tick=TICK)
        self._open(folder, url or f"sqlite:///{folder / 'teleco.db'}")
        self.use_cases.work.migrate()
        self.data = make_sample(7, ANCHOR)
        with self.use_cases.work.database.write() as connection:
            load_sample(connection, self.data)
        self.tickets: dict[str, str] = {}
        self.started: list[tuple[str, Mapping[str, Any]]] = []

    def _open(self, folder: Path, url: str) -> None:
        self.folder = folder
        open_apis = folder / "open-apis.yaml"
        partners = {user: {"customers": customers} for user, customers in PARTNERS.items()}
        open_apis.write_text(json.dumps({"partners": partners}), "utf-8")  # JSON is YAML
        self.use_cases = UseCases(Settings(url, folder / "letters", open_apis=open_apis), clock=self.clock)

    def again(self, folder: Path, *, url: str | None = None) -> Self:
        """Return the same sample with a database of its own, or at `url` one that holds the same already."""
        other = copy(self)
        other.clock, other.tickets, other.started = Clock(self.clock.now, tick=TICK), dict(self.tickets), []
        if url is None:
            self._copy_into(folder)
        other._open(folder, url or f"sqlite:///{folder / 'teleco.db'}")
        return other

    def keep(self, file: Path) -> None:
        """Write down what the database does not hold, for the other workers of the session."""
        file.write_bytes(pickle.dumps((self.folder, self.data, self.tickets, self.clock.now)))

    @classmethod
    def kept(cls, file: Path) -> Self:
        """Open a sample that another worker has made; nobody changes it."""
        sample = cls.__new__(cls)
        folder, sample.data, sample.tickets, now = pickle.loads(file.read_bytes())  # noqa: S301 - our own
        sample.clock, sample.started = Clock(now, tick=TICK), []
        sample._open(folder, f"sqlite:///{folder / 'teleco.db'}")
        return sample

    def _copy_into(self, folder: Path) -> None:
        with (
            closing(sqlite3.connect(self.folder / "teleco.db")) as kept,
            kept,
            closing(sqlite3.connect(folder / "teleco.db")) as new,
        ):
            kept.backup(new)

    def report(self, key: str, **changes: Any) -> TroubleTicket:
        """Accept one of the sample's notifications, with changes, for a run of its own."""
        said = self.data.notifications[key].model_dump(mode="json") | changes
        ticket = self.use_cases.incidents.accept(said, run_id=f"run-{len(self.tickets)}-{key}", origin="form")
        self.tickets[key] = ticket.id
        return ticket

    def walk(self, key: str, *, until: str | None = None, **changes: Any) -> TroubleTicket:
        """Take an incident as far as it goes, or as far as `until`; what is held is not released."""
        self.clock.now = ANCHOR + timedelta(minutes=1)
        ticket = self.report(key, **changes)
        while (step := next_step(self.use_cases, ticket.run_id)) and step != until:
            self.take(step, ticket.run_id)
        return ticket

    def take(self, step: str, run_id: str) -> None:
        """Take one step of an incident; let the deadline of a wait pass where it is not decided."""
        if step == WAIT:
            if self.use_cases.restorations.decide(run_id) is None:
                self.clock.now = self.use_cases.restorations.find(run_id).deadline
                self.use_cases.restorations.decide(run_id)
            return
        self.use_cases.incidents.perform(step_named(step), run_id=run_id)
        if step == "link_to_extra_problem_fix":
            self.use_cases.incidents.perform(take_over_incident, run_id=run_id)


def build_sample(folder: Path) -> Sample:
    sample = Sample(folder)
    for key in sample.data.notifications:
        sample.walk(key, until=WAIT if key == HELD else None)
    with pytest.raises(UnableToAcceptNotification):
        sample.use_cases.incidents.accept(
            {"customer": "<script>alert(1)</script>", "x": "=cmd|' /C calc'!A0"}, run_id="bad", origin="REST"
        )
    sample.clock.now = ANCHOR + timedelta(minutes=10)
    sample.use_cases.settlement.run(by="otto operates", limit=0)
    return sample


def made_once(name: str, make: Callable[[Path], Sample], session_folder: Path) -> Sample:
    """Let one worker of the session make a sample, and the others open it."""
    folder = session_folder / name
    with locked(session_folder / f"{name}.lock"):
        if (folder / "sample").exists():
            return Sample.kept(folder / "sample")
        folder.mkdir()
        sample = make(folder)
        sample.keep(folder / "sample")
    return sample


def member(request: Request) -> Caller:
    caller = MEMBERS.get(request.headers.get("x-member", ""))
    if caller is None:
        raise HTTPException(401, "Not authenticated")
    return caller


def reader(request: Request) -> Caller:
    caller = member(request)
    if not caller.may_read:
        raise HTTPException(403, "You may not see incidents.")
    return caller


def operator(request: Request) -> Caller:
    caller = reader(request)
    if not caller.may_write:
        raise HTTPException(403, "You may not change incidents.")
    return caller


def desk_of(sample: Sample) -> FastAPI:
    async def start(_request: Request, notification: Mapping[str, Any]) -> str:
        run_id = f"desk-{len(sample.started)}"
        sample.started.append((run_id, notification))
        return run_id

    async def start_for_partner(_request: Request, notification: Mapping[str, Any]) -> str:
        run_id = run_id_of(ProblemNotification.model_validate(dict(notification)))
        known = [conf for run, conf in sample.started if run == run_id]
        if known and known[0] != notification:
            raise HTTPException(409, f"The run {run_id} exists with another notification.")
        if not known:
            sample.started.append((run_id, notification))
        return run_id

    return build_desk(
        lambda: sample.use_cases,
        reader=reader,
        writer=operator,
        login=member,
        start=start,
        prefix="/incident-desk",
        airflow_dag="sla_violation",
        extra_run=lambda run_id: ("premium_problem_fix", f"premium.{run_id}"),
        start_for_partner=start_for_partner,
    )


@contextmanager
def client_of(sample: Sample, who: str = "operator") -> Iterator[TestClient]:
    headers = {"x-member": who} if who else {}
    client = TestClient(desk_of(sample), headers=headers, follow_redirects=False, raise_server_exceptions=False)
    with client:
        yield client

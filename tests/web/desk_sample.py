"""A desk over the small TELECO, walked through the process without Airflow, for three kinds of callers."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from copy import copy
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient

from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.process import (
    billing,
    customer_service,
    extra_problem_fix,
    resource_provisioning,
    service_management,
)
from include.sla_logic.process.step import Step
from include.sla_logic.sample_data import load_sample, make_sample
from include.sla_logic.services import UnableToAcceptNotification, UseCases
from include.sla_logic.settings import Settings
from include.sla_logic.web import Caller, build_desk

ANCHOR = datetime(2026, 11, 23, 23, 5, 17, tzinfo=UTC)
WAIT = "await_restoration_request"
HELD = "held_and_released"
MEMBERS = {"reader": Caller("rita reads", may_write=False), "operator": Caller("otto operates", may_write=True)}
HERE = {"Sec-Fetch-Site": "same-origin"}


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=100)
        return self.now


class Sample:
    """An use_cases with one incident of every kind; the one called `held` still waits for its release."""

    def __init__(self, folder: Path, *, url: str | None = None) -> None:
        self.clock = Clock(ANCHOR + timedelta(minutes=1))
        self._open(folder, url or f"sqlite:///{folder / 'teleco.db'}")
        self.use_cases.work.migrate()
        self.house = make_sample(7, ANCHOR)
        with self.use_cases.work.database.write() as connection:
            load_sample(connection, self.house)
        self.tickets: dict[str, str] = {}
        self.started: list[tuple[str, Mapping[str, Any]]] = []

    def _open(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.use_cases = UseCases(Settings(url, folder / "letters"), clock=self.clock)

    def again(self, folder: Path) -> Self:
        """Return the same sample with a database of its own, as walking its incidents takes long."""
        other = copy(self)
        other.clock, other.tickets, other.started = Clock(self.clock.now), dict(self.tickets), []
        with (
            closing(sqlite3.connect(self.folder / "teleco.db")) as kept,
            kept,
            closing(sqlite3.connect(folder / "teleco.db")) as new,
        ):
            kept.backup(new)
        other._open(folder, f"sqlite:///{folder / 'teleco.db'}")
        return other

    def report(self, key: str, **changes: Any) -> TroubleTicket:
        """Accept one of the sample's notifications, with changes, for a run of its own."""
        said = self.house.notifications[key].model_dump(mode="json") | changes
        ticket = self.use_cases.incidents.accept(said, run_id=f"run-{len(self.tickets)}-{key}", origin="form")
        self.tickets[key] = ticket.id
        return ticket

    def walk(self, key: str, *, until: str | None = None, **changes: Any) -> TroubleTicket:
        """Take an incident as far as it goes, or as far as `until`; nobody releases what is held."""
        self.clock.now = ANCHOR + timedelta(minutes=1)
        ticket = self.report(key, **changes)
        task: str | None = "enter_problem_report"
        while task and task != until:
            task = self._after(task, ticket.run_id)
        return ticket

    def _after(self, task: str, run_id: str) -> str | None:
        if task != WAIT:
            choice = self.use_cases.incidents.perform(activity(task), run_id=run_id)
            if task == "link_to_extra_problem_fix":
                self.use_cases.incidents.perform(extra_problem_fix.take_over_incident, run_id=run_id)
            return choice or FOLLOWS.get(task)
        outcome = self.use_cases.restorations.decide(run_id)
        if outcome is None:
            self.clock.now = self.use_cases.restorations.find(run_id).deadline
            outcome = self.use_cases.restorations.decide(run_id)
        assert outcome is not None
        return resource_provisioning.go_on_after_the_wait(outcome).value


LINES = """
enter_problem_report compare_with_sla determine_counter_measures determine_customer_significance is_customer_premium
link_to_extra_problem_fix does_significance_change_priorities
reprioritize_counter_measures create_detailed_problem_report is_problem_analyzable
analyze_problem create_trouble_report prepare_final_status_report
send_to_resource_provisioning is_problem_detected
analyze_resource_problem create_resource_trouble_report send_status_report
notify_normal_execution send_status_report prepare_final_status_report choose_counter_measures
send_actual_service_performance receive_outcome
undertake_minor_corrections send_problem_resolution_report
request_automatic_restoration await_restoration_request
track_errors undertake_restoration send_troubleshooting_report send_problem_resolution_report
terminate_restoration send_problem_resolution_report
send_problem_resolution_report receive_outcome create_customer_report report_sla_rebate adjust_billing
adjust_billing send_customer_report close_incident
""".splitlines()
FOLLOWS = {one: other for line in LINES for one, other in pairwise(line.split())}


def activity(task: str) -> Step:
    for department in (customer_service, service_management, resource_provisioning, billing):
        if hasattr(department, task):
            found: Step = getattr(department, task)
            return found
    raise AssertionError(task)


def build_sample(folder: Path) -> Sample:
    sample = Sample(folder)
    for key in sample.house.notifications:
        sample.walk(key, until=WAIT if key == HELD else None)
    with pytest.raises(UnableToAcceptNotification):
        sample.use_cases.incidents.accept(
            {"customer": "<script>alert(1)</script>", "x": "=cmd|' /C calc'!A0"}, run_id="bad", origin="REST"
        )
    sample.clock.now = ANCHOR + timedelta(minutes=10)
    return sample


def member(request: Request) -> Caller:
    caller = MEMBERS.get(request.headers.get("x-member", ""))
    if caller is None:
        raise HTTPException(401, "Not authenticated")
    return caller


def operator(request: Request) -> Caller:
    caller = member(request)
    if not caller.may_write:
        raise HTTPException(403, "You may not change incidents.")
    return caller


def desk_of(sample: Sample) -> FastAPI:
    async def start(_request: Request, notification: Mapping[str, Any]) -> str:
        run_id = f"desk-{len(sample.started)}"
        sample.started.append((run_id, notification))
        return run_id

    return build_desk(
        lambda: sample.use_cases,
        reader=member,
        writer=operator,
        start=start,
        prefix="/incident-desk",
        airflow_dag="sla_violation",
        extra_run=lambda run_id: ("premium_problem_fix", f"premium.{run_id}"),
    )


@contextmanager
def client_of(sample: Sample, who: str = "operator") -> Iterator[TestClient]:
    headers = {"x-member": who} if who else {}
    client = TestClient(desk_of(sample), headers=headers, follow_redirects=False, raise_server_exceptions=False)
    with client:
        yield client

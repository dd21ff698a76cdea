"""Walk an incident through the process without Airflow: the use cases do each step."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from include.sla_logic.persistence.cohort_members import load_steps
from include.sla_logic.persistence.incident_records import find_number
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.resource_provisioning import go_on_after_the_wait
from include.sla_logic.process.stages import step_named
from include.sla_logic.process.way import next_steps
from include.sla_logic.sample_data import Sample, load_sample
from include.sla_logic.services import UseCases
from include.sla_logic.settings import Settings
from tests.clock import Clock
from tests.played_network import PlayedNetwork, forget_the_network

ANCHOR = datetime(2026, 11, 23, 23, 5, 17, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def next_step(use_cases: UseCases, run_id: str) -> str | None:
    """Return what comes next for an incident, as the database has it; None at its end."""
    with use_cases.work.reading() as connection:
        number = find_number(connection, run_id)
        done = {name: step.choice for name, step in load_steps(connection, [number]).get(number, {}).items()}
    return next(iter(next_steps(done)), None)


def settle_the_wait(use_cases: UseCases, clock: Clock, run_id: str, ticket: str, operator: str | None) -> str:
    """Do what the operator does, or nothing until the deadline has passed."""
    if use_cases.restorations.decide(run_id) is None and operator == "release":
        use_cases.restorations.release(ticket, by="operator", reason="The reserve route has room.")
    outcome = use_cases.restorations.decide(run_id)
    if outcome is None:
        clock.now = use_cases.restorations.find(run_id).deadline
        outcome = use_cases.restorations.decide(run_id)
    assert outcome is not None
    return go_on_after_the_wait(outcome).value


def walk(
    use_cases: UseCases, clock: Clock, conf: Mapping[str, Any], run_id: str, *, operator: str | None = None
) -> tuple[str, ...]:
    """Lead one incident from its notification to its end; return the steps that it took."""
    ticket = use_cases.incidents.accept(conf, run_id=run_id, origin="test")
    done: dict[str, str | None] = {}
    while following := next_steps(done):
        step = following[0]
        if step == WAIT:
            done[step] = settle_the_wait(use_cases, clock, run_id, ticket.id, operator)
        else:
            done[step] = use_cases.incidents.perform(step_named(step), run_id=run_id)
    return tuple(done)


def walk_all(
    sample: Sample, url: str, folder: Path, *, network: Callable[[Clock], PlayedNetwork] | None = None
) -> tuple[UseCases, dict[str, tuple[str, ...]]]:
    """Walk all incidents of the sample, each a minute after loading; return the use cases and the ways.

    With a `network`, the operations database knows no resource: the network is asked over HTTP.
    """
    clock = Clock(ANCHOR + timedelta(minutes=1), tick=SECOND)
    played = network(clock) if network else None
    settings = Settings(url, folder / "letters", network=played.system() if played else None)
    use_cases = UseCases(settings, clock=clock)
    use_cases.work.migrate()
    with use_cases.work.database.write() as connection:
        load_sample(connection, sample)
    if played:
        forget_the_network(use_cases.work.database)
    ways = {}
    for key, expectation in sample.expectations.items():
        clock.now = ANCHOR + timedelta(minutes=1)
        conf = sample.notifications[key].model_dump(mode="json")
        ways[key] = walk(use_cases, clock, conf, f"walk-{key}", operator=expectation.operator)
    clock.now = ANCHOR + timedelta(days=3)  # later than anything that an incident has waited for
    return use_cases, ways

"""Incidents beside the runs of Airflow, of customers of their own, which the use cases lead as far as a test needs."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache

from benchmarks.leading import step_named
from benchmarks.sample import load_copy, renamed
from include.sla_logic.process.graph import WAIT
from include.sla_logic.sample_data import Sample, make_sample
from include.sla_logic.services import UseCases
from tests.reference.walk import next_step


def held_back(use_cases: UseCases, *, copy: int, count: int = 1) -> tuple[str, list[str]]:
    """Lead incidents of one service to their restoration requests, which wait for a release.

    Return the number of their customer, and their tickets. No other test may use the same copy of the sample.
    """
    first = _first()
    with use_cases.work.writing() as connection:
        load_copy(connection, first, copy)
    said = renamed(first.notifications["held_and_released"].model_dump(mode="json"), copy)
    return str(said["customer"]), [_led(use_cases, said, f"BESIDE-{copy}-{number}") for number in range(count)]


@cache
def _first() -> Sample:
    return make_sample(7, datetime.now(UTC))


def _led(use_cases: UseCases, said: dict[str, object], name: str) -> str:
    ticket = use_cases.incidents.accept(said | {"external_reference": name}, run_id=name, origin="form").id
    while (step := next_step(use_cases, name)) and step != WAIT:
        use_cases.incidents.perform(step_named(step), run_id=name)
    return ticket


def acts(use_cases: UseCases, ticket: str) -> Sequence[tuple[str, str]]:
    """Return who did what to a ticket, in order."""
    return [(act.actor, act.action) for act in use_cases.lookups.incident(ticket).audit]

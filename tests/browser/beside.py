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

ALONE = 4  # the copy of the one test that releases: requests of one cause leave together
ESCALATED = 5
_loaded: dict[int, int] = {}  # by copy, how many incidents of it there are


def held_back(use_cases: UseCases, *, count: int = 1, copy: int = 3) -> tuple[str, list[str]]:
    """Lead incidents of one service to their restoration requests, which wait for a release.

    Return the number of their customer, and their tickets. Each copy of the sample is loaded once.
    """
    first = _first()
    if copy not in _loaded:
        with use_cases.work.writing() as connection:
            load_copy(connection, first, copy)
    known = _loaded.get(copy, 0)
    _loaded[copy] = known + count
    said = renamed(first.notifications["held_and_released"].model_dump(mode="json"), copy)
    names = [f"BESIDE-{copy}-{number}" for number in range(known, known + count)]
    return str(said["customer"]), [_led(use_cases, said, name) for name in names]


def escalated(use_cases: UseCases) -> str:
    """Lead an incident of a customer of its own to its end, which the correction does not reach; name the ticket."""
    with use_cases.work.writing() as connection:
        load_copy(connection, _first(), ESCALATED)
    said = renamed(_first().notifications["correction_fails"].model_dump(mode="json"), ESCALATED)
    return _led(use_cases, said, f"BESIDE-{ESCALATED}")


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

"""Incidents beside the runs of Airflow, of customers of their own, which the use cases lead as far as a test needs."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import update

from benchmarks.sample import load_copy, renamed
from deploy.stack import AirflowStack
from include.sla_logic.persistence.schema import reference
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.sample_data import Sample, make_sample
from include.sla_logic.services import UseCases
from tests.reference.walk import next_step

ALONE = 4  # the copy of the one test that releases: requests of one cause leave together
ESCALATED = 5
CONTESTED = 6
FILES = 7
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


def escalated(use_cases: UseCases, *, copy: int = ESCALATED, locale: str | None = None) -> str:
    """Lead an incident of a customer of its own to its end, which the correction does not reach; name the ticket.

    The customer's letters are in the language of the `locale`, if one is given.
    """
    said = renamed(_first().notifications["correction_fails"].model_dump(mode="json"), copy)
    with use_cases.work.writing() as connection:
        load_copy(connection, _first(), copy)
        if locale:
            customers = reference.customers
            connection.execute(update(customers).where(customers.c.id == said["customer"]).values(locale=locale))
    return _led(use_cases, said, f"BESIDE-{copy}")


def logged_in(windows: Callable[..., Any], stack: AirflowStack, name: str) -> Any:
    """Open a window of that person, who logs in at Airflow's form, to which the desk leads."""
    window = windows(stack.address)
    page = window.go("/incident-desk/")
    page.get_by_role("link", name="Log in").click()
    window.sign_in(name, json.loads(stack.login_file.read_text("utf-8"))[name])
    page.get_by_role("contentinfo").get_by_text(name).wait_for()
    window.wrong = [each for each in window.wrong if "401" not in each]  # who has no login is sent to the form
    return window


@cache
def _first() -> Sample:
    return make_sample(7, datetime.now(UTC))


def _led(use_cases: UseCases, said: dict[str, object], name: str) -> str:
    ticket = use_cases.incidents.accept(said | {"external_reference": name}, run_id=name, origin="form").id
    while (step := next_step(use_cases, name)) and step != WAIT:
        use_cases.incidents.perform(step_named(step), run_id=name)
    return ticket


def choose_file(page: Any, name: str, content: bytes) -> None:
    """Choose a file in the form of a page."""
    page.locator("#file").set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})


def saved(page: Any, link: Any) -> bytes:
    """Save what a link or a button leads to."""
    with page.expect_download() as download:
        link.click()
    return Path(download.value.path()).read_bytes()


def acts(use_cases: UseCases, ticket: str) -> Sequence[tuple[str, str]]:
    """Return who did what to a ticket, in order."""
    return [(act.actor, act.action) for act in use_cases.lookups.incident(ticket).audit]

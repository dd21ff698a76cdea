"""Use cases with two partners and listeners on loopback."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from include.sla_logic.services import UseCases
from tests.clock import Clock
from tests.events.listeners import Played, listening
from tests.events.partners import Partners, register_second_customer


@pytest.fixture
def listener() -> Iterator[Played]:
    with listening() as played:
        yield played


@pytest.fixture
def other() -> Iterator[Played]:
    with listening() as played:
        yield played


@pytest.fixture
def partners(any_use_cases: UseCases, tmp_path: Path, clock: Clock, listener: Played, other: Played) -> Partners:
    """Allow both listeners to both partners, on loopback too."""
    file = tmp_path / "open-apis.yaml"
    settings = replace(any_use_cases.work.settings, open_apis=file)
    register_second_customer(any_use_cases)
    partners = Partners(UseCases(settings, clock=clock), clock, file)
    partners.allow(listener.origin, other.origin)
    return partners

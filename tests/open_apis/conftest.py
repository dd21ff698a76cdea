"""A desk with three incidents: two of one partner's customers, one of another's."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from include.sla_logic.process.graph import WAIT
from tests.web.desk_sample import HELD, HERE, Sample, client_of, made_once

As = Callable[[str], TestClient]


@pytest.fixture(scope="session")
def walked_sample(session_folder: Path) -> Sample:
    """Walk them once; only copies of them are changed."""
    return made_once("open_apis", _walked, session_folder)


def _walked(folder: Path) -> Sample:
    sample = Sample(folder)
    sample.walk("premium")
    sample.walk("re_prioritised", until="determine_counter_measures")
    sample.walk(HELD, until=WAIT)
    return sample


@pytest.fixture
def sample(walked_sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Copy them for one test."""
    return walked_sample.again(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def as_(sample: Sample) -> Iterator[As]:
    """Return the client of somebody: `as_("partner")`."""
    with ExitStack() as stack:
        clients: dict[str, TestClient] = {}

        def client(who: str) -> TestClient:
            if who not in clients:
                clients[who] = stack.enter_context(client_of(sample, who=who))
                clients[who].headers.update(HERE)
            return clients[who]

        yield client

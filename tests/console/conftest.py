"""Towns with a desk."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.console.desk_town import Town, build_town, client_of


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Town:
    """Build the town once for the tests of a module that only look."""
    return build_town(tmp_path_factory.mktemp("town"))


@pytest.fixture
def own_town(tmp_path) -> Town:
    """Build an almost empty town for a test that changes it."""
    return Town(tmp_path)


@pytest.fixture
def desk(town) -> Iterator[TestClient]:
    with client_of(town) as client:
        yield client

"""Towns with a desk."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from tests.console.desk_town import Town, build_town, client_of


def pytest_collection_modifyitems(items) -> None:
    """Give the first test that needs the town the time to build it."""
    for item in items:
        if "built_town" in getattr(item, "fixturenames", ()) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="session")
def built_town(tmp_path_factory) -> Town:
    """Walk every incident of the town once; nobody but copies of it is changed."""
    return build_town(tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def town(built_town, tmp_path_factory) -> Town:
    """Hand out one town for the tests of a module that only look."""
    return built_town.again(tmp_path_factory.mktemp("town"))


@pytest.fixture
def own_town(tmp_path) -> Town:
    """Build an almost empty town for a test that changes it."""
    return Town(tmp_path)


@pytest.fixture
def desk(town) -> Iterator[TestClient]:
    with client_of(town) as client:
        yield client

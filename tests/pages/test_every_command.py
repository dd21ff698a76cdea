"""Every block of commands of README and docs is typed as it is written, beside one `make up`."""

from collections.abc import Iterator

import pytest

from tests.pages.blocks import Block, blocks
from tests.pages.making_up import made_up
from tests.pages.preparing import BEFORE, own_data, settled, small_provider, walk_of_the_readme
from tests.pages.typing_them import Reader

pytestmark = [pytest.mark.more, pytest.mark.own_airflow]
ELSEWHERE = {"$BACKUP": "test_backup_page", "database restored": "test_backup_page"}  # on both databases
FOUND = [block for block in blocks() if not block.reason and not block.holds_settings]
WALK = [block for block in FOUND if (block.page, "incident start" in block.text) == ("README.md", True)]
SETTLING = [block for block in FOUND if "settlement run" in block.text]
OWN_DATA = [block for block in FOUND if block.page == "docs/own-data.md"]
APART = [*WALK, *OWN_DATA, *SETTLING]
TYPED = [block for block in FOUND if block not in APART and not any(word in block.text for word in ELSEWHERE)]
TYPED.sort(key=lambda block: "database adopt" in block.text)  # last: then this Airflow works another database


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with made_up() as up:
        reader = Reader(up)
        with reader.api:
            yield reader


def test_the_walk_of_the_readme_ends_with_a_restored_service(reader: Reader) -> None:
    [walk] = WALK
    said = reader.type(walk, walk_of_the_readme, literally=True)
    assert "Started: incident.DEMO-HELD-AND-RELEASED" in said
    assert reader.ended("incident.DEMO-HELD-AND-RELEASED") == "success"
    closed = reader.use_cases.lookups.incident("TT-000001").closed
    assert closed is not None
    assert closed.outcome == "restored"


def test_the_page_of_own_data_ends_with_the_letter(reader: Reader) -> None:
    said = "".join(reader.type(block, own_data) for block in OWN_DATA)
    assert "credited €48.00 to your account" in " ".join(said.split())


def test_months_are_settled_as_the_page_shows(reader: Reader) -> None:
    [settling] = SETTLING
    with reader.apart():
        small_provider(reader)
        reader.type(settling, settled)


@pytest.mark.parametrize("block", TYPED, ids=str)
def test_a_block_is_typed_as_it_is_written(reader: Reader, block: Block) -> None:
    before = [hook for (page, words), hook in BEFORE.items() if page == block.page and words in block.text]
    assert len(before) <= 1
    reader.type(block, *before)

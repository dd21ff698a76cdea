"""The board over many incidents: pages and counts come from an index, and counting ends where nobody reads on."""

import pytest
from sqlalchemy import insert

from benchmarks.plans import asked, plan
from include.sla_logic.persistence.queries import board_filter
from include.sla_logic.persistence.queries.board import read_board
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import ticket_status_history, tickets
from include.sla_logic.services import board
from include.sla_logic.services.board import BoardFilter
from include.sla_logic.web.rendering import up_to
from tests.web.desk_sample import ANCHOR, Sample, client_of

MANY = 300
NUMBERS = range(1000, 1000 + MANY)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    sample = Sample(tmp_path_factory.mktemp("many"))
    made = {"origin": "seed", "customer": "C-1", "service": "S-1", "created_at": ANCHOR}
    made |= {"assigned_to": "Customer Service", "escalated": True}
    with sample.use_cases.work.database.write() as connection:
        status = {n: "inProgress" if n % 3 else "resolved" for n in NUMBERS}
        rows = [
            {"number": n, "external_key": f"run s{n}", "run_id": f"s{n}", "status": status[n]} | made for n in NUMBERS
        ]
        connection.execute(insert(tickets), rows)
        first = {"sequence": 1, "status": "inProgress", "reason": "seed", "at": ANCHOR}
        connection.execute(insert(ticket_status_history), [first | {"ticket": n} for n in NUMBERS])
        places = [
            {"ticket": n, "open": n % 3 > 0, "place": f"{n:08d}", "protected": False, "priority": "P2"} for n in NUMBERS
        ]
        connection.execute(insert(queue), places)
    return sample


@pytest.mark.more
def test_counting_ends_at_a_bound_and_says_so(many):
    with many.use_cases.work.reading() as connection:
        found = read_board(connection, BoardFilter(), now=ANCHOR, size=20, counted=100)
        assert (found.total, found.bound, found.pages) == (100, 100, 5)
        assert read_board(connection, BoardFilter(), now=ANCHOR, page=6, size=20, counted=100).rows == []
        exact = read_board(connection, BoardFilter(), now=ANCHOR, size=20)
        assert (exact.total, exact.bound) == (200, None)
        assert read_board(connection, BoardFilter(), now=ANCHOR, size=20, counted=200).bound is None


def test_the_board_says_that_there_are_more_than_it_counts(many, monkeypatch):
    with client_of(many) as client:
        assert "200 incidents" in client.get("/").text
        monkeypatch.setattr(board, "COUNTED", 150)
        page = client.get("/?page=3").text
    assert "More than 150 incidents" in page
    assert "Page 3 of 3" in page
    assert (up_to(10_000), up_to(10_001)) == ("10000", "10000+")


@pytest.mark.parametrize("shown", ["open", "settled", "all"])
def test_a_page_and_its_count_are_read_from_the_index_in_its_order(many, shown):
    with asked(many.use_cases) as questions, many.use_cases.work.reading() as connection:
        read_board(connection, BoardFilter(shown=shown, fold=True, priority="P2"), now=ANCHOR, counted=100)
    of_queue = [(text, given) for text, given in questions.items() if "FROM queue" in text.partition("WHERE")[0]]
    with many.use_cases.work.database.write() as connection:
        steps = [step for text, given in of_queue[:2] for step in plan(connection, text, given)]
    assert len([step for step in steps if "queue USING COVERING INDEX ix_queue_place" in step]) == 2
    assert not [step for step in steps if "TEMP B-TREE" in step]


@pytest.mark.parametrize(
    ("wanted", "index"),
    [
        ({"lane": "Customer Service"}, "ix_tickets_assigned_to_status_number (assigned_to=? AND status=?)"),
        ({"customer": "C-1"}, "ix_tickets_customer_status_number (customer=? AND status=?)"),
        ({"shown": "escalated"}, "ix_tickets_escalated (status=?)"),
    ],
)
def test_what_has_something_in_common_is_counted_from_an_index_of_the_tickets_alone(many, monkeypatch, wanted, index):
    monkeypatch.setattr(board_filter, "FEW", 10)
    with asked(many.use_cases) as questions, many.use_cases.work.reading() as connection:
        assert read_board(connection, BoardFilter(**wanted, fold=True), now=ANCHOR, counted=100).total == 100
    [counting] = [(text, given) for text, given in questions.items() if text.startswith("SELECT count")]
    with many.use_cases.work.database.write() as connection:
        assert [step for step in plan(connection, *counting) if step.endswith(f"INDEX {index}")]


def test_incidents_are_sorted_by_number_both_ways(many):
    with many.use_cases.work.reading() as connection:
        for sort, expected in (("ticket", NUMBERS[:5]), ("-ticket", NUMBERS[::-1][:5])):
            found = read_board(connection, BoardFilter(shown="all", sort=sort), now=ANCHOR, size=5)
            assert [int(line.ticket[3:]) for line in found.rows] == list(expected)

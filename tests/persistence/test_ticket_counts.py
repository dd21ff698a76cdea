"""Counts of tickets are kept with every write, also of several writers at once; adding them up changes none."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import bindparam, insert, select, text, update
from sqlalchemy.dialects import postgresql, sqlite

from include.sla_logic.persistence.rehearsal import rehearsal
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.persistence.schema.ticket_counts import ticket_count_changes
from include.sla_logic.persistence.ticket_counts import count_kept, differences, fold, recount
from tests.clock import NOON

CUSTOMERS = ("C-1", "C-2", "C-3")
STATUSES = ("acknowledged", "inProgress", "held")
new = st.lists(st.tuples(st.sampled_from(CUSTOMERS), st.sampled_from(STATUSES)), min_size=1, max_size=6)
moves = st.dictionaries(st.integers(0, 20), st.sampled_from(STATUSES), min_size=1, max_size=6)
steps = st.one_of(
    st.tuples(st.sampled_from(["open", "open again", "open and fail"]), new),
    st.tuples(st.sampled_from(["move", "move and fail"]), moves),
    st.tuples(st.sampled_from(["fold", "recount", "lose"]), st.none()),
)


def row(key, customer, status):
    fixed = {"origin": "test", "service": "S-1", "assigned_to": "Customer Service", "escalated": False}
    return fixed | {"external_key": key, "run_id": key, "customer": customer, "status": status, "created_at": NOON}


def move(connection, numbers):
    """Give tickets a status: one of a number, and all at once as a cohort does."""
    if moved := [{"its": number, "status": status} for number, status in sorted(numbers.items())]:
        connection.execute(update(tickets).where(tickets.c.number == bindparam("its")), moved)


def do(connection, what, given_):
    """Do one step; a step that fails is rolled back with its counts."""
    before = connection.begin_nested()
    match what.split():
        case ["open", *how]:
            known = connection.scalar(select(tickets.c.number).order_by(tickets.c.number.desc()).limit(1)) or 0
            first = known if how == ["again"] else known + 1  # the last one a second time, which changes nothing
            rows = [row(f"key {first + place}", *one) for place, one in enumerate(given_)]
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            connection.execute(dialect.insert(tickets).values(rows).on_conflict_do_nothing())
        case ["move", *how]:
            numbers = list(connection.scalars(select(tickets.c.number).order_by(tickets.c.number)))
            move(connection, {numbers[place]: status for place, status in given_.items() if place < len(numbers)})
        case ["fold"]:
            fold(connection)
        case ["recount"]:
            assert recount(connection) == 0
        case ["lose"]:  # what a person does by hand, past the triggers
            connection.execute(text("UPDATE ticket_counts SET tickets = tickets + 1"))
            connection.execute(text("DELETE FROM ticket_count_changes"))
            recount(connection)
    (before.rollback if what.endswith("fail") else before.commit)()


def compare(connection):
    """Compare what is kept with what there is, for all customers and statuses and some of each."""
    there = Counter(map(tuple, connection.execute(select(tickets.c.customer, tickets.c.status))))
    for customers in (None, (), *(some for n in (1, 2) for some in combinations(CUSTOMERS, n))):
        for statuses in ((), STATUSES[:1], STATUSES[1:]):
            wanted = sum(
                count
                for (customer, status), count in there.items()
                if (customers is None or customer in customers) and (not statuses or status in statuses)
            )
            assert count_kept(connection, customers, statuses) == wanted, (customers, statuses)
    assert differences(connection) == []


@pytest.mark.more
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(steps, min_size=1, max_size=12))
def test_what_is_kept_is_what_there_is_after_every_step(any_use_cases, history):
    with rehearsal(any_use_cases.work.database) as database, database.write() as connection:
        for what, given_ in history:
            do(connection, what, given_)
            compare(connection)


@pytest.mark.more
@pytest.mark.parametrize("any_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_many_who_write_the_same_customers_neither_wait_for_a_count_nor_change_it(any_use_cases):
    database = any_use_cases.work.database

    def write(seed):
        for turn in range(12):
            with database.write() as connection:
                rows = [row(f"{seed} {turn} {n}", CUSTOMERS[(seed + turn + n) % 3], "acknowledged") for n in range(20)]
                query = insert(tickets).returning(tickets.c.number)
                numbers = connection.scalars(query, rows).all()
            with database.write() as connection:
                move(connection, {number: STATUSES[(seed * turn + place) % 3] for place, number in enumerate(numbers)})

    def look(how):
        for _ in range(30):
            if how is compare:
                with database.read() as connection:
                    compare(connection)
            else:
                with database.write() as connection:
                    assert how is fold or how(connection) == 0
                    fold(connection)

    with ThreadPoolExecutor(8) as threads:
        tasks = [threads.submit(write, seed) for seed in range(4)]
        tasks += [threads.submit(look, how) for how in (fold, fold, recount, compare)]
        for task in tasks:
            task.result()
    with database.write() as connection:
        assert count_kept(connection, None, ()) == 4 * 12 * 20
        compare(connection)
        while fold(connection):
            pass
        compare(connection)
        assert connection.execute(select(ticket_count_changes)).all() == []


@pytest.mark.parametrize("any_url", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_a_ticket_is_opened_beside_one_that_is_not_committed_yet(any_use_cases):
    database = any_use_cases.work.database
    with database.write() as first, database.write() as second:
        for key, connection in (("first", first), ("second", second)):
            connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
            connection.execute(insert(tickets), [row(key, "C-1", "held")])
        assert count_kept(second, ["C-1"], ["held"]) == 1
    with database.read() as connection:
        assert count_kept(connection, ["C-1"], ["held"]) == 2

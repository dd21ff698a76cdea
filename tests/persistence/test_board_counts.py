"""What the board counts and lists is what the rows say, one by one, for every filter and on both databases."""

import random
from itertools import product

import pytest
from sqlalchemy import insert

from include.sla_logic.domain.trouble_ticket import OPEN, TicketStatus
from include.sla_logic.persistence.queries import board_filter
from include.sla_logic.persistence.queries.attention import count_attention
from include.sla_logic.persistence.queries.board import read_board
from include.sla_logic.persistence.queries.board_filter import BoardFilter
from include.sla_logic.persistence.schema.queue import queue
from include.sla_logic.persistence.schema.system_t import ticket_status_history, tickets
from tests.clock import NOON

LANES, CUSTOMERS = ("Customer Service", "Service Management"), ("C-1", "C-2", "C-3")
ON_HOLD = {TicketStatus.PENDING, TicketStatus.HELD}
SHOWS = {
    "open": lambda one: one["status"] in OPEN,
    "settled": lambda one: one["status"] not in OPEN,
    "all": lambda _one: True,
    "escalated": lambda one: one["status"] in OPEN and one["escalated"],
    "on_hold": lambda one: one["status"] in ON_HOLD,
}


def scatter(dice):
    """Return tickets of every status, some of them children of earlier ones, and where each stands in the queue."""
    made = []
    for number in range(1, 121):
        parent = dice.choice(made)["number"] if made and dice.random() < 0.3 else None
        named = {"external_key": f"key {number}", "run_id": f"r{number}", "origin": "test", "created_at": NOON}
        whose = {"customer": dice.choice(CUSTOMERS), "service": f"S-{number % 4}", "assigned_to": dice.choice(LANES)}
        stands = {"status": dice.choice([*TicketStatus]), "escalated": dice.random() < 0.4, "parent": parent}
        made.append({"number": number, **named, **whose, **stands})
    return made


def expected(made, wanted):
    """Return the numbers that the board should show, looked for in the rows themselves, in the order of the queue."""
    status = {one["number"]: one["status"] for one in made}
    shown = [one for one in made if SHOWS[wanted.shown](one)]
    for name in ("customer", "service"):
        shown = [one for one in shown if getattr(wanted, name) in {"", one[name]}]
    shown = [one for one in shown if wanted.lane in {"", one["assigned_to"]}]
    if wanted.fold:
        shown = [one for one in shown if status.get(one["parent"]) not in OPEN]
    return [one["number"] for one in sorted(shown, key=lambda one: (one["status"] not in OPEN, place(one)))]


def place(one):
    return f"{one['number'] * 7919 % 1009:08d}"


def fill(connection, made):
    connection.execute(insert(tickets), made)
    first = {"sequence": 1, "reason": "test", "at": NOON}
    numbers = [{"ticket": one["number"]} for one in made]
    connection.execute(insert(ticket_status_history), [one | first | {"status": "acknowledged"} for one in numbers])
    places = [{"open": one["status"] in OPEN, "place": place(one), "protected": False} for one in made]
    connection.execute(insert(queue), [one | where for one, where in zip(numbers, places, strict=True)])


@pytest.mark.parametrize("seed", range(3))
def test_the_board_counts_and_lists_what_the_rows_say(any_use_cases, monkeypatch, seed):
    monkeypatch.setattr(board_filter, "FEW", 3)  # a customer or a service with more is looked for as one of many
    made = scatter(random.Random(seed))  # noqa: S311 - seeded
    with any_use_cases.work.database.write() as connection:
        fill(connection, made)
        for shown, lane, customer, service, fold in product(
            SHOWS, ("", LANES[0]), ("", "C-2"), ("", "S-1"), (False, True)
        ):
            wanted = BoardFilter(shown=shown, lane=lane, customer=customer, service=service, fold=fold)
            numbers = expected(made, wanted)
            found = read_board(connection, wanted, now=NOON, size=200)
            assert (found.total, [int(line.ticket[3:]) for line in found.rows]) == (len(numbers), numbers), wanted
            bounded = read_board(connection, wanted, now=NOON, size=2, counted=7)
            assert bounded.total == min(len(numbers), 7), wanted
            assert bounded.bound == (7 if len(numbers) > 7 else None), wanted
        counts = count_attention(connection, now=NOON)
        for name in ("open", "escalated"):
            assert getattr(counts, name) == len(expected(made, BoardFilter(shown=name, fold=True)))
        connection.rollback()

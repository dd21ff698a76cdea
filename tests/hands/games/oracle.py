"""What must be true of each game, judged by the data of its customer and by what arrived outside, nothing else."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.system_t import documents, restorations, steps, tickets
from include.sla_logic.process import graph
from tests.faults.installation import Installation
from tests.hands.games.player import Game
from tests.hands.games.series import HELD, PATHS

RESTORING = ("track_errors", "undertake_restoration", "send_troubleshooting_report")
NOT_RESTORING = ("terminate_restoration",)
UNTOUCHED = {Outcome.RESTORATION_REJECTED, Outcome.RESTORATION_TOO_LATE, Outcome.NO_PROBLEM_FOUND, Outcome.NOT_EXAMINED}


@dataclass(frozen=True)
class Facts:
    """Everything that is known of one game in the end."""

    game: Game
    tickets: list[Row[Any]]
    children: int
    steps: dict[int, list[str]]
    outcomes: dict[int, str]
    waits: dict[int, Row[Any]]
    orders: list[Row[Any]]
    uncured: int
    posted: Decimal
    letters: dict[str, str]  # text by Message-ID


def judge(installation: Installation, games: list[Game]) -> Iterator[tuple[int, str]]:
    """Name what is wrong, with the seed of its game."""
    for game in games:
        with installation.use_cases.work.reading() as connection:
            facts = _facts(connection, installation, game)
        for says in (*game.findings, *wrong(facts)):
            yield game.series.seed, says


def _facts(connection: Connection, installation: Installation, game: Game) -> Facts:
    known = game.known
    mine = list(connection.execute(select(tickets).where(tickets.c.customer == known.customer)))
    numbers = [row.number for row in mine if row.parent is None]
    taken: dict[int, list[str]] = {number: [] for number in numbers}
    for row in connection.execute(select(steps).where(steps.c.ticket.in_(numbers)).order_by(steps.c.id)):
        if row.task in graph.STEPS:
            taken[row.ticket].append(row.task)
    closings = select(documents).where(documents.c.ticket.in_(numbers), documents.c.kind == "ClosedIncident")
    waits = connection.execute(select(restorations).where(restorations.c.ticket.in_(numbers)))
    end = f"%.{known.series.seed}"
    orders = connection.execute(select(t.network_orders).where(t.network_orders.c.resource.like(end)))
    faults = select(t.resource_faults).where(t.resource_faults.c.resource.like(end))
    return Facts(
        game=game,
        tickets=[row for row in mine if row.parent is None],
        children=sum(row.parent is not None for row in mine),
        steps=taken,
        outcomes={row.ticket: json.loads(row.body)["outcome"] for row in connection.execute(closings)},
        waits={row.ticket: row for row in waits},
        orders=list(orders),
        uncured=sum(row.cured_at is None for row in connection.execute(faults)),
        posted=sum(
            (
                Decimal(amount)
                for account, amount, _ in installation.billing.postings.values()
                if account == known.account
            ),
            Decimal(0),
        ),
        letters={
            identity: letter.text
            for identity, letter in installation.mailbox.letters.items()
            if known.email in letter.to
        },
    )


def wrong(facts: Facts) -> Iterator[str]:
    """Say each thing that the data do not allow."""
    known = facts.game.known
    if unknown := {row.external_reference for row in facts.tickets} - facts.game.buttons.references:
        yield f"has incidents that nobody reported: {unknown}"
    if known.conf["external_reference"] not in {row.external_reference for row in facts.tickets}:
        yield "has no incident"
    for row in facts.tickets:
        if row.number not in facts.outcomes:
            yield f"{row.external_reference} is not closed: {facts.steps[row.number][-1:]}"
    yield from _money(facts)
    yield from _letters(facts)
    yield from _orders(facts)
    if len(facts.tickets) == 1 and facts.outcomes and facts.tickets[0].run_id == known.run_id:
        yield from _way(facts, facts.tickets[0].number)


def _money(facts: Facts) -> Iterator[str]:
    """The contract owes the window once, however often it is reported."""
    expected = facts.game.known.expected
    owed = Decimal(0) if expected.held else expected.credit.amount
    if facts.posted > owed or (facts.posted != owed and len(facts.outcomes) == len(facts.tickets) > 0):
        yield f"{facts.posted} {expected.credit.currency} were posted, {owed} are owed"


def _letters(facts: Facts) -> Iterator[str]:
    """One letter for each closed incident; one of them names what is owed."""
    if len(facts.letters) != len(facts.outcomes):
        yield f"{len(facts.letters)} letters for {len(facts.outcomes)} closed incidents: {sorted(facts.letters)}"
    expected = facts.game.known.expected
    owed = re.sub(r"\D", "", f"{expected.credit.amount:.2f}")
    named = {re.sub(r"\D", "", found) for text in facts.letters.values() for found in re.findall(r"\d[\d.,]*\d", text)}
    if facts.letters and expected.credit.amount and owed not in named:
        yield f"no letter names the credit of {expected.credit.amount}"


def _orders(facts: Facts) -> Iterator[str]:
    """Nothing is ordered without the release that it needs, after a refusal, twice, or where nothing is wrong."""
    expected = facts.game.known.expected
    sent = [row.sent_at for row in facts.waits.values() if row.sent_at]
    if facts.game.series.key in HELD:
        for order in facts.orders:
            if not any(_at(at) <= _at(order.at) for at in sent):
                yield f"{order.order_key} was ordered at {order.at} without a release"
    if facts.orders and expected.outcome is Outcome.NO_PROBLEM_FOUND:
        yield f"{[order.order_key for order in facts.orders]} were ordered where nothing is wrong"
    done = [(order.action, order.resource) for order in facts.orders]
    if len(facts.tickets) == 1 and len(set(done)) != len(done):
        yield f"ordered twice: {[order.order_key for order in facts.orders]}"


def _way(facts: Facts, number: int) -> Iterator[str]:
    """One incident, undisturbed by a second report: the way, the end and the network are what the data say."""
    known, outcome = facts.game.known, facts.outcomes[number]
    path, expected = set(PATHS[known.series.key]), known.expected.outcome
    if graph.WAIT in path:
        wait = facts.waits.get(number)
        if wait is None:
            yield "has no wait"
            return
        if wait.sent_at and _at(wait.sent_at) <= _at(wait.deadline):  # its window is short, and machines are slow
            path, expected = (path - set(NOT_RESTORING)) | set(RESTORING), Outcome.RESTORED
        else:
            path = (path - set(RESTORING)) | set(NOT_RESTORING)
            expected = Outcome.RESTORATION_REJECTED if wait.rejected_at else Outcome.RESTORATION_TOO_LATE
    if outcome != expected:
        yield f"ended as {outcome}, and should as {expected}"
    if set(facts.steps[number]) != path:
        yield f"went another way: {sorted(set(facts.steps[number]) ^ path)}"
    if facts.children != (1 if known.series.key == "premium" else 0):
        yield f"has {facts.children} child tickets"
    if expected is Outcome.RESTORED and facts.uncured:
        yield "is called restored, and its fault is not cured"
    if expected in UNTOUCHED and facts.orders:
        yield f"is called {expected}, and the network was touched: {[order.order_key for order in facts.orders]}"


def _at(at: datetime | str) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)

"""What left for the operator's network and what it answered, each kept at once and whatever becomes of the step."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.network import ActionResult
from include.sla_logic.gateways.network_questions import Order
from include.sla_logic.persistence.database import Database, insert_once
from include.sla_logic.persistence.schema import reference as t


class UnableToGiveOrder(ForeseenError):
    """An order of another content has left under the same key."""


class UnableToChooseNetwork(ForeseenError):
    """Nobody has said which network is meant, and the operations database has worked with a real one."""

    concerns_all = True


@dataclass(frozen=True)
class OrderJournal:
    """Keeps that an order leaves before it leaves."""

    database: Database

    def begin(self, orders: Sequence[Order], *, address: str) -> tuple[dict[Order, ActionResult], Collection[Order]]:
        """Note that these orders leave now; return the answers that are known, and the orders that may have left.

        Where there is nothing to note, nothing is locked: looking and measuring are the most frequent questions.
        """
        if not orders and self._is_in_use(address):
            return {}, ()
        with self.database.write() as connection:
            note_in_use(connection, self.database, address)
            before = _sent(connection, orders)
            row = {"sent_at": self.database.now(connection)}
            for order in orders:
                if order not in before:
                    values = {"order_key": order.key, "action": order.action, "resource": order.resource, **row}
                    insert_once(connection, t.network_orders_sent, "order_key", values)
            return _answered(connection, orders), before

    def _is_in_use(self, address: str) -> bool:
        with self.database.read() as connection:
            same = select(t.network_in_use.c.address).where(t.network_in_use.c.address == address[:512])
            return connection.execute(same).first() is not None

    def now(self) -> datetime:
        """Return the present moment by the database's clock."""
        with self.database.read() as connection:
            return self.database.now(connection)

    def keep(self, order: Order, result: ActionResult) -> None:
        """Keep the answer; another task may have kept the same one."""
        with self.database.write() as connection:
            insert_once(connection, t.network_orders, "order_key", {"order_key": order.key, **result.model_dump()})


def note_in_use(connection: Connection, database: Database, address: str) -> None:
    """Remember that this database works with a network of the operator's."""
    row = {"address": address[:512], "since": database.now(connection)}
    insert_once(connection, t.network_in_use, "address", row)


def refuse_to_simulate(in_use: Iterable[Any]) -> None:
    """Raise `UnableToChooseNetwork` where a network of the operator's has been in use."""
    used = max(in_use, key=lambda row: row.since, default=None)
    if used is not None:
        msg = (
            f"This operations database has worked with the network {used.address}, and no setting names a network. "
            "Set TELECO_NETWORK_URL or the connection teleco_network in every component; "
            "TELECO_NETWORK_URL=simulated chooses the simulated network on purpose."
        )
        raise UnableToChooseNetwork(msg)


def _sent(connection: Connection, orders: Sequence[Order]) -> set[Order]:
    table, by_key = t.network_orders_sent, {order.key: order for order in orders}
    rows = connection.execute(select(table).where(table.c.order_key.in_(by_key))).all() if orders else []
    for row in rows:
        _check_same(by_key[row.order_key], row.action, row.resource)
    return {by_key[row.order_key] for row in rows}


def _answered(connection: Connection, orders: Sequence[Order]) -> dict[Order, ActionResult]:
    table, by_key = t.network_orders, {order.key: order for order in orders}
    rows = connection.execute(select(table).where(table.c.order_key.in_(by_key))).all() if orders else []
    for row in rows:
        _check_same(by_key[row.order_key], row.action, row.resource)
    return {by_key[row.order_key]: ActionResult.model_validate(row._asdict()) for row in rows}


def _check_same(order: Order, action: str, resource: str) -> None:
    if (order.action, order.resource) != (action, resource):
        msg = f"The order {order.key} has left as {action} on {resource}; it cannot mean {order.action} as well."
        raise UnableToGiveOrder(msg)

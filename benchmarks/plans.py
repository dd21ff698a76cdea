"""The questions that a measured piece of work asks of the database, and how the database would answer them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event, text

from include.sla_logic.services import UseCases

SMALL = 1_000  # rows; a smaller table is read whole with reason
_DERIVED = ("anon_", "folded", "(subquery-", "CONSTANT")  # what SQLite scans that is no table, nor another name of one
Questions = dict[str, tuple[Any, ...]]


@contextmanager
def asked(use_cases: UseCases) -> Iterator[Questions]:
    """Collect the kinds of statements with parameters of one of each; those that only add rows read nothing."""
    seen: Questions = {}

    def listen(_connection: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            seen[statement] = given[0] if isinstance(given, list) else given

    event.listen(use_cases.work.database.engine, "before_cursor_execute", listen)
    yield seen
    event.remove(use_cases.work.database.engine, "before_cursor_execute", listen)


def show_plans(use_cases: UseCases, questions: Questions) -> None:
    """Print every question that reads a whole large table; a search by an index is what is wanted."""
    scans = 0
    with use_cases.work.database.write() as connection:
        sizes = _sizes(connection)
        for statement, given in sorted(questions.items()):
            steps = plan(connection, statement, given)
            if found := [step for step in steps if _reads_all(step, sizes)]:
                scans += 1
                print(f"scans: {'; '.join(found)}\n    {' '.join(statement.split())[:300]}")
        connection.rollback()
    print(
        f"{len(questions)} kinds of questions at {sizes['tickets']} tickets, {scans} of them read a whole large table"
    )


def show_steps(use_cases: UseCases, questions: Questions) -> None:
    """Print how each of these questions is answered."""
    with use_cases.work.database.write() as connection:
        for statement, given in questions.items():
            if "sla_schema_version" not in statement:
                print(f"    {' '.join(statement.split())[:300]}")
                print("".join(f"        {step}\n" for step in plan(connection, statement, given)), end="")
        connection.rollback()


def plan(connection: Connection, statement: str, given: Any) -> list[str]:
    """Return the steps of the plan as each database tells them."""
    if connection.dialect.name == "sqlite":
        return [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]
    told = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given).scalar_one()
    tree = json.loads(told) if isinstance(told, str) else told
    return list(_nodes(tree[0]["Plan"]))


def _nodes(node: dict[str, Any], depth: int = 0) -> Iterator[str]:
    where = [str(node[name]) for name in ("Relation Name", "Index Name") if name in node]
    yield f"{'  ' * depth}{' '.join([node['Node Type'], *where])}, about {node['Plan Rows']} rows"
    for inner in node.get("Plans", ()):
        yield from _nodes(inner, depth + 1)


def _sizes(connection: Connection) -> dict[str, int]:
    from include.sla_logic.persistence.schema.columns import metadata

    return {
        name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()  # noqa: S608 - our own names
        for name in metadata.tables
    }


def _reads_all(step: str, sizes: dict[str, int]) -> bool:
    words = step.split()
    if words[0] == "SCAN":
        return sizes.get(words[1], 0 if words[1].startswith(_DERIVED) else SMALL) >= SMALL
    return words[:2] == ["Seq", "Scan"] and sizes.get(words[2].rstrip(","), 0) >= SMALL

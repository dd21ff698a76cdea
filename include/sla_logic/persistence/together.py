"""Several questions in one statement: what belongs together costs one round trip to the server."""

from collections import Counter, namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Integer, Select, String, Text, cast, literal, null, select
from sqlalchemy import union_all as union
from sqlalchemy.types import TypeEngine

Slot = tuple[str, int]  # a type, and the how-manieth column of that type


class Questions:
    """Several questions as branches of one UNION ALL: columns of the same type share a place, the others are NULL.

    Building one costs milliseconds: what is asked in every step is built once, with bound parameters.
    """

    def __init__(self, questions: Mapping[str, Select[Any]]) -> None:
        columns = {name: _slots(question) for name, question in questions.items()}
        types: dict[Slot, TypeEngine[Any]] = {}
        for slots in columns.values():
            types |= dict(slots.values())
        self._statement = union(*(_branch(name, one, columns[name], types) for name, one in questions.items()))
        places = {slot: place for place, slot in enumerate(types, start=1)}
        self._shapes = {
            name: (_shape(tuple(slots)), _picked([places[slot] for slot, _ in slots.values()]))
            for name, slots in columns.items()
        }

    def ask(self, connection: Connection, **values: Any) -> dict[str, list[Any]]:
        """Return the rows that answer each question, under its own column names and in no order."""
        answers: dict[str, list[Any]] = {name: [] for name in self._shapes}
        for row in connection.execute(self._statement, values).all():  # one by one they would take twice as long
            shape, pick = self._shapes[row[0]]
            answers[row[0]].append(shape._make(pick(row)))
        return answers


def ask_together(connection: Connection, questions: Mapping[str, Select[Any]]) -> dict[str, list[Any]]:
    """Ask questions that are put together for this one time; see `Questions`."""
    return Questions(questions).ask(connection)


def _slots(question: Select[Any]) -> dict[str, tuple[Slot, TypeEngine[Any]]]:
    """Give each column of a question the next free slot of its type."""
    taken: Counter[str] = Counter()
    slots: dict[str, tuple[Slot, TypeEngine[Any]]] = {}
    for column in question.selected_columns:
        kind = _plain(column.type)
        name = type(kind).__name__
        slots[str(column.key)] = ((name, taken[name]), kind)
        taken[name] += 1
    return slots


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Forget lengths: columns of one slot must have the same type."""
    if isinstance(kind, String):
        return Text()
    return BigInteger() if isinstance(kind, Integer) else kind


def _branch(
    name: str,
    question: Select[Any],
    slots: Mapping[str, tuple[Slot, TypeEngine[Any]]],
    types: Mapping[Slot, TypeEngine[Any]],
) -> Select[Any]:
    asked = question.subquery()
    held = {slot: asked.c[column] for column, (slot, _) in slots.items()}
    return select(literal(name), *_padded(held, types))


def _padded(
    held: Mapping[Slot, ColumnElement[Any]], types: Mapping[Slot, TypeEngine[Any]]
) -> Iterator[ColumnElement[Any]]:
    for place, (slot, kind) in enumerate(types.items()):
        column = held.get(slot)
        yield (cast(null(), kind) if column is None else column).label(f"c{place}")


def _picked(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Return what takes these places of a row, in their order."""
    if len(places) == 1:
        return lambda row: (row[places[0]],)  # `itemgetter` returns one bare
    return itemgetter(*places)


@lru_cache(maxsize=64)
def _shape(names: Sequence[str]) -> Any:
    return namedtuple("Answer", names)  # noqa: PYI024 - the names are known when the question is asked

"""Answers as columns of numbers: on PostgreSQL out of a binary COPY, without an object for any row."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    Select,
    String,
    Text,
    cast,
    column,
    func,
    literal,
    literal_column,
    select,
)

from include.sla_logic.domain.period import from_seconds
from include.sla_logic.persistence.schema.columns import Instant

UNKNOWN = 2**63 - 1  # what stands for a missing instant, which is how PostgreSQL sends one that is infinite
_NUMBER, _EPOCH = 8, 946_684_800_000_000  # bytes; PostgreSQL counts microseconds from 2000 on
_HEADER, _TRAILER = 19, 2

Columns = Mapping[str, NDArray[Any]]


def placed(connection: Connection, names: Sequence[str]) -> Any:
    """Return a table of these names, with the `place` of each, from 0 on."""
    if connection.dialect.name == "postgresql":
        unnested = func.unnest(cast(list(names), ARRAY(Text))).table_valued(column("name", Text), with_ordinality="at")
        rows: Any = unnested.render_derived()
        return select(rows.c.name, (cast(rows.c.at, BigInteger) - 1).label("place")).subquery()
    rows = func.json_each(json.dumps(list(names))).table_valued("key", "value")
    return select(cast(rows.c.value, Text).label("name"), cast(rows.c.key, BigInteger).label("place")).subquery()


def read_columns(connection: Connection, query: Select[Any], *, width: int = 0) -> Columns:
    """Return the answer by its columns: whole numbers, microseconds since 1970, texts of at most that many bytes.

    A missing number is an error; a missing text is an empty one.
    """
    if connection.dialect.name == "postgresql":
        return _copied(connection, query, width)
    names, rows = [str(one.key) for one in query.selected_columns], connection.execute(query).all()
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) or [() for _ in names]
    types = [one.type for one in query.selected_columns]
    return {name: _column(values, kind, width) for name, values, kind in zip(names, columns, types, strict=True)}


def _column(values: Sequence[Any], kind: Any, width: int) -> NDArray[Any]:
    if isinstance(kind, Instant):
        return np.array([UNKNOWN if one is None else to_microseconds(one) for one in values], dtype=np.int64)
    if isinstance(kind, String):
        return np.array([(one or "").encode() for one in values], dtype=f"S{width}")
    return np.array(values, dtype=np.int64)


def to_microseconds(instant: datetime) -> int:
    """Return microseconds since 1970."""
    since = instant - from_seconds(0)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _copied(connection: Connection, query: Select[Any], width: int) -> Columns:
    """Copy rows that all have the same length, and read each column where it lies."""
    rows = query.subquery()
    columns = [_of_fixed_length(one, width) for one in rows.c]
    how = {"render_postcompile": True}
    statement = select(*columns).compile(dialect=connection.dialect, compile_kwargs=how)
    driver: Any = connection.connection.driver_connection
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT BINARY)", statement.params) as copy,
    ):
        data = b"".join(copy)
    fields: list[tuple[str, str]] = [("fields", ">i2")]
    for number, one in enumerate(rows.c):
        fields += [(f"bytes{number}", ">i4"), (f"v{number}", f"S{width}" if isinstance(one.type, String) else ">i8")]
    found = np.frombuffer(
        data, dtype=fields, offset=_HEADER, count=(len(data) - _HEADER - _TRAILER) // np.dtype(fields).itemsize
    )
    for number, one in enumerate(rows.c):
        expected = width if isinstance(one.type, String) else _NUMBER
        if found.size and not (found[f"bytes{number}"] == expected).all():
            msg = f"a value of {one.key} is missing, or is not {expected} bytes long"
            raise ValueError(msg)
    return {str(one.key): _read(found[f"v{number}"], one.type) for number, one in enumerate(rows.c)}


def _of_fixed_length(one: Any, width: int) -> Any:
    if isinstance(one.type, Instant):
        return func.coalesce(one, literal_column("'infinity'::timestamptz"))
    if isinstance(one.type, String):
        return func.rpad(func.coalesce(one, literal("")), width)
    return cast(one, BigInteger)


def _read(values: NDArray[Any], kind: Any) -> NDArray[Any]:
    if isinstance(kind, String):
        return np.char.rstrip(values)
    numbers = values.astype(np.int64)
    if isinstance(kind, Instant):
        return np.where(numbers == UNKNOWN, UNKNOWN, numbers + _EPOCH)
    return numbers

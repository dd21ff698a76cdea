"""Answers as columns of numbers: on PostgreSQL out of a binary COPY, without an object for any row."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Connection,
    LargeBinary,
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
_EPOCH = 946_684_800_000_000  # PostgreSQL counts microseconds from 2000 on
AT_ONCE = 100_000  # rows in one value, which PostgreSQL bounds by a gigabyte

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
    """Copy rows that all have the same length, many in one value, and read each column where it lies.

    A row of its own would cost the driver more than all that PostgreSQL does for it.
    """
    rows = query.subquery()
    packed = reduce(lambda one, two: one.concat(two), (_packed(one, width) for one in rows.c))
    part = (func.row_number().over() - 1) // AT_ONCE
    parts = select(packed.label("row"), part.label("part")).subquery()
    some = select(func.count(), func.string_agg(parts.c.row, literal_column("''::bytea"))).group_by(parts.c.part)
    statement = some.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    fields = [(str(one.key), f"S{width}" if isinstance(one.type, String) else ">i8") for one in rows.c]
    with (
        driver.cursor() as cursor,
        cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT BINARY)", statement.params) as copy,
    ):
        copy.set_types(["int8", "bytea"])
        found = [_unpacked(count, data, np.dtype(fields)) for count, data in copy.rows()]
    every = np.concatenate(found) if found else np.zeros(0, dtype=fields)
    return {str(one.key): _read(every[str(one.key)], one.type) for one in rows.c}


def _packed(one: Any, width: int) -> Any:
    """Return the bytes of a value, which all have the same number."""
    if isinstance(one.type, Instant):
        sent = func.timestamptz_send(func.coalesce(one, literal_column("'infinity'::timestamptz")))
    elif isinstance(one.type, String):
        sent = func.convert_to(func.rpad(func.coalesce(one, literal("")), width), "UTF8")
    else:
        sent = func.int8send(cast(one, BigInteger))
    return cast(sent, LargeBinary)


def _unpacked(count: int, data: bytes | None, fields: Any) -> NDArray[Any]:
    if len(data or b"") != count * fields.itemsize:
        msg = f"of {count} rows some have a value of {', '.join(fields.names)} that is missing or too long"
        raise ValueError(msg)
    return np.frombuffer(data or b"", dtype=fields)


def _read(values: NDArray[Any], kind: Any) -> NDArray[Any]:
    if isinstance(kind, String):
        return np.char.rstrip(values)
    numbers = values.astype(np.int64)
    if isinstance(kind, Instant):
        return np.where(numbers == UNKNOWN, UNKNOWN, numbers + _EPOCH)
    return numbers

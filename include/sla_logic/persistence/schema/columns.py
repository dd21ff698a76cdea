"""Column types that mean the same on SQLite and PostgreSQL, and the one MetaData."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Float, Integer, MetaData, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money, minor_digits

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The number of a row. SQLite gives them by itself only to a column declared INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


class Instant(TypeDecorator[datetime]):
    """An aware instant: kept as UTC to the microsecond, compared and sorted in SQL, returned aware."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            msg = f"An instant needs a time zone: {value.isoformat()}"
            raise ValueError(msg)
        utc = value if value.tzinfo is UTC else value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class day_after(FunctionElement[date]):  # noqa: N801 - a function of SQL
    """The day after a column of days; the dialects have no word for it in common."""

    inherit_cache, type = True, Date()


class day_before(FunctionElement[date]):  # noqa: N801 - a function of SQL
    """The day before a column of days."""

    inherit_cache, type = True, Date()


class seconds_of(FunctionElement[float]):  # noqa: N801 - a function of SQL
    """The seconds from a beginning that both dialects keep to themselves to an instant: for differences."""

    inherit_cache, type = True, Float()


@compiles(seconds_of)
def _seconds(element: Any, compiler: Any, **how: Any) -> str:
    return f"CAST(EXTRACT(epoch FROM {compiler.process(element.clauses, **how)}) AS DOUBLE PRECISION)"


@compiles(seconds_of, "sqlite")
def _seconds_of_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    return f"(julianday({compiler.process(element.clauses, **how)}) * 86400.0)"


def _shifted(days: str, modifier: str) -> tuple[Callable[..., str], Callable[..., str]]:
    def anywhere(element: Any, compiler: Any, **how: Any) -> str:
        return f"({compiler.process(element.clauses, **how)} {days})"

    def sqlite(element: Any, compiler: Any, **how: Any) -> str:
        return f"date({compiler.process(element.clauses, **how)}, '{modifier}')"

    return anywhere, sqlite


for _function, _by in ((day_after, ("+ 1", "+1 day")), (day_before, ("- 1", "-1 day"))):
    _anywhere, _sqlite = _shifted(*_by)
    compiles(_function)(_anywhere)
    compiles(_function, "sqlite")(_sqlite)


def json_text(value: Any) -> str:
    """Write JSON as it is kept: pure ASCII, so that NUL and lone surrogates pass; NaN and Infinity are refused."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


class Json(TypeDecorator[Any]):
    """JSON as text, see `json_text`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else json_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else json.loads(value)


class UnableToKeepAmount(ForeseenError):
    """The amount is finer than the minor unit of its currency."""


def to_minor_units(money: Money) -> int:
    """Return whole cents (or yen, or fils); raise `UnableToKeepAmount` where the amount was not rounded."""
    scaled = money.amount.scaleb(minor_digits(money.currency))
    if scaled != scaled.to_integral_value():
        msg = f"{money} is finer than the minor unit of {money.currency}; round it first."
        raise UnableToKeepAmount(msg)
    return int(scaled)


def from_minor_units(amount: int, currency: str) -> Money:
    """Return the money that `to_minor_units` counted."""
    return Money(amount=Decimal(amount).scaleb(-minor_digits(currency)), currency=currency)

"""Databases of a test session share what SQLAlchemy has compiled: most tests open one of their own."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from include.sla_logic.persistence import database


def share_compiled_statements(patch: pytest.MonkeyPatch) -> None:
    """Give all engines of a kind one dialect and one cache; the dialect is part of each key of the cache."""
    patch.setattr(database, "_create_engine", _sharing(database._create_engine))


def _sharing(create: Callable[[str], Engine]) -> Callable[[str], Engine]:
    sqlite = create_engine("sqlite://", poolclass=NullPool, query_cache_size=5000)
    sqlite.connect().close()
    shared = {"sqlite": sqlite}

    def create_sharing(url: str) -> Engine:
        engine = create(url)
        first = shared.get(engine.dialect.name)
        if first is None or not _knows_its_server(first):
            shared[engine.dialect.name] = engine
        else:
            engine.dialect, engine._compiled_cache = first.dialect, first._compiled_cache
        return engine

    return create_sharing


def _knows_its_server(engine: Engine) -> bool:
    """Tell whether the dialect has asked its server what it can do, with the first connection."""
    return getattr(engine.dialect, "server_version_info", None) is not None

"""Let Airflow's scheduler keep its connection to the results of Celery.

While a task is under way, the scheduler looks for its result ten times a second. Celery 5 keeps an engine and its
connections only in processes that were forked: in a scheduler each look would make an engine, connect to PostgreSQL,
and compile the question anew. A connection that has been lost is replaced: the look is repeated with another one.
"""

import importlib
from typing import Any


def install() -> None:
    """Let every backend that is made from now on keep its engine, as it does in a worker; nothing without Celery."""
    try:
        manager = importlib.import_module("celery.backends.database.session").SessionManager
    except ImportError:
        return
    begin = manager.__init__

    def begin_keeping(self: Any) -> None:
        begin(self)
        self.forked = True  # all that Celery does with this: engines and makers of sessions are kept

    manager.__init__ = begin_keeping

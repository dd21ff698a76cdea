"""Who listens to the events of the TM Forum APIs."""

from sqlalchemy import Column, Integer, String, Table, Text

from include.sla_logic.persistence.schema.columns import Instant, Json, Number, metadata

event_listeners = Table(
    "event_listeners",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("api", String(64), nullable=False),  # with its version, as in the address
    Column("partner", String(250), nullable=False),
    Column("callback", Text, nullable=False),
    Column("query", Text, nullable=False),  # as it was sent
    Column("types", Json),  # null: all of the API's
    Column("root", Text, nullable=False),  # the path of the open APIs as the partner sees it: links begin with it
    Column("digest", String(64), nullable=False, unique=True),  # of what was registered: the same is registered once
    Column("registered_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),  # in a row
    Column("failing_since", Instant),
    Column("resting_until", Instant),
    Column("last_error", Text),
    Column("suspended_at", Instant),
    sqlite_autoincrement=True,
)

"""The one row that says which installation this database is, and which Airflow works it."""

from sqlalchemy import Column, String, Table

from include.sla_logic.persistence.schema.columns import Instant, Number, metadata

installation = Table(
    "installation",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("airflow", String(64)),  # identity of the Airflow that works it; null: none has come yet
    Column("beat", String(64)),  # changes with each round of the housekeeping, here and in Airflow
    Column("address", String(512)),  # under which Airflow finds the database
    Column("place", String(250)),  # where the server or the file system keeps it: a copy has another
    Column("bound_at", Instant),
    Column("compared_at", Instant),  # with the runs of Airflow
    Column("problems_from", Number, nullable=False, server_default="1"),
    Column("pseudonym_key", String(64)),  # secret: with it, pseudonyms can be computed from ids
)

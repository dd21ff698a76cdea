"""The migrated tables are the ones that the code speaks of, and the frequent questions use an index."""

from importlib import import_module
from pkgutil import iter_modules

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from include.sla_logic.persistence import schema
from include.sla_logic.persistence.database import VERSION_TABLE
from include.sla_logic.persistence.schema import accounts as a
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.columns import metadata

for module in iter_modules(schema.__path__, f"{schema.__name__}."):
    import_module(module.name)  # each adds its tables


def test_the_migrations_lead_to_the_tables_that_the_code_speaks_of(database):
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_every_table_is_there(database):
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) - {VERSION_TABLE} == set(metadata.tables)


# PostgreSQL's planner rightly reads so few rows all at once, so only the other one is asked.
@pytest.mark.parametrize("common_sample", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "query",
    [
        select(t.samples).where(t.samples.c.service == "S", t.samples.c.metric == "latency", t.samples.c.at >= 0),
        select(t.outages).where(t.outages.c.service == "S", t.outages.c.started_at < t.outages.c.ended_at),
        select(t.agreements).where(t.agreements.c.customer == "C", t.agreements.c.service == "S"),
        select(t.alarms).where(t.alarms.c.resource == "R", t.alarms.c.cleared_at.is_(None)),
        select(t.topology).where(t.topology.c.service == "S"),
        select(t.resource_faults).where(t.resource_faults.c.resource == "R"),
        select(t.violations).where(t.violations.c.agreement == "A"),
        select(a.invoices).where(a.invoices.c.account == "B", a.invoices.c.state == "open"),
        select(a.applied_billing_credits).where(a.applied_billing_credits.c.agreement == "A"),
    ],
)
def test_no_frequent_question_reads_a_whole_table(common_sample, query):
    statement = str(query.compile(dialect=common_sample.engine.dialect, compile_kwargs={"literal_binds": True}))
    with common_sample.read() as connection:
        plan = " ".join(row[-1] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
    assert "SEARCH" in plan
    assert "SCAN" not in plan

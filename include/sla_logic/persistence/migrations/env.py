"""Run migrations on the connection that the caller has opened; Alembic loads this file by path."""

from alembic import context

from include.sla_logic.persistence.database import VERSION_TABLE
from include.sla_logic.persistence.schema.columns import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

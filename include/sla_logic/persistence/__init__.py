"""The operations database: schema, migrations, repositories, read models, invariants."""

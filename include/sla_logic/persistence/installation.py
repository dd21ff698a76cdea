"""The row of the installation: its id, and the Airflow that works it."""

from sqlalchemy import Connection, select

from include.sla_logic.persistence.schema.installation import installation


def installation_id(connection: Connection) -> str:
    """Return the id with which every key begins that leaves this installation."""
    return str(connection.execute(select(installation.c.id)).scalar_one())

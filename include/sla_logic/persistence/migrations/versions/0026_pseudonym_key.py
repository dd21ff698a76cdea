"""Give the installation a secret from which the pseudonyms of exported process logs are made."""

from secrets import token_hex

from alembic import op
from sqlalchemy import Column, String, column, table

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("installation", Column("pseudonym_key", String(64)))
    op.execute(table("installation", column("pseudonym_key")).update().values(pseudonym_key=token_hex(32)))

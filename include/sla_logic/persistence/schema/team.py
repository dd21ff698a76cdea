"""Who works on a ticket, and what people write about it."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from include.sla_logic.persistence.schema.columns import Instant, Json, Number, metadata

desk_people = Table(
    "desk_people",
    metadata,
    Column("name", String(250), primary_key=True),
    Column("first_seen_at", Instant, nullable=False),
    Column("mail", String(320)),  # as their login tells it
)

ticket_owners = Table(
    "ticket_owners",
    metadata,
    Column("ticket", Number, ForeignKey("tickets.number"), primary_key=True),
    Column("owner", String(250), nullable=False, index=True),
    Column("since", Instant, nullable=False),
)

notes = Table(
    "notes",
    metadata,
    Column("id", Number, primary_key=True, autoincrement=True),
    Column("ticket", Number, ForeignKey("tickets.number"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("author", String(250), nullable=False),
    Column("text", Text, nullable=False),
    Column("digest", String(64), nullable=False),  # of author, kind and text: what is sent twice is one note
    Column("written_at", Instant, nullable=False),
    Column("received", Boolean, nullable=False, server_default=false()),  # written by a partner, who sees it too
    Column("attachments", Json),  # those that a message to the customer carries
    CheckConstraint("kind IN ('internal', 'customer')", name="kind"),
    UniqueConstraint("ticket", "digest"),
)

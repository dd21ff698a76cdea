"""Whose personal data the present transaction erases; no other transaction ever sees a row."""

from sqlalchemy import Column, String, Table

from include.sla_logic.persistence.schema.columns import metadata

erasing = Table("erasing", metadata, Column("customer", String(64), primary_key=True))

"""Refused rows in quarantine, each with its field and the reason; the same row again is stored once."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.domain.notification_check import BODY_CAP, Rejection
from include.sla_logic.domain.raw_payload import write_raw_payload
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.importers.rejection import Rejected
from include.sla_logic.importers.tables import Row
from include.sla_logic.persistence.quarantine import quarantine_notification


def quarantine_rows(
    connection: Connection,
    rejected: Rejected,
    rows: Sequence[Row],
    *,
    reference: str | None = None,
    run_id: str,
    source: str,
    now: datetime,
) -> None:
    """Store what was read of one record; `run_id` names the run that it would have had, or the import and the row."""
    body = write_raw_payload({"reference": reference, "rows": list(rows)}, cap=BODY_CAP)
    why = Sentence("%(why)s (row %(row)s)", why=rejected.reason, row=rejected.row)
    refused = Rejection(f".{rejected.field}", why)
    quarantine_notification(connection, body, refused, run_id=run_id, origin=f"import of {source}", now=now)

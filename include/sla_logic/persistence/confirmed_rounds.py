"""What later judgements rested on that came out as a round has it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.persistence.schema.settlement import confirmed_rounds
from include.sla_logic.persistence.upsert import upsert


def confirm_rounds(connection: Connection, bases: Mapping[int, str], now: datetime) -> None:
    """Keep what the newest judgement rested on, by the number of the round that it confirms."""
    rows = [{"round": number, "basis": basis, "recorded_at": now} for number, basis in bases.items()]
    upsert(connection, confirmed_rounds, rows)

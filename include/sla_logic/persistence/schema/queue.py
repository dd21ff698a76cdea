"""What the incident desk sorts and counts by: one row per ticket, updated by every step."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from include.sla_logic.persistence.schema.columns import Instant, metadata

_OPEN = Column("open", Boolean, nullable=False)

queue = Table(
    "queue",
    metadata,
    Column("ticket", ForeignKey("tickets.number"), primary_key=True),
    _OPEN,
    Column("place", String(64), nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("priority", String(2)),
    Column("original_priority", String(2)),
    Column("score", Integer),
    Column("contract", String(64)),
    Column("objective", String(64)),
    Column("breached", Boolean),
    Column("judged_at", Instant),
    Column("budget_seconds", BigInteger),  # downtime left before the next credit tier, at judged_at
    Column("next_tier_at", Instant),  # only while the clock runs
    Column("next_tier", Text),  # objective and tier, in words
    Column("contract_hours", Text),  # the contract's zone, calendar and service hours, as JSON
    Column("tier_hours", Text),  # those in which the budget is used up; null: all hours
    Column("at_stake", BigInteger),  # what the next tier costs on top, in minor units
    Column("window_end", Instant),  # of the judged window: from then on nothing of it is at stake
    Column("due", BigInteger),  # what is owed so far
    Column("currency", String(3)),
    Column("cause", String(64)),
    Column("department", String(64)),
    Column("outcome", String(32)),
    Column("ending", String(16)),
    Column("credit", BigInteger),
    Column("credit_state", String(16)),
    Column("closed_at", Instant),
    Column("reported_at", Instant),
    Column("corrected_at", Instant),  # when a correction was measured to have helped
    Column("write_by", Instant),  # a letter promised the next one until then
    Column("notice_at", Instant),  # when the team may next be mailed, if the clock runs on; null once it is settled
    Column("noticed_share", Integer),  # percent of the due time, the largest that was mailed
    Column("noticed_tier", Text),  # the last credit tier that was mailed, with its window
    # The order of the board; what follows answers pages and counts from the index alone.
    Index("ix_queue_place", _OPEN.desc(), "place", "ticket", "priority"),
    Index("ix_queue_open", "open", "ticket"),  # a search looks through the newest
    Index("ix_queue_closed_at", "closed_at"),
    Index("ix_queue_next_tier", "open", "next_tier_at"),
    Index("ix_queue_window_end", "open", "window_end"),
    Index("ix_queue_notice_at", "notice_at"),
    Index("ix_queue_ended", "outcome", "ending", "closed_at"),
)

"""How a text of a field is read, by the name of the field, whatever the record."""

DAYS = frozenset(["since", "starts", "ends", "valid_from"])
INSTANTS = frozenset(
    [
        "at",
        "started_at",
        "ended_at",
        "started_after",
        "ended_after",
        "starts_at",
        "ends_at",
        "window_start",
        "window_end",
        "opened_at",
        "detected_at",
        "reported_at",
        "announced_at",
        "raised_at",
        "cleared_at",
        "recorded_at",
        "ticket_opened_at",
        "ticket_closed_at",
        "observed_from",
        "observed_to",
    ]
)
LENGTHS = frozenset(["seconds", "held_for"])
AMOUNTS = frozenset(["monthly_charge", "amount"])
NUMBERS = AMOUNTS | {"value", "affected_percent", "weight"}

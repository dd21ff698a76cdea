"""Checks every notification before it is used: size, shape, fields and clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.raw_payload import RawPayload, printable, write_raw_payload

BODY_CAP = 131_072  # characters of ASCII JSON; the longest valid notification has half of it
_DEPTH_CAP = 16
CLOCK_TOLERANCE = timedelta(minutes=5)
INSTANTS = ("observed_from", "observed_to", "reported_at")


@dataclass(frozen=True)
class Rejection:
    """Why a notification is refused: the wrong field, written `.field`, and one reason.

    Both may quote the sender's text. Control characters are escaped, because logs and terminals show them.
    """

    field: str
    reason: str

    def __post_init__(self) -> None:
        """Write control characters as escapes."""
        object.__setattr__(self, "field", printable(self.field))
        object.__setattr__(self, "reason", printable(self.reason, 1000))

    def __str__(self) -> str:
        """Show field and reason."""
        return f"{self.field}: {self.reason}"


@dataclass(frozen=True)
class Received:
    """The received body as text, and the result of the check."""

    body: RawPayload
    result: ProblemNotification | Rejection


def receive(conf: object, *, now: datetime) -> Received:
    """Check a notification; a bad one is returned as a rejection, never raised."""
    body = write_raw_payload(conf, cap=BODY_CAP)
    if not body.complete:
        return Received(body, Rejection(".", f"the notification is longer than {BODY_CAP} characters"))
    if body.depth > _DEPTH_CAP:
        return Received(body, Rejection(".", f"the notification is nested deeper than {_DEPTH_CAP} levels"))
    if not isinstance(conf, Mapping):
        return Received(body, Rejection(".", "the notification is not an object with named fields"))
    try:
        notification = ProblemNotification.model_validate(dict(conf))
    except ValidationError as error:
        return Received(body, _first_fault(error))
    return Received(body, _on_our_clock(notification, now))


def _first_fault(error: ValidationError) -> Rejection:
    """Name the first fault that the sender can correct, and how many more there are."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    first = faults[0]
    field = "." + ".".join(str(part) for part in first["loc"])[:200]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    reason = first["msg"].removeprefix("Value error, ")
    return Rejection(field, f"{reason[:1].lower()}{reason[1:]}{more}")


def _on_our_clock(notification: ProblemNotification, now: datetime) -> ProblemNotification | Rejection:
    """Convert instants to UTC, fill in when it was reported, and tolerate a clock that is slightly ahead."""
    changed: dict[str, datetime] = {"reported_at": now}
    for name in INSTANTS:
        instant = getattr(notification, name)
        if instant is None:
            continue
        try:
            instant = instant.astimezone(UTC)
        except OverflowError:
            return Rejection(f".{name}", "the instant lies outside the calendar")
        if instant > now + CLOCK_TOLERANCE:
            return Rejection(f".{name}", f"{instant.isoformat()} lies in the future")
        changed[name] = min(instant, now)
    return notification.model_copy(update=changed)

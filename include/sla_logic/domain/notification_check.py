"""Checks every notification before it is used: size, shape, fields and clock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pydantic import ValidationError

from include.sla_logic.domain.instants import NotAnInstant, as_written, possible
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.notification_cleaning import cleaned_fields
from include.sla_logic.domain.notification_faults import faults_of
from include.sla_logic.domain.raw_payload import RawPayload, printable, write_raw_payload
from include.sla_logic.domain.sentence import Sentence, sentence_of

BODY_CAP = 131_072  # characters of ASCII JSON; the longest valid notification has half of it
_DEPTH_CAP = 16
CLOCK_TOLERANCE = timedelta(minutes=5)
INSTANTS = ("observed_from", "observed_to", "reported_at")
_SAID = 20  # faults in one answer
_LONGEST_REASON = 1000


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
        object.__setattr__(self, "reason", _printable(self.reason))

    def __str__(self) -> str:
        """Show field and reason."""
        return f"{self.field}: {self.reason}"


def _printable(reason: str) -> str:
    """Escape control characters of a reason, which stays a `Sentence` unless it is very long."""
    if isinstance(reason, Sentence):
        reason = reason.with_texts(lambda text: printable(text, _LONGEST_REASON))
    return (
        reason
        if isinstance(reason, Sentence) and len(reason) <= _LONGEST_REASON
        else printable(reason, _LONGEST_REASON)
    )


@dataclass(frozen=True)
class Refusal:
    """All faults of a notification, in the order of its fields."""

    faults: tuple[Rejection, ...]

    @classmethod
    def of(cls, faults: Iterable[Rejection]) -> "Refusal":
        """Put the faults in order; of a field that is wrong twice the first is said."""
        once: dict[str, Rejection] = {}
        for fault in faults:
            once.setdefault(fault.field, fault)
        return cls(tuple(sorted(once.values(), key=lambda fault: _place(fault.field))))

    @property
    def field(self) -> str:
        """The first field that is wrong."""
        return self.faults[0].field

    @property
    def reason(self) -> str:
        """All reasons in one line, those of further fields with their names."""
        more = [f"and {len(self.faults) - _SAID} more faults"] if len(self.faults) > _SAID else []
        return "; ".join([self.faults[0].reason, *map(str, self.faults[1:_SAID]), *more])

    def __str__(self) -> str:
        """Show every field with its reason."""
        return f"{self.field}: {self.reason}"


@dataclass(frozen=True)
class Received:
    """The received body as text, its fields, and the result of the check; `sent` is what its sender wrote."""

    body: RawPayload
    result: ProblemNotification | Refusal
    said: Mapping[str, object]
    sent: ProblemNotification | None = None

    def with_faults(self, faults: Iterable[Rejection]) -> "Received":
        """Add faults that the body alone does not show; a reason given here stands before an earlier one."""
        found = [*faults, *(self.result.faults if isinstance(self.result, Refusal) else ())]
        return replace(self, result=Refusal.of(found)) if found else self


def receive(conf: object, *, now: datetime) -> Received:
    """Check a notification; a bad one is returned with all its faults, never raised."""
    body = write_raw_payload(conf, cap=BODY_CAP)
    if not body.complete:
        msg = "the notification is longer than %(most)s characters; send a shorter one"
        return _refused(body, Sentence(msg, most=BODY_CAP))
    if body.depth > _DEPTH_CAP:
        return _refused(body, f"the notification is nested deeper than {_DEPTH_CAP} levels; send its fields flat")
    if not isinstance(conf, Mapping):
        return _refused(body, 'the notification is not an object with named fields; send {"customer": ..., ...}')
    said, sent = cleaned_fields(dict(conf)), None
    faults: list[tuple[str, str]] = []
    try:
        sent = ProblemNotification.model_validate(said)
    except ValidationError as error:
        faults = list(faults_of(error))
    faults += _in_time(said, now)
    if sent is None or faults:
        of_fields = [fault for fault in faults if fault[0] != "."]  # what is wrong between them is said of one of them
        return Received(body, Refusal.of(Rejection(*fault) for fault in of_fields or faults), said)
    return Received(body, _on_our_clock(sent, now), said, sent)


def instant_in(said: Mapping[str, object], name: str) -> datetime | None:
    """Return an instant of the notification, None where it is absent or wrong."""
    try:
        instant = as_written(said.get(name))
    except NotAnInstant:
        return None
    return instant if isinstance(instant, datetime) and instant.tzinfo is not None else None


def _refused(body: RawPayload, reason: str) -> Received:
    return Received(body, Refusal((Rejection(".", reason),)), {})


def _place(field: str) -> int:
    names, name = list(ProblemNotification.model_fields), field.removeprefix(".").partition(".")[0]
    return names.index(name) if name in names else len(names)


def _in_time(said: Mapping[str, object], now: datetime) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with instants that can be read: in the future, or the end before the beginning."""
    instants = {name: instant for name in INSTANTS if (instant := instant_in(said, name)) is not None}
    for name, instant in instants.items():
        try:
            if (at := possible(instant)) > now + CLOCK_TOLERANCE:
                msg = "%(at)s lies in the future; send a past one, and check its zone"
                yield f".{name}", Sentence(msg, at=at.isoformat())
        except NotAnInstant as error:
            yield f".{name}", sentence_of(error)
    begins, ends = instants.get("observed_from"), instants.get("observed_to")
    if begins is not None and ends is not None and ends < begins:
        msg = "observed_to lies before observed_from; send a later one, or leave it out while it lasts"
        yield ".observed_to", Sentence(msg)


def _on_our_clock(notification: ProblemNotification, now: datetime) -> ProblemNotification:
    """Convert instants to UTC, fill in when it was reported, and tolerate a clock that is slightly ahead."""
    told = {name: getattr(notification, name) for name in INSTANTS}
    instants = {name: min(at.astimezone(UTC), now) for name, at in told.items() if at is not None}
    return notification.model_copy(update={"reported_at": now} | instants)

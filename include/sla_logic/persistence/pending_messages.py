"""Messages of a step, until they are flushed to the outbox with its other writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from include.sla_logic.domain.errors import ForeseenError

EVENT, CALLBACK = "event", "callback"  # an event, and the message that tells one listener of it
KINDS = frozenset(
    {"mail", "billing", EVENT, CALLBACK}
)  # each has a transport and a schedule; a test compares the three


class UnableToPutMessage(ForeseenError):
    """There is no transport for messages of that kind."""


@dataclass(frozen=True)
class Message:
    """One thing to deliver: `kind` chooses the transport, `key` stays the same on every sending."""

    kind: str
    key: str
    payload: Mapping[str, Any]


@dataclass
class PendingMessages:
    """Collects messages; the case file turns them into outbox rows in its own transaction."""

    messages: list[Message] = field(default_factory=list)

    def put(self, *, kind: str, key: str, payload: Mapping[str, Any]) -> None:
        """Add one message; the same key is kept once. The payload is JSON."""
        if kind not in KINDS:
            raise UnableToPutMessage(
                f"There is no transport for messages of the kind {kind!r}; there are {sorted(KINDS)}."
            )
        self.messages.append(Message(kind=kind, key=key, payload=payload))

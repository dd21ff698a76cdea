"""Outages that have no reference of their own: named by service and start, and told apart where both are the same."""

from hashlib import sha256

from include.sla_logic.importers.records import OutageRecord


class References:
    """Gives each outage of a file a name that the same file gives it again."""

    def __init__(self) -> None:
        """Start without any; a short hash of each is kept, as a file may be long."""
        self._seen: dict[bytes, list[bytes]] = {}

    def named(self, record: OutageRecord) -> OutageRecord:
        """Return the outage with a reference; a second one of the same second is another, the same one is not."""
        if record.reference is not None:
            return record
        name = f"{record.service}:{record.started_at:%Y%m%dT%H%M%SZ}"
        same = self._seen.setdefault(_short(name), [])
        content = _short(record.model_dump_json())
        if content not in same:
            same.append(content)
        place = same.index(content)
        return record.model_copy(update={"reference": f"{name}.{place + 1}" if place else name})


def _short(text: str) -> bytes:
    return sha256(text.encode()).digest()[:12]

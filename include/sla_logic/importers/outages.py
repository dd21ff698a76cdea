"""Outages that have no reference of their own: named by service and start, and told apart where both are the same."""

import sqlite3
import weakref
from hashlib import sha256

from include.sla_logic.importers.records import OutageRecord

_FIND = "SELECT place FROM seen WHERE name = ? AND content = ?"
_ADD = "INSERT INTO seen SELECT ?1, ?2, count(*) FROM seen WHERE name = ?1 ON CONFLICT DO NOTHING RETURNING place"


class References:
    """Gives each outage of a file a name that the same file gives it again."""

    def __init__(self) -> None:
        """Start without any; a short hash of each is kept in a file that nobody sees, as an export may be long."""
        self._seen = sqlite3.connect("", isolation_level=None, check_same_thread=False)  # another thread may close it
        self._seen.execute(
            "CREATE TABLE seen (name BLOB, content BLOB, place, PRIMARY KEY (name, content)) WITHOUT ROWID"
        )
        self._seen.execute("BEGIN")  # for good: nobody else reads it, and nothing of it outlives the import
        weakref.finalize(self, self._seen.close)

    def named(self, record: OutageRecord) -> OutageRecord:
        """Return the outage with a reference; a second one of the same second is another, the same one is not."""
        if record.reference is not None:
            return record
        name = f"{record.service}:{record.started_at:%Y%m%dT%H%M%SZ}"
        key = _short(name), _short(record.model_dump_json())
        found = self._seen.execute(_ADD, key).fetchone() or self._seen.execute(_FIND, key).fetchone()
        return record.model_copy(update={"reference": f"{name}.{found[0] + 1}" if found[0] else name})


def _short(text: str) -> bytes:
    return sha256(text.encode()).digest()[:12]

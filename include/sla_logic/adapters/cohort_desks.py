"""The desks of a cohort: what its incidents ask about customers, contracts and credits is looked up once for all."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from include.sla_logic.adapters.desks import Desks
from include.sla_logic.adapters.folders import Folder


class Shelf:
    """What the incidents of one transaction share."""

    def __init__(self, connection: Connection, folders: Sequence[Folder], *, run_id: str, now: datetime) -> None:
        self.connection = connection
        self.folders = folders
        self.run_id = run_id
        self.now = now

    def desks(self, ticket: str, *, sender: str | None) -> Desks:
        """Return the desks of one incident."""
        return Desks(self.connection, ticket=ticket, now=self.now, sender=sender)

    def forget(self) -> None:
        """Forget what was looked up: something of it was taken back."""

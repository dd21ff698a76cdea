"""Two partners, their listeners, and tickets that change."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from include.sla_logic.domain.events import TROUBLE_TICKET
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.process.step import Step
from include.sla_logic.services import UseCases
from include.sla_logic.services.event_hub import Listener
from include.sla_logic.services.holds import ClockOwner
from tests.clock import Clock
from tests.services.sample import ADA, conf

PAULA, OLGA = "paula partners", "olga partners"
PARTNERS = {PAULA: ["C-1"], OLGA: ["C-2"]}
ROOT = "/incident-desk"
MINUTE = timedelta(minutes=1)


def register_second_customer(use_cases: UseCases) -> None:
    """Put C-2 with the service S-2 beside the sample's customer."""
    with use_cases.work.database.write() as connection:
        known = connection.execute(select(t.agreements)).one()._asdict()
        connection.execute(insert(t.customers), [ADA | {"id": "C-2", "name": "Bob"}])
        connection.execute(insert(t.billing_accounts), [{"id": "A-2", "customer": "C-2", "currency": "EUR"}])
        connection.execute(insert(t.services), [{"id": "S-2", "name": "Internet", "kind": "internet"}])
        theirs = {"id": "AG-2", "customer": "C-2", "service": "S-2", "account": "A-2"}
        connection.execute(insert(t.agreements), [known | theirs])


@dataclass(frozen=True)
class Partners:
    """What happens at TELECO, and what its partners register."""

    use_cases: UseCases
    clock: Clock
    file: Path

    def allow(self, *origins: str, ranges: Sequence[str] = ("127.0.0.0/8",), customers: Sequence[str] = ()) -> None:
        """Write the file of the open APIs: these listeners for each partner, and Paula's customers."""
        known = PARTNERS | ({PAULA: list(customers)} if customers else {})
        partners = {user: {"customers": who, "listeners": list(origins)} for user, who in known.items()}
        self.file.write_text(json.dumps({"partners": partners, "listener_ranges": list(ranges)}))  # JSON is YAML

    def register(self, callback: str, *, partner: str = PAULA, query: str = "") -> Listener:
        return self.use_cases.open_apis.event_hub.register(
            api=TROUBLE_TICKET, partner=partner, callback=callback, query=query, root=ROOT
        )

    def open(self, number: int, *, customer: str = "C-1") -> str:
        """Open the ticket of a report."""
        run = f"run-{number}"
        body = conf(customer=customer, service=customer.replace("C", "S"))
        self.use_cases.incidents.accept(body, run_id=run, origin="form")
        return self.use_cases.lookups.incident_of_run(run).ticket.id

    def begin(self, number: int) -> None:
        """Put a ticket in progress."""

        def enter(file: Any) -> None:
            file.move_ticket(TicketStatus.IN_PROGRESS, reason="entered")

        self.use_cases.incidents.perform(Step("enter", "", enter), run_id=f"run-{number}")

    def hold(self, ticket: str, owner: ClockOwner = ClockOwner.PROVIDER) -> None:
        self.use_cases.holds.hold(ticket, owner=owner, by="Otto", reason="parts are missing")

    def resume(self, ticket: str) -> None:
        self.use_cases.holds.resume(ticket, by="Otto", reason="parts are here")

    def housekeeping(self, times: int = 1, *, every: timedelta = MINUTE) -> None:
        """Send as the DAG does, a number of times."""
        for _ in range(times):
            self.use_cases.outbox.deliver_events()
            self.clock.now += every

    def kept(self, kind: str = "callback") -> list[tuple[str, int]]:
        """Return state and attempts of each message, the oldest first."""
        messages = self.use_cases.outbox.messages(limit=1000)
        return [(one.state, one.attempts) for one in reversed(messages) if one.kind == kind]

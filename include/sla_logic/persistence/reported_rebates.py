"""What the incidents of a cohort have reported and not booked yet: it counts as credited, or two credit the same."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import exists, select

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.persistence.batch import Batch
from include.sla_logic.persistence.cohort_members import CARRIED
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.cohorts import cohort_members
from include.sla_logic.persistence.schema.system_t import documents, steps, tickets

Reported = tuple[str, Rebate]  # the ticket and what it reports


class ReportedRebates:
    """The rebates of the cohort about the services of a batch: stored ones, and those that the batch is writing."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._stored: dict[tuple[str, str], list[Reported]] = defaultdict(list)
        if batch.run_id is not None:
            self._load(batch.run_id)

    def about(self, agreement: Agreement) -> Iterator[Reported]:
        """Return what is reported about this customer's service."""
        subscription = agreement.customer, agreement.service
        yield from self._stored.get(subscription, ())
        for ticket, pending in self._batch.pending:
            if (ticket.customer, ticket.service) == subscription:
                yield from ((ticket.id, one) for _, one in pending.documents if isinstance(one, Rebate))

    def _load(self, run_id: str) -> None:
        booked = exists().where(steps.c.ticket == documents.c.ticket, steps.c.task == "adjust_billing")
        query = (
            select(tickets.c.service, tickets.c.customer, documents.c.ticket, documents.c.body)
            .join(tickets, tickets.c.number == documents.c.ticket)
            .join(cohort_members, cohort_members.c.ticket == tickets.c.number)
            .where(
                cohort_members.c.run_id == run_id,
                cohort_members.c.state == CARRIED,
                tickets.c.service.in_(self._batch.services),
                documents.c.kind == Rebate.kind(),
                ~booked,
            )
            .order_by(documents.c.id)
        )
        for row in self._batch.connection.execute(query):
            reported = ticket_id(row.ticket), Rebate.model_validate_json(row.body)
            self._stored[row.customer, row.service].append(reported)

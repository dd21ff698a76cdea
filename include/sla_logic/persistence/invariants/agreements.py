"""A day of a customer's service belongs to one agreement (I3): imports refuse others, databases may hold some."""

from collections import defaultdict
from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from include.sla_logic.domain.agreements import overlapping
from include.sla_logic.persistence.agreement_rows import AgreementRow, read_rows
from include.sla_logic.persistence.invariants.violation import Violation
from include.sla_logic.persistence.schema import reference as t


def check_agreements(connection: Connection) -> Iterator[Violation]:
    """Find agreements that hold days of one customer's service together; the later one is judged for them."""
    columns = t.agreements.c
    several = select(columns.service).group_by(columns.service).having(func.count() > 1)
    held: dict[str, list[AgreementRow]] = defaultdict(list)
    for row in read_rows(connection, columns.service.in_(several)).values():
        held[row.service].append(row)
    for rows in held.values():
        in_order = sorted(rows, key=lambda one: (one.starts, one.id))
        days = [(one.id, number, one.days()) for number, one in enumerate(in_order, 1)]
        for later, earlier, customer in overlapping(days):
            yield Violation("I3", later, f"holds days of a service of {customer} that {earlier} holds too")

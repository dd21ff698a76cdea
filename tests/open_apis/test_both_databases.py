"""Lists of trouble tickets on PostgreSQL are those on SQLite, part by part, along an index."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import and_, select, text

from include.sla_logic.persistence.queries.trouble_tickets import TicketQuery
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.services.open_apis import Cut
from tests.web.desk_sample import Sample

ASKED = [
    TicketQuery(),
    TicketQuery(customers={"C-1001", "C-1003"}),
    TicketQuery(customers=set()),
    TicketQuery(statuses=("acknowledged",), services=("S-1002", "S-1004"), descending=False),
    TicketQuery(references=("DEMO-PREMIUM",), ids=("TT-000001", "odd")),
    TicketQuery(by_creation=True, created=(("gte", datetime(2026, 1, 1, tzinfo=UTC)),)),
    TicketQuery(by_creation=True, descending=False, parties=("C-1002",)),
    TicketQuery(impacts=(1, 3)),
    TicketQuery(customers={"C-1001", "C-1003", "C-1004"}, statuses=("acknowledged", "held")),
    TicketQuery(customers={"C-1001", "C-1003"}, parties=("C-1002", "C-1003", "C-9"), descending=False),
    TicketQuery(statuses=("held", "acknowledged"), impacts=(1, 3)),
]


def seen(sample):
    for key in list(sample.data.notifications)[:6]:
        sample.report(key)
    found = []
    for wanted in ASKED:
        part, total = sample.use_cases.open_apis.trouble_tickets.listed(wanted, Cut(2))
        met = [view.ticket.id for view in part.rows]
        while part.more_after:
            part, _ = sample.use_cases.open_apis.trouble_tickets.listed(wanted, Cut(2, after=part.last))
            met += [view.ticket.id for view in part.rows]
        assert len(met) == total
        found.append(met)
    return found


@pytest.mark.more
def test_postgresql_answers_the_same_lists_as_sqlite(tmp_path, postgres_url):
    here = seen(Sample(tmp_path))
    assert [len(met) for met in here] == [6, 2, 0, 2, 1, 6, 1, 2, 3, 1, 2]
    assert seen(Sample(tmp_path, url=postgres_url)) == here


@pytest.mark.parametrize(
    ("condition", "order"),
    [
        (None, tickets.c.number.desc()),
        (tickets.c.customer == "C-1001", tickets.c.number.desc()),
        (tickets.c.status == "held", tickets.c.number.desc()),
        (and_(tickets.c.customer == "C-1001", tickets.c.status == "held"), tickets.c.number.desc()),
        (tickets.c.impact == 1, tickets.c.number.desc()),
        (None, tickets.c.created_at.desc()),
    ],
)
def test_no_part_of_a_list_sorts_the_tickets(sample, condition, order):
    query = select(tickets).order_by(order).limit(51)
    query = query if condition is None else query.where(condition)
    with sample.use_cases.work.reading() as connection:
        statement = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        plan = " ".join(row[-1] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {statement}")))
    assert "TEMP B-TREE" not in plan, plan

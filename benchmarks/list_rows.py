"""Rows for the lists, without documents and letters, written by PostgreSQL itself: a million in minutes.

Every tenth ticket is of a wholesale partner with eight customers and 4,000 services, the others are of 180,000
customers with one service each; 8 of 100 are open, as in the settled mix of `benchmarks.growth`. A ticket has 22 words,
twelve of them of the customer's text.
"""

from sqlalchemy import Connection, text

from include.sla_logic.services import UseCases

FIRST = 1_000_000  # number of the first ticket: all have seven digits
WHOLESALE = tuple(f"C-W{n}" for n in range(8))
RETAIL = ("C-L1", "C-L2", "C-L3")
_WHOSE = "CASE WHEN n % 10 = 0 THEN 'W' || n / 10 % 8 ELSE 'L' || n % 200000 END"
_WHAT = "CASE WHEN n % 10 = 0 THEN 'W' || n / 10 % 4000 ELSE 'L' || n % 200000 END"
_MIXED = "n * 7919 / 7 % 100"  # places the kinds of tickets apart from the customers
# What each statement writes for the tickets n: `k` is the kind of a ticket, `who` its customer, `what` its service.
_REGISTERS = (
    """
    INSERT INTO customers (id, name, locale, protected)
    SELECT DISTINCT 'C-' || who, 'Customer ' || who || ' Ltd', 'en-GB', false FROM names
    """,
    "INSERT INTO services (id, name, kind) SELECT 'S-' || what, 'Line ' || what, 'access' FROM names",
    "INSERT INTO billing_accounts (id, customer, currency) SELECT DISTINCT 'B-' || who, 'C-' || who, 'EUR' FROM names",
    """
    INSERT INTO agreements
        (id, customer, service, contract, contract_version, starts, monthly_charge, currency, account)
    SELECT 'A-' || what, 'C-' || who, 'S-' || what, 'premium-ethernet', '1', '2024-01-01', 100000, 'EUR', 'B-' || who
    FROM names
    """,
)
_LISTS = (
    """
    INSERT INTO tickets
        (number, external_key, external_reference, run_id, origin, customer, service, status, assigned_to, escalated,
         created_at, impact)
    SELECT n, 'reference REF-' || n, 'REF-' || n, 'r' || n, 'benchmark', 'C-' || who, 'S-' || what, status,
        CASE WHEN n % 3 = 0 THEN 'Customer Service' ELSE 'Service Management' END, k = 99 AND n % 5 = 0, at, n % 3 + 1
    FROM numbered
    """,
    """
    INSERT INTO ticket_status_history (ticket, sequence, status, reason, at)
    SELECT n, 1, 'acknowledged', 'filled in', at FROM numbered
    UNION ALL SELECT n, 2, status, 'filled in', at + interval '5 hours' FROM numbered WHERE k NOT BETWEEN 92 AND 96
    """,
    """
    INSERT INTO timeline (ticket, sequence, lane, event, at)
    SELECT n, 1, 'Customer Service', 'filled in', at FROM numbered
    """,
    """
    INSERT INTO queue
        (ticket, open, place, protected, priority, original_priority, contract, objective, breached, judged_at,
         at_stake, due, currency, window_end, outcome, ending, credit, credit_state, closed_at, reported_at)
    SELECT n, k >= 92, '1' || (n % 5 + 1) || lpad((n * 7919 % 1000003)::text, 12, '0') || n, false,
        'P' || (n % 5 + 1), 'P' || (n % 5 + 1), 'premium-ethernet', 'availability', n % 2 = 0,
        CASE WHEN k NOT BETWEEN 92 AND 96 THEN at END, CASE WHEN n % 2 = 0 THEN n % 500 * 100 END, n % 70 * 100,
        'EUR', CASE WHEN n % 2 = 0 THEN date_trunc('month', at) + interval '1 month' END,
        CASE WHEN k < 92 THEN 'restored' END, CASE WHEN k < 92 THEN 'resolved' END,
        CASE WHEN k < 92 THEN n % 70 * 100 END, CASE WHEN k < 92 THEN 'booked' END,
        CASE WHEN k < 92 THEN at + interval '5 hours' END, at
    FROM numbered
    """,
    """
    INSERT INTO restorations (ticket, opened_at, deadline, held_because)
    SELECT n, at, timestamptz '2026-11-20 12:00Z' + n % 40 * interval '1 hour', 'not safe to automate'
    FROM numbered WHERE k = 99
    """,
    """
    INSERT INTO applied_billing_credits
        (id, ticket, agreement, customer, service, account, objective, window_start, window_end, gross, amount,
         currency, state, text, recorded_at, invoice)
    SELECT 'L' || n, 'TT-' || n, 'A-' || what, 'C-' || who, 'S-' || what, 'B-' || who, 'availability',
        date_trunc('month', at), date_trunc('month', at) + interval '1 month', n % 70 * 100, n % 70 * 100, 'EUR',
        CASE WHEN n % 1000 = 0 THEN 'held' ELSE 'posted' END, 'filled in', at, CASE WHEN n % 1000 <> 0 THEN 'I-0' END
    FROM numbered WHERE k < 92
    """,
)
_COUNTS = (  # the triggers that count are left out here as well
    "TRUNCATE ticket_counts, ticket_count_changes",
    """
    INSERT INTO ticket_counts (customer, status, tickets)
    SELECT customer, status, count(*) FROM tickets GROUP BY customer, status
    UNION ALL SELECT '', status, count(*) FROM tickets GROUP BY status
    """,
)
_WORDS = """
    INSERT INTO search_words (word, ticket)
    SELECT unnest(
        ARRAY['tt', n::text, 'ref', 'r' || n, 'c', 's', lower(who), 'customer', 'ltd', 'line'] ||
        ARRAY(SELECT 'said' || (n * 31 + each * 17) % 5003 FROM generate_series(0, 11) each)
    ), n FROM numbered
    """
_NUMBERED = f"""
    CREATE TEMPORARY VIEW numbered AS SELECT *,
        CASE WHEN k < 92 THEN 'resolved' WHEN k < 97 THEN 'acknowledged' WHEN k < 99 THEN 'inProgress' ELSE 'held' END
            AS status,
        timestamptz '2024-12-20 12:00Z' + (n - {FIRST}) * interval '1 minute' AS at
    FROM (
        SELECT n, {_MIXED} AS k, {_WHOSE} AS who, {_WHAT} AS what FROM generate_series(
            current_setting('bench.first')::bigint, current_setting('bench.last')::bigint
        ) n
    ) each
    """  # noqa: S608 - our own words
_NAMES = """
    CREATE TEMPORARY VIEW names AS
    SELECT 'W' || n % 8 AS who, 'W' || n AS what FROM generate_series(0, 3999) n
    UNION ALL SELECT 'L' || n, 'L' || n FROM generate_series(1, 199999) n WHERE n % 10 <> 0
    """


def fill(use_cases: UseCases, *, have: int, want: int) -> None:
    """Add rows until the lists have `want` of them, and let PostgreSQL learn what there is."""
    with use_cases.work.database.write() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # look up no row that is referred to
        connection.execute(text(f"SET LOCAL bench.first = {FIRST + have}"))
        connection.execute(text(f"SET LOCAL bench.last = {FIRST + want - 1}"))
        for view in (_NUMBERED, _NAMES):
            connection.execute(text(view))
        for statement in (*(() if have else _REGISTERS), *_LISTS, *_COUNTS):
            connection.execute(text(statement))
        _add_words(connection)
        connection.execute(text("DROP VIEW numbered, names"))
    with use_cases.work.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE)")


def _add_words(connection: Connection) -> None:
    """Write the words without their indexes, which are made again behind them: word by word it takes much longer."""
    connection.execute(text("ALTER TABLE search_words DROP CONSTRAINT pk_search_words"))
    connection.execute(text("DROP INDEX ix_search_words_word"))
    connection.execute(text(_WORDS))
    connection.execute(text("ALTER TABLE search_words ADD CONSTRAINT pk_search_words PRIMARY KEY (ticket, word)"))
    connection.execute(text("CREATE INDEX ix_search_words_word ON search_words (word, ticket)"))

"""Every incident of the small TELECO, through the real use_cases, along the edges of the process: no Airflow."""

from decimal import Decimal

import pytest

from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.sample_data import make_sample
from include.sla_logic.sample_data.catalogue import read_catalogue
from tests.reference.walk import ANCHOR, walk_all

KEYS = [incident.key for incident in read_catalogue().incidents]


@pytest.fixture(scope="module")
def teleco():
    return make_sample(7, ANCHOR, history_days=15)


@pytest.fixture(scope="module")
def walked(teleco, tmp_path_factory):
    """Walk all incidents, one after the other, a minute after loading; return the use cases and the ways."""
    folder = tmp_path_factory.mktemp("walk")
    return walk_all(teleco, f"sqlite:///{folder / 'teleco.db'}", folder)


@pytest.mark.parametrize("key", KEYS)
def test_the_incident_takes_the_expected_way(walked, teleco, key):
    assert walked[1][key] == teleco.expectations[key].path


@pytest.mark.parametrize("key", KEYS)
def test_the_steps_kept_are_the_way_taken(walked, teleco, key):
    case = walked[0].lookups.incident(f"walk-{key}")
    assert case.tasks == teleco.expectations[key].path


@pytest.mark.parametrize("key", KEYS)
def test_the_first_comparison_shows_what_was_measured(walked, teleco, key):
    expectation = teleco.expectations[key]
    case = walked[0].lookups.incident(f"walk-{key}")
    [first, *_] = [document for document in case.documents if document.kind == "SlaComparison"]
    [judged] = [o for o in SlaComparison.model_validate(first.body).objectives if o.objective == expectation.objective]
    assert judged.target == expectation.promised
    assert judged.breached is expectation.violated
    if expectation.still_down:
        worse = expectation.measured - judged.measured
        assert 0 < worse < Decimal("0.02")
    else:
        assert judged.measured == expectation.measured


@pytest.mark.parametrize("key", KEYS)
def test_the_incident_ends_as_the_data_say(walked, teleco, key):
    expectation = teleco.expectations[key]
    case = walked[0].lookups.incident(f"walk-{key}")
    assert case.closed is not None
    assert case.closed.outcome == expectation.outcome
    assert case.ticket.escalated is expectation.escalated
    assert (case.ticket.status is TicketStatus.RESOLVED) is not expectation.escalated


@pytest.mark.parametrize("key", KEYS)
def test_the_credit_is_exact_to_the_cent(walked, teleco, key):
    expectation = teleco.expectations[key]
    case = walked[0].lookups.incident(f"walk-{key}")
    assert case.rebate.total == expectation.credit
    booked = Money.zero(expectation.credit.currency) if expectation.held else expectation.credit
    assert case.adjustment.booked == booked
    assert case.adjustment.held is expectation.held
    assert (case.closed.credit_state is CreditState.UNDER_REVIEW) is expectation.held


@pytest.mark.parametrize("key", KEYS)
def test_the_open_invoice_is_lower_by_what_was_booked(walked, teleco, key):
    adjustment = walked[0].lookups.incident(f"walk-{key}").adjustment
    assert adjustment.invoice_before - adjustment.invoice_after == adjustment.booked


def test_the_re_prioritised_plan_is_one_level_higher_and_keeps_its_original(walked):
    case = walked[0].lookups.incident("walk-re_prioritised")
    assert case.document(CustomerSignificance).affects_priorities
    for measure in case.document(CounterMeasurePlan).measures:
        assert measure.priority.rank == measure.original_priority.rank - 1


def test_nobody_else_is_significant(walked):
    for key in KEYS:
        significance = walked[0].lookups.incident(f"walk-{key}").document(CustomerSignificance)
        assert significance.affects_priorities is (key == "re_prioritised"), significance.explanation


def test_only_the_premium_customer_is_linked_to_the_extra_process(walked):
    assert [key for key in KEYS if walked[0].lookups.incident(f"walk-{key}").closed.premium] == ["premium"]


def test_at_least_four_shapes_of_rules_are_judged(teleco):
    assert len({expectation.rule for expectation in teleco.expectations.values()}) >= 4


def test_every_posting_leaves_once_and_is_acknowledged(walked, teleco):
    use_cases, _ = walked
    use_cases.outbox.deliver()
    use_cases.outbox.deliver()
    from sqlalchemy import func, select

    from include.sla_logic.persistence.schema import accounts as a

    with use_cases.work.reading() as connection:
        posted = connection.execute(
            select(a.applied_billing_credits.c.currency, func.sum(a.applied_billing_credits.c.amount))
            .where(a.applied_billing_credits.c.state == "posted")
            .group_by(a.applied_billing_credits.c.currency)
        ).all()
        ledger = connection.execute(
            select(a.ledger_postings.c.currency, func.sum(a.ledger_postings.c.amount)).group_by(
                a.ledger_postings.c.currency
            )
        ).all()
    due = [e.credit for e in teleco.expectations.values() if not e.held]
    euros = sum(int(credit.amount * 100) for credit in due if credit.currency == "EUR")
    assert dict(map(tuple, posted)) == dict(map(tuple, ledger))
    assert dict(map(tuple, ledger))["EUR"] == euros


@pytest.mark.more
def test_postgresql_leads_every_incident_the_same_way(teleco, postgres_url, tmp_path):
    _, ways = walk_all(teleco, postgres_url, tmp_path)
    assert ways == {key: expectation.path for key, expectation in teleco.expectations.items()}


def test_no_window_was_credited_beyond_what_it_owes_judged_again(walked):
    assert list(map(str, walked[0].monitoring.credited_beyond_owed())) == []
    assert list(walked[0].monitoring.against_billing()) == []

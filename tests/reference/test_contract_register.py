"""The contract register on both databases."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from include.sla_logic.domain.contract import UnableToReadContract
from include.sla_logic.domain.money import Money
from include.sla_logic.persistence.contracts import (
    ContractRegister,
    UnableToFindRecord,
    UnableToLoadContract,
    load_contract,
)
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.schema.system_t import tickets
from include.sla_logic.sample_data.catalogue import contract_text

NOW = datetime(2026, 11, 23, 23, 5, 17, tzinfo=UTC)
TEXT = contract_text("leased-line")


@pytest.fixture
def register(connection):
    return ContractRegister(connection=connection)


def test_a_customer_is_found_with_how_she_is_written_to(register):
    customer = register.customer("C-1001")
    assert (customer.name, customer.email) == ("Hanse Terminal Logistics", "noc@hanse-terminal.example")


def test_an_unknown_customer_is_named(register):
    with pytest.raises(UnableToFindRecord, match="no customer C-9 "):
        register.customer("C-9")


def test_an_agreement_brings_its_service_charge_and_account(register):
    agreement = register.agreement("C-1002", "S-1002", at=NOW)
    assert agreement.monthly_charge == Money(amount="6900.00", currency="EUR")
    assert (agreement.service_name, agreement.account) == ("Gold fibre of the head office", "B-1002")


@pytest.mark.parametrize(
    ("day", "found"), [("2020-01-31", False), ("2020-02-01", True), ("2021-02-01", True), ("2021-02-02", False)]
)
def test_both_days_of_an_agreement_belong_to_it(register, connection, day, found):
    dates = {"starts": date(2020, 2, 1), "ends": date(2021, 2, 1)}
    connection.execute(update(t.agreements).where(t.agreements.c.id == "A-1001").values(dates))
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00")
    if found:
        assert register.agreement("C-1001", "S-1001", at=at).id == "A-1001"
    else:
        with pytest.raises(UnableToFindRecord, match=f"no agreement for service S-1001 in force on {day}"):
            register.agreement("C-1001", "S-1001", at=at)


def test_of_two_agreements_in_force_the_later_one_counts(register, connection):
    row = {"id": "A-NEW", "customer": "C-1001", "service": "S-1001", "contract": "leased-line", "contract_version": "1"}
    money = {"monthly_charge": 100, "currency": "EUR", "account": "B-1001"}
    connection.execute(insert(t.agreements).values(**row, **money, starts=date(2026, 11, 1), ends=None))
    assert register.agreement("C-1001", "S-1001", at=NOW).id == "A-NEW"
    assert register.agreement("C-1001", "S-1001", at=NOW - timedelta(days=30)).id == "A-1001"


def test_the_contract_is_the_version_that_the_agreement_names(register):
    agreement = register.agreement("C-1009", "S-1009", at=NOW)
    assert register.contract(agreement).restoration_window == timedelta(seconds=30)


def test_a_version_that_was_never_loaded_is_named(register):
    agreement = register.agreement("C-1001", "S-1001", at=NOW).model_copy(update={"contract_version": "7"})
    with pytest.raises(UnableToFindRecord, match="Version 7 of the contract premium-ethernet"):
        register.contract(agreement)


def test_the_relationship_knows_class_tenure_rank_and_violations(register):
    history = register.relationship(register.agreement("C-1002", "S-1002", at=NOW), at=NOW)
    assert (history.service_class, history.customer_since) == ("gold", date(2017, 11, 1))
    assert history.charge_percentile == 95  # 19 of 20 agreements in EUR are charged less
    assert history.violations_last_year == 4


def test_violations_of_more_than_a_year_ago_and_of_later_do_not_count(register):
    agreement = register.agreement("C-1002", "S-1002", at=NOW)
    assert register.relationship(agreement, at=NOW - timedelta(days=60)).violations_last_year == 3
    assert register.relationship(agreement, at=NOW + timedelta(days=100)).violations_last_year == 3


def test_violations_are_those_of_the_customer_who_had_the_agreement_then(register, connection):
    """C-1002 took the agreement over from C-1001 in the middle of what is on record."""
    windows = connection.scalars(select(t.violations.c.window_start).where(t.violations.c.agreement == "A-1002"))
    first, *_, last = sorted(windows)
    [row] = connection.execute(select(t.agreements).where(t.agreements.c.id == "A-1002"))
    names = ("monthly_charge", "currency", "contract", "contract_version", "account")
    terms = {"agreement": "A-1002"} | {name: getattr(row, name) for name in names}
    history = [(row.starts, "C-1001"), (last.date(), "C-1002")]
    for valid_from, customer in history:
        connection.execute(insert(agreement_terms).values(terms | {"valid_from": valid_from, "customer": customer}))
    assert first < last
    now_theirs = register.agreement("C-1002", "S-1002", at=NOW)
    assert register.relationship(now_theirs, at=NOW).violations_last_year == 1
    before = register.agreement("C-1001", "S-1002", at=first)
    assert ContractRegister(connection=connection).relationship(before, at=NOW).violations_last_year == 3


def test_other_open_incidents_leave_out_the_one_that_asks(register, connection):
    agreement = register.agreement("C-1001", "S-1001", at=NOW)
    common = {"origin": "test", "customer": "C-1001", "service": "S-1001", "assigned_to": "Billing & Collections"}
    for number, status in enumerate(("acknowledged", "inProgress", "resolved"), start=1):
        own = {"number": number, "external_key": f"k{number}", "run_id": f"r{number}", "status": status}
        connection.execute(insert(tickets).values(**common, **own, escalated=False, created_at=NOW))
    assert register.relationship(agreement, at=NOW, ticket="TT-000001").other_open_incidents == 1


def test_a_contract_is_loaded_once_and_never_changes(connection):
    text = TEXT.replace("id: leased-line", "id: another-line")
    _, new = load_contract(connection, text, name="file", now=NOW)
    _, again = load_contract(connection, text, name="file", now=NOW)
    assert (new, again) == (True, False)
    with pytest.raises(UnableToLoadContract, match="give the changed text a new version"):
        load_contract(connection, text + "\n# changed\n", name="file", now=NOW)


def test_a_contract_with_a_defect_is_not_kept(connection):
    with pytest.raises(UnableToReadContract, match="line"):
        load_contract(connection, TEXT.replace("Europe/Berlin", "Europe/Nowhere"), name="file", now=NOW)


HOME = {"customer": "C-1001", "service": "S-1001", "contract": "leased-line", "contract_version": "1"}
PAID = {"monthly_charge": 100, "currency": "EUR", "account": "B-1001"}


def follow(connection, zone, text=TEXT):
    """End the agreement of Berlin on the 10th, and let one in another zone follow on the next day."""
    other = text.replace("zone: Europe/Berlin", f"zone: {zone}").replace('version: "1"', 'version: "9"')
    load_contract(connection, other, name="other.yaml", now=NOW)
    connection.execute(update(t.agreements).where(t.agreements.c.id == "A-1001").values(ends=date(2026, 11, 10)))
    row = {"id": "A-NEXT", **HOME, **PAID, "contract_version": "9", "starts": date(2026, 11, 11), "ends": None}
    connection.execute(insert(t.agreements).values(row))


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_an_agreement_of_another_zone_begins_when_the_earlier_one_ended(register, connection, zone):
    follow(connection, zone)
    midnight = datetime.fromisoformat("2026-11-11T00:00:00+01:00")
    assert register.agreement("C-1001", "S-1001", at=midnight - timedelta(seconds=1)).id == "A-1001"
    assert register.agreement("C-1001", "S-1001", at=midnight).id == "A-NEXT"


def test_terms_that_changed_are_in_force_from_their_first_day_and_follow_their_customer(register, connection):
    rows = [
        {"agreement": "A-1001", "valid_from": date(2020, 1, 1), **HOME, **PAID},
        {"agreement": "A-1001", "valid_from": date(2026, 11, 5), **HOME, **PAID, "monthly_charge": 200},
        {"agreement": "A-1001", "valid_from": date(2026, 11, 20), **HOME, **PAID, "customer": "C-1002"},
    ]
    for row in rows:
        connection.execute(insert(agreement_terms).values({k: v for k, v in row.items() if k != "service"}))
    connection.execute(update(t.agreements).where(t.agreements.c.id == "A-1001").values(customer="C-1002"))

    def charge(customer, day):
        at = datetime.fromisoformat(f"2026-11-{day}T12:00:00+00:00")
        return str(register.agreement(customer, "S-1001", at=at).monthly_charge)

    days = [("C-1001", "04"), ("C-1001", "05"), ("C-1002", "20")]
    assert [charge(*one) for one in days] == ["1.00 EUR", "2.00 EUR", "1.00 EUR"]
    with pytest.raises(UnableToFindRecord, match="no agreement for service S-1001"):
        charge("C-1001", "20")
    found = register.agreement("C-1001", "S-1001", at=datetime(2026, 11, 10, tzinfo=UTC))
    stretches = [(one.start.day, one.end and one.end.day, one.judged) for one in register.agreed_times(found)]
    assert stretches[1:] == [(4, 19, True)]  # 23:00 UTC: midnight in Berlin


def test_a_run_keeps_its_agreement_when_it_is_moved_to_another_customer(register, connection):
    found = register.agreement("C-1001", "S-1001", at=NOW)
    connection.execute(update(t.agreements).where(t.agreements.c.id == "A-1001").values(customer="C-1002"))
    later = ContractRegister(connection=connection)
    kept = later.keep(found, at=NOW)
    assert (kept.customer, kept.account) == ("C-1001", "B-1001")
    assert [one.judged for one in later.agreed_times(kept)] == [True]

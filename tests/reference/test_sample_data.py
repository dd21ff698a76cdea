"""The small TELECO is the same for the same seed and anchor, and means the same whatever the anchor."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.contract import check_contract
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.domain.sla import compare
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.database import open_database
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.migrations import migrate
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.sample_data import (
    UnableToLoadSample,
    load_sample,
    loaded_anchor,
    make_sample,
    write_notifications,
)
from include.sla_logic.sample_data.catalogue import contract_text, read_catalogue

ANCHOR = datetime(2026, 11, 23, 23, 5, 17, tzinfo=UTC)
SHORT = 15
HOURS = {"one": 1, "two": 2, "three": 3, "five": 5, "six": 6}


def test_the_same_seed_and_anchor_give_the_same_sample(teleco):
    assert make_sample(7, ANCHOR, history_days=2) == teleco


def test_another_seed_draws_other_charges(teleco):
    other = make_sample(8, ANCHOR, history_days=2)
    assert other.rows["agreements"] != teleco.rows["agreements"]
    assert other.expectations == teleco.expectations


def test_every_way_through_the_process_has_its_incident(teleco):
    ways = {expectation.path for expectation in teleco.expectations.values()}
    tasks = {task for way in ways for task in way}
    assert {"link_to_extra_problem_fix", "reprioritize_counter_measures", "analyze_problem"} <= tasks
    assert {"notify_normal_execution", "undertake_minor_corrections", "undertake_restoration"} <= tasks
    assert {"terminate_restoration", "send_actual_service_performance"} <= tasks


@pytest.mark.parametrize("incident", read_catalogue().incidents, ids=lambda incident: incident.key)
def test_what_a_customer_says_is_true_at_whatever_hour_the_sample_is_loaded(incident):
    said = incident.description.lower()
    assert not re.search(r"\b(today|yesterday|week|weekend|\w*day|night|morning|noon|evening|since|early|late)\b", said)
    lengths = re.findall(rf"(in the last )?({'|'.join(HOURS)}) hours?\b", said)
    if incident.fault:
        assert lengths == []  # who reports a fault that goes on has just noticed it
    for within, word in lengths:
        begun, longest = (max(getattr(one, name) for one in incident.outages) for name in ("minutes_before", "minutes"))
        assert begun <= HOURS[word] * 60 if within else longest >= HOURS[word] * 60


def test_the_contracts_have_no_defect():
    for incident in read_catalogue().incidents:
        contract, findings = check_contract(contract_text(incident.contract), name=incident.contract)
        assert contract is not None
        assert findings == ()


def test_every_alarm_is_known_to_the_diagnosis(teleco):
    diagnosis = policies_in_force().diagnosis
    assert all(diagnosis.alarm_rule(alarm["code"]) for alarm in teleco.rows["alarms"])


def test_notifications_are_what_every_way_in_accepts(teleco, tmp_path):
    written = write_notifications(teleco, tmp_path)
    for path in written[:-1]:
        notification = ProblemNotification.model_validate_json(path.read_text("utf-8"))
        assert notification.observed_from < notification.reported_at <= ANCHOR
    expected = json.loads((tmp_path / "expectations.json").read_text("utf-8"))
    assert expected["premium"]["credit"] == {"amount": "240.00", "currency": "EUR"}
    assert list(expected) == list(teleco.notifications)


def test_loading_twice_is_refused_and_the_anchor_is_known(sample, teleco):
    with sample.read() as connection:
        assert loaded_anchor(connection) == teleco.anchor
        before = connection.scalar(select(func.count()).select_from(t.samples))
    with pytest.raises(UnableToLoadSample, match="C-1001 is known already"), sample.write() as connection:
        load_sample(connection, teleco)
    with sample.read() as connection:
        assert connection.scalar(select(func.count()).select_from(t.samples)) == before == len(teleco.rows["samples"])


def test_an_empty_database_has_no_anchor(database):
    with database.read() as connection:
        assert loaded_anchor(connection) is None


ANCHORS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.more
@settings(max_examples=4, deadline=None)
@given(anchor=ANCHORS)
@example(anchor=datetime(2026, 1, 1, 0, 0, 1, tzinfo=UTC))
@example(anchor=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))
@example(anchor=datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
@example(anchor=datetime(2026, 10, 25, 1, 30, tzinfo=UTC))
@example(anchor=datetime(2028, 2, 29, 12, 0, tzinfo=UTC))
@example(anchor=datetime(2028, 3, 10, 0, 5, tzinfo=UTC))
@example(anchor=datetime(2027, 1, 10, 23, 59, 59, tzinfo=UTC))
def test_the_expected_judgement_holds_for_every_anchor(anchor):
    teleco = make_sample(1, anchor, history_days=SHORT)
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'teleco.db'}")
        migrate(database)
        with database.write() as connection:
            load_sample(connection, teleco)
        with database.read() as connection:
            for key, expectation in teleco.expectations.items():
                _judge(connection, teleco.notifications[key], expectation, teleco.anchor)


def _judge(connection, notification, expectation, anchor):
    register = ContractRegister(connection=connection)
    agreement = register.agreement(notification.customer, notification.service, at=notification.observed_from)
    contract = register.contract(agreement)
    window = calendar_window(
        contract.window, contract.zone, notification.observed_from, billing_day=contract.billing_day
    )
    for later in (timedelta(0), timedelta(minutes=15)):
        as_of = anchor + later
        facts = MeasurementRegister(connection=connection).facts(agreement, window, as_of=as_of)
        comparison = compare(contract, facts, window=window, as_of=as_of)
        assert comparison.credit_due == expectation.credit, expectation.key
        assert comparison.breached is expectation.violated
        [judged] = [o for o in comparison.objectives if o.objective == expectation.objective]
        if not later or not expectation.still_down:
            assert judged.measured == expectation.measured, expectation.key

"""The demo succeeds if every incident ended as its data say it must, and names every difference."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deploy.demo.closing import close_a_month
from deploy.demo.incidents import DemoIncident
from deploy.demo.table import Result
from deploy.demo.verdict import differences
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.persistence.queries.incident import Case
from include.sla_logic.sample_data import Expectation, load_sample, make_sample
from include.sla_logic.services import Settings, UseCases
from tests.clock import Clock
from tests.reference.walk import walk

ANCHOR = datetime(2026, 11, 23, 23, 5, 17, tzinfo=UTC)
KEYS = ("premium", "minor_correction")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("verdict")
    return Settings(f"sqlite:///{folder / 'teleco.db'}", folder / "letters")


@pytest.fixture(scope="module")
def ended(demo: Settings) -> dict[str, tuple[Case, Expectation]]:
    teleco = make_sample(7, ANCHOR, history_days=15)
    clock = Clock(ANCHOR + timedelta(minutes=1), tick=timedelta(seconds=1))
    use_cases = UseCases(demo, clock=clock)
    use_cases.work.migrate()
    with use_cases.work.database.write() as connection:
        load_sample(connection, teleco)
    for key in KEYS:
        walk(use_cases, clock, teleco.notifications[key].model_dump(mode="json"), key)
    use_cases.outbox.deliver()
    return {key: (use_cases.lookups.incident(key), teleco.expectations[key]) for key in KEYS}


@pytest.fixture
def minor(ended: dict[str, tuple[Case, Expectation]]) -> tuple[Case, Expectation]:
    return ended["minor_correction"]


def said(found: Iterator[str]) -> str:
    return "; ".join(found)


def test_an_incident_that_ended_as_it_must_leaves_nothing_to_say(minor: tuple[Case, Expectation]) -> None:
    case, expected = minor
    assert said(differences(case, "success", expected)) == ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"credit": Money(amount=Decimal("0.01"), currency="EUR")}, "was booked instead of"),
        ({"credit": Money(amount=Decimal("0.01"), currency="EUR")}, "credit is "),
        ({"held": True}, "review is False instead of True"),
        ({"outcome": Outcome.NO_PROBLEM_FOUND}, "outcome is restored instead of no_problem_found"),
        ({"escalated": True}, "ending is resolved instead of escalated"),
        ({"promised": Decimal("12.3")}, "was promised instead of 12.3"),
        ({"measured": Decimal(1)}, "was measured instead of 1"),
        ({"path": ("enter_problem_report", "track_errors")}, "track_errors was not done"),
        ({"path": ("enter_problem_report",)}, "close_incident was done"),
    ],
)
def test_whatever_differs_is_said(minor: tuple[Case, Expectation], changes: dict[str, Any], sentence: str) -> None:
    case, expected = minor
    assert sentence in said(differences(case, "success", replace(expected, **changes)))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"outbox": ()}, "letters: none instead of one that was sent"),
        ({"adjustment": None}, "the bill was not adjusted"),
        ({"closed": None}, "the incident is not closed"),
        ({"children": ("TT-000009",)}, "1 child tickets instead of 0"),
    ],
)
def test_whatever_is_missing_is_said(minor: tuple[Case, Expectation], changes: dict[str, Any], sentence: str) -> None:
    case, expected = minor
    assert sentence in said(differences(case.model_copy(update=changes), "success", expected))


def test_a_run_that_failed_or_opened_no_incident_is_no_success(minor: tuple[Case, Expectation]) -> None:
    case, expected = minor
    assert said(differences(case, "failed", expected)) == "the run is failed"
    assert said(differences(None, "success", expected)) == "no incident was opened"


def test_a_premium_incident_must_have_been_taken_over(ended: dict[str, tuple[Case, Expectation]]) -> None:
    case, expected = ended["premium"]  # walked without Airflow: the other process did not run
    assert "did not take the incident over" in said(differences(case, "success", expected))


@pytest.mark.more
def test_the_demo_closes_a_month_corrects_it_and_reads_the_letter(
    demo: Settings, ended: dict[str, tuple[Case, Expectation]]
) -> None:
    case, expected = ended["premium"]
    closed = close_a_month(demo, [Result(DemoIncident("premium", {}, expected), case, ())])
    assert closed is not None
    assert closed.wrong == ()
    told = " ".join(" ".join(closed.told).split())
    assert "We have judged it again" in told
    assert "What has changed" not in told  # its heading without what stands below it

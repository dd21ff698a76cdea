"""A cohort does what single runs do: the same papers, the same ways, the same money; what fails or waits goes aside."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from include.sla_logic.adapters.case_view import Case
from include.sla_logic.adapters.small_teleco import SmallTeleco, load_small_teleco, small_teleco
from include.sla_logic.office import Office, Settings
from tests.cohorts.leading import DOORS, ORDER, lead
from tests.reference.walk import WAIT, the_activity

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def teleco() -> SmallTeleco:
    return small_teleco(7, ANCHOR, history_days=35)


@pytest.fixture
def office(tmp_path: Path, teleco: SmallTeleco) -> Office:
    return open_house(tmp_path / "cohort", teleco)


def open_house(folder: Path, teleco: SmallTeleco) -> Office:
    office = Office(Settings(f"sqlite:///{folder / 'teleco.db'}", folder / "letters"), clock=lambda: ANCHOR)
    office.migrate()
    with office.database.write() as connection:
        load_small_teleco(connection, teleco)
    return office


def report_all(office: Office, teleco: SmallTeleco) -> list[str]:
    """Accept every incident of the small TELECO under a run id of its own."""
    return [
        office.accept(notification.model_dump(mode="json"), run_id=f"own-{key}", origin="test").id
        for key, notification in teleco.notifications.items()
    ]


def alone(office: Office, run_id: str) -> None:
    """Lead one incident through a run of its own, as Airflow would, as far as it gets without an operator."""
    todo, done = ["enter_problem_report"], set()
    while todo:
        task = todo.pop(0)
        if DOORS[task].all_of and not DOORS[task].came_from <= done:
            continue
        if task == WAIT:
            if office.decide_restoration(run_id) is None:
                return
            choice: str | None = next(step.choice for step in office.case(run_id).path if step.task == WAIT)
        else:
            choice = office.perform(the_activity(task), run_id=run_id)
        done.add(task)
        todo += [choice] if choice else [other for other in ORDER if task in DOORS[other].came_from]


def papers(case: Case) -> list[tuple[str, str]]:
    """Return the papers of a case file without what tells one database from the other: problems are numbered as met."""
    return sorted((paper.kind, re.sub(r'"run_id":"[^"]*"|SP-\d{6}', "", str(paper))) for paper in case.documents)


@pytest.fixture(scope="module")
def singles(tmp_path_factory: pytest.TempPathFactory, teleco: SmallTeleco) -> Office:
    office = open_house(tmp_path_factory.mktemp("singles"), teleco)
    report_all(office, teleco)
    for key in teleco.notifications:
        alone(office, f"own-{key}")
    return office


@pytest.mark.slow
def test_a_cohort_leaves_the_same_case_files_as_single_runs(office, singles, teleco):
    lead(office, "cohort-1", report_all(office, teleco), at_once=5)
    for key in teleco.notifications:
        ours, theirs = office.case(f"own-{key}"), singles.case(f"own-{key}")
        assert papers(ours) == papers(theirs), key
        assert sorted(ours.tasks) == sorted(theirs.tasks), key
        assert ours.ticket == theirs.ticket

"""A cohort leaves the same documents, steps and money as single runs; an incident that fails or waits is taken out."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.leading import lead
from include.sla_logic.persistence.queries.incident import Case
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.sample_data import Sample, load_sample, make_sample
from include.sla_logic.services import Settings, UseCases
from tests.reference.walk import next_step

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def teleco() -> Sample:
    return make_sample(7, ANCHOR, history_days=35)


@pytest.fixture
def use_cases(tmp_path: Path, teleco: Sample) -> UseCases:
    return open_use_cases(tmp_path / "cohort", teleco)


def open_use_cases(folder: Path, teleco: Sample) -> UseCases:
    use_cases = UseCases(Settings(f"sqlite:///{folder / 'teleco.db'}", folder / "letters"), clock=lambda: ANCHOR)
    use_cases.work.migrate()
    with use_cases.work.database.write() as connection:
        load_sample(connection, teleco)
    return use_cases


def report_all(use_cases: UseCases, teleco: Sample) -> list[str]:
    """Accept every incident of the small TELECO under a run id of its own."""
    return [
        use_cases.incidents.accept(notification.model_dump(mode="json"), run_id=f"own-{key}", origin="test").id
        for key, notification in teleco.notifications.items()
    ]


def alone(use_cases: UseCases, run_id: str) -> None:
    """Lead one incident through a run of its own, as Airflow would, as far as it gets without an operator."""
    while step := next_step(use_cases, run_id):
        if step != WAIT:
            use_cases.incidents.perform(step_named(step), run_id=run_id)
        elif use_cases.restorations.decide(run_id) is None:
            return


def documents(case: Case) -> list[tuple[str, str]]:
    """Return the documents of a case file without run ids and numbers of problems, which differ between databases."""
    return sorted(
        (document.kind, re.sub(r'"run_id":"[^"]*"|SP-\d{6}', "", str(document))) for document in case.documents
    )


@pytest.fixture(scope="module")
def singles(tmp_path_factory: pytest.TempPathFactory, teleco: Sample) -> UseCases:
    use_cases = open_use_cases(tmp_path_factory.mktemp("singles"), teleco)
    report_all(use_cases, teleco)
    for key in teleco.notifications:
        alone(use_cases, f"own-{key}")
    return use_cases


@pytest.mark.more
def test_a_cohort_leaves_the_same_case_files_as_single_runs(use_cases, singles, teleco):
    lead(use_cases, "cohort-1", report_all(use_cases, teleco), at_once=5)
    for key in teleco.notifications:
        ours, theirs = use_cases.lookups.incident(f"own-{key}"), singles.lookups.incident(f"own-{key}")
        assert documents(ours) == documents(theirs), key
        assert sorted(ours.tasks) == sorted(theirs.tasks), key
        assert ours.ticket == theirs.ticket

"""Airflow itself keeps which database it works: the first task of a run on another one fails and changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sla_airflow import pairing
from tests.dags.conftest import SampleTeleco, worked_on_by_airflow
from tests.dags.loading import load_dag
from tests.notebook import BEAT, ENTER, TELL_LOST


@pytest.fixture
def asking_airflow(airflow_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    from airflow.models.variable import Variable

    monkeypatch.setattr(pairing, "enter", ENTER)
    monkeypatch.setattr(pairing, "beat", BEAT)
    monkeypatch.setattr(pairing, "tell_lost", TELL_LOST)
    Variable.delete(pairing.VARIABLE)
    yield
    Variable.delete(pairing.VARIABLE)


@pytest.mark.more
def test_an_airflow_works_one_database_and_a_second_database_learns_nothing(asking_airflow, tmp_path):
    confs = {}
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        with worked_on_by_airflow(SampleTeleco(f"sqlite+pysqlite:///{folder / 'teleco.db'}", folder)) as teleco:
            confs[name] = teleco, teleco.conf("no_problem_found")
            run = load_dag("sla_violation").test(run_conf=confs[name][1])
            states = {task.task_id: str(task.state) for task in run.get_task_instances()}
        if name == "first":
            assert str(run.state) == "success", states
            assert {one.state for one in teleco.use_cases.outbox.messages()} == {"sent"}
        else:
            assert states["enter_problem_report"] == "failed"
            assert teleco.use_cases.lookups.tickets() == []
            assert teleco.use_cases.outbox.messages() == []
            assert teleco.use_cases.installation.mark().airflow is None
    first = confs["first"][0]
    assert first.use_cases.monitoring.comparison_is_due()
    housekeeping(first)
    assert first.use_cases.installation.mark().beat.startswith("2-")
    assert not first.use_cases.monitoring.comparison_is_due()


def housekeeping(teleco: SampleTeleco) -> None:
    with worked_on_by_airflow(teleco):
        assert str(load_dag("sla_housekeeping").test().state) == "success"

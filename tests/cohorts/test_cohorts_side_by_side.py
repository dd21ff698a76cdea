"""Cohorts whose incidents concern the same customers and resources, in opposite order, go on at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier, BrokenBarrierError

import pytest

from benchmarks.leading import ORDER
from include.sla_logic.process.graph import WAIT
from include.sla_logic.process.stages import step_named
from include.sla_logic.sample_data import load_sample, make_sample
from include.sla_logic.services import Settings, UseCases
from tests.spread import spread

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
PATIENCE = 1800  # seconds for one step: the other cohort is far behind on a machine with much else to do


@pytest.mark.more
@pytest.mark.parametrize("reports", spread([1, 4], every=2))  # of each kind in each cohort
def test_neither_waits_for_the_other_for_ever(postgres_url: str, tmp_path: Path, reports: int) -> None:
    teleco = make_sample(7, ANCHOR, history_days=32)
    use_cases = UseCases(Settings(postgres_url, tmp_path / "letters"), clock=lambda: ANCHOR)
    use_cases.work.migrate()
    with use_cases.work.database.write() as connection:
        load_sample(connection, teleco)
    confs = [conf.model_dump(mode="json") for conf in teleco.notifications.values()] * reports
    cohorts = {"there": confs, "back": confs[::-1]}
    for run_id, reported in cohorts.items():
        names = [f"{run_id}-{number}" for number in range(len(reported))]
        tickets = [
            use_cases.incidents.accept(conf | {"external_reference": name}, run_id=name, origin="test").id
            for name, conf in zip(names, reported, strict=True)
        ]
        use_cases.cohorts.accept({"incidents": tickets}, run_id=run_id)
    together = Barrier(len(cohorts), timeout=PATIENCE)

    def lead(run_id: str) -> int:
        for task in ORDER[: ORDER.index("send_customer_report")]:
            together.wait()
            try:
                if task == WAIT:
                    use_cases.cohorts.await_restoration(run_id=run_id)
                else:
                    use_cases.cohorts.perform(step_named(task), run_id=run_id)
            except Exception:
                together.abort()  # nobody comes to the other one's side any more
                raise
        return len(use_cases.cohorts.completed("adjust_billing", run_id=run_id))

    with ThreadPoolExecutor(len(cohorts)) as pool:
        led = [pool.submit(lead, run_id) for run_id in cohorts]
    failed = [error for one in led if (error := one.exception()) is not None]
    assert [error for error in failed if not isinstance(error, BrokenBarrierError)] == []
    through = [one.result() for one in led]
    assert min(through) > reports
    assert {member.state for run_id in cohorts for member in use_cases.cohorts.members(run_id)} == {"carried", "left"}

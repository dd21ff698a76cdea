"""Cohorts whose incidents concern the same customers and resources, in opposite order, go on at the same time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

from include.sla_logic.adapters.small_teleco import load_small_teleco, small_teleco
from include.sla_logic.office import Office, Settings
from tests.cohorts.leading import DOORS, ORDER
from tests.reference.walk import WAIT, the_activity

ANCHOR = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOWNSFOLK = 4  # reports of each kind in each cohort


def test_neither_waits_for_the_other_for_ever(postgres_url: str, tmp_path: Path) -> None:
    teleco = small_teleco(7, ANCHOR, history_days=32)
    office = Office(Settings(postgres_url, tmp_path / "letters"), clock=lambda: ANCHOR)
    office.migrate()
    with office.database.write() as connection:
        load_small_teleco(connection, teleco)
    confs = [conf.model_dump(mode="json") for conf in teleco.notifications.values()] * TOWNSFOLK
    cohorts = {"there": confs, "back": confs[::-1]}
    for run_id, reported in cohorts.items():
        names = [f"{run_id}-{number}" for number in range(len(reported))]
        tickets = [
            office.accept(conf | {"external_reference": name}, run_id=name, origin="test").id
            for name, conf in zip(names, reported, strict=True)
        ]
        office.accept_cohort({"incidents": tickets}, run_id=run_id)
    together = Barrier(len(cohorts), timeout=120)

    def lead(run_id: str) -> int:
        for task in ORDER[: ORDER.index("send_customer_report")]:
            together.wait()
            if task == WAIT:
                office.await_cohort(run_id=run_id, door=DOORS[task])
            else:
                office.perform_cohort(the_activity(task), run_id=run_id, door=DOORS[task])
        return len(office.went_through("adjust_billing", run_id=run_id))

    with ThreadPoolExecutor(len(cohorts)) as pool:
        through = list(pool.map(lead, cohorts))
    assert min(through) > TOWNSFOLK
    assert {member.state for run_id in cohorts for member in office.cohort(run_id)} == {"carried", "left"}

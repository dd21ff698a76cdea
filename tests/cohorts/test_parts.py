"""The part of a cohort that leaves: its run has a name of its own, and a look costs no more for those that left."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as until_done
from threading import Event
from typing import Any

import pytest

from include.sla_logic.domain.run_ids import RUN_ID
from include.sla_logic.persistence.cohort_members import split_off
from include.sla_logic.sample_data import Sample, load_sample
from include.sla_logic.services import Settings, UseCases
from tests.cohorts.conftest import ANCHOR
from tests.cohorts.counting import counted
from tests.cohorts.test_waiting_together import RUN, lead_these, lead_to_the_wait, look, parts, release


def many(teleco: Sample, key: str, times: int) -> dict[str, Any]:
    """Report the same several times, under as many references."""
    conf = teleco.notifications[key].model_dump(mode="json")
    return {f"{key}-{n}": conf | {"external_reference": f"MANY-{key}-{n}"} for n in range(times)}


@pytest.mark.parametrize("run_id", ["r" * 250, "manual__2026-11-20T12:00:00+00:00/again"], ids=["long", "odd"])
def test_a_part_has_a_name_that_airflow_and_the_database_allow(use_cases, teleco, run_id):
    tickets = lead_to_the_wait(use_cases, teleco, "no_problem_found", "held_and_released", run_id=run_id)
    [(part, who)] = parts(look(use_cases, run_id)).items()
    assert who == (tickets["no_problem_found"],)
    assert RUN_ID.fullmatch(part)
    assert {member.ticket: member.state for member in use_cases.cohorts.members(part)} == {who[0]: "carried"}


def test_a_part_never_joins_a_run_that_has_begun(use_cases, teleco):
    tickets = lead_to_the_wait(use_cases, teleco, "no_problem_found", "held_and_released")
    [other, alone] = many(teleco, "automatic_restoration", 2).values()
    use_cases.incidents.accept(alone, run_id=f"{RUN}__1", origin="test")
    others = use_cases.incidents.accept(other, run_id="own-other", origin="test").id
    use_cases.cohorts.accept({"incidents": [others]}, run_id=f"{RUN}__2")
    assert parts(look(use_cases)) == {f"{RUN}__3": (tickets["no_problem_found"],)}


def test_a_look_costs_the_same_however_many_wait_and_however_many_parts_have_left(use_cases, teleco):
    confs = many(teleco, "held_and_released", 6)
    tickets = list(lead_these(use_cases, confs).values())
    costs = []
    for number, ticket in enumerate(tickets[:-1], start=1):
        with use_cases.work.writing() as connection:
            split_off(connection, RUN, [int(ticket.removeprefix("TT-"))])
        with counted(use_cases.work.database.engine) as statements:
            result = look(use_cases)
        assert (len(result.parts), len(result.waiting)) == (number, len(tickets) - number)
        costs.append(len(statements))
    assert len(set(costs)) == 1, costs


@pytest.mark.more
def test_two_looks_at_the_same_moment_make_two_parts_and_mix_nobody(postgres_url, tmp_path, teleco, monkeypatch):
    use_cases = UseCases(Settings(postgres_url, tmp_path / "letters"), clock=lambda: ANCHOR)
    with use_cases.work.writing() as connection:
        load_sample(connection, teleco)
    keys = {key: teleco.notifications[key].model_dump(mode="json") for key in ("no_problem_found", "too_late")}
    tickets = lead_these(use_cases, keys | many(teleco, "held_and_released", 2))
    first, may_part = Event(), Event()

    def slow(*asked: Any) -> str:
        if not first.is_set():
            first.set()
            assert may_part.wait(60)
        return split_off(*asked)

    monkeypatch.setattr("include.sla_logic.services.cohort_waits.split_off", slow)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(look, use_cases)
        assert first.wait(60)
        for number in range(2):
            ticket = tickets[f"held_and_released-{number}"]
            if use_cases.restorations.find(ticket).sent_at is None:
                release(use_cases, ticket)
        other = pool.submit(look, use_cases)
        until_done([other], timeout=1)
        may_part.set()
        one.result()
        result = other.result()
    assert parts(result) == {f"{RUN}__1": (tickets["no_problem_found"],), f"{RUN}__2": (tickets["too_late"],)}

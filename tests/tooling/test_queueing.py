"""The queueing simulation against what textbooks say of single stations, and of an Airflow that is easy to reckon."""

import random
from math import factorial
from statistics import fmean

import pytest
import simpy

from benchmarks.queueing import Cores, Costs, Layout, Load, cohorts, simulate

JOBS = 12_000
WHOLE = 1e9  # a core stays with a job until it is done


def _mean_seconds(rate, lengths, *, cores=1, turn=WHOLE):
    """Let jobs of these lengths come at random; return how long one stays on the average."""
    env, chance, stayed = simpy.Environment(), random.Random(17), []  # noqa: S311 - seeded
    station = Cores(env, cores, turn=turn)

    def job(seconds):
        came = env.now
        yield from station.work(seconds)
        stayed.append(env.now - came)

    def arrivals():
        for seconds in lengths:
            yield env.timeout(chance.expovariate(rate))
            env.process(job(seconds))

    env.process(arrivals())
    env.run()
    return fmean(stayed)


def _exponential(mean):
    chance = random.Random(4)  # noqa: S311 - seeded
    return [chance.expovariate(1 / mean) for _ in range(JOBS)]


def _erlang_c(cores, load):
    """Return the part of the jobs that wait in M/M/c."""
    last = load**cores / factorial(cores) * cores / (cores - load)
    return last / (sum(load**n / factorial(n) for n in range(cores)) + last)


def test_one_core_and_random_lengths_are_m_m_1():
    assert _mean_seconds(0.6, _exponential(1.0)) == pytest.approx(1 / (1 - 0.6), rel=0.06)


def test_cores_that_take_turns_are_processor_sharing():
    # M/G/1 with processor sharing: the mean depends on nothing but the load.
    assert _mean_seconds(0.6, [1.0] * JOBS, turn=0.1) == pytest.approx(1 / (1 - 0.6), rel=0.1)


@pytest.mark.parametrize("cores", [2, 4])
def test_several_cores_are_m_m_c(cores):
    load = 0.75 * cores
    expected = 1 + _erlang_c(cores, load) / (cores - load)
    assert _mean_seconds(load, _exponential(1.0), cores=cores) == pytest.approx(expected, rel=0.06)


def test_one_core_and_equal_lengths_are_m_d_1():
    assert _mean_seconds(0.6, [1.0] * JOBS) == pytest.approx(1 + 0.6 / (2 * (1 - 0.6)), rel=0.06)


COSTS = Costs(scheduler=0.05, api=0.01, database=0.02, worker=0.12, pause=0.1)


def test_a_lone_run_takes_the_sum_of_its_tasks():
    outcome = simulate(COSTS, Layout(places=8, workers=2, together=True), [Load(3.0, 1, 10)])
    assert outcome.seconds == [pytest.approx(10 * (0.2 + 0.1))]


def test_many_runs_take_the_cpu_seconds_of_all_by_the_cores():
    outcome = simulate(COSTS, Layout(places=64, workers=2, together=True), [Load(0.0, 1, 10)] * 50)
    assert max(outcome.ended) == pytest.approx(50 * 10 * 0.2 / 2, rel=0.03)


def test_one_place_leads_one_task_after_the_other_and_stays_taken_while_it_lingers():
    layout = Layout(places=1, workers=8, together=True)
    slow = simulate(Costs(0.0, 0.0, 0.0, 0.1, linger=0.4), layout, [Load(0.0, 1, 5)] * 4)
    assert max(slow.ended) == pytest.approx(19 * 0.5 + 0.1)


def test_the_loop_of_one_scheduler_is_not_helped_by_cores_but_by_a_second_scheduler():
    costs, many = Costs(0.1, 0.0, 0.0, 0.01), [Load(0.0, 1, 5)] * 20
    ends = {n: max(simulate(costs, Layout(64, workers=16, schedulers=n), many).ended) for n in (1, 2)}
    assert ends[1] == pytest.approx(100 * 0.1, rel=0.02)
    assert ends[2] == pytest.approx(ends[1] / 2, rel=0.05)


def test_a_ticket_of_a_cohort_costs_what_it_costs_beside_the_tasks():
    costs = Costs(0.0, 0.0, 0.1, 0.1, ticket_worker=0.05, ticket_database=0.01)
    outcome = simulate(costs, Layout(8, workers=2, together=True), [Load(0.0, 500, 20)])
    assert outcome.seconds == [pytest.approx(20 * 0.2 + 500 * 0.06)]


def test_what_has_not_ended_in_time_ends_never():
    outcome = simulate(COSTS, Layout(8, workers=1, together=True), [Load(0.0, 1, 10)] * 5, until=1.0)
    assert set(outcome.ended) == {float("inf")}


def test_every_arrival_is_in_one_cohort_of_at_most_the_size():
    loads = cohorts(10, 60, every=15, at_most=100, tasks=30)
    assert [(load.at, load.tickets) for load in loads] == [(t, n) for t in (15, 30, 45, 60) for n in (100, 50)]

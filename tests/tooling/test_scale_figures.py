"""The tables of docs/scale.md are those of docs/scale.json, and the model behind them finds what is known."""

from dataclasses import replace

import pytest

from benchmarks.kept_trials import add, forget, read, read_trials
from benchmarks.queueing import Costs, Layout, Load, simulate
from benchmarks.scale_figures import FILE, PAGE, figures, fits, renewed
from benchmarks.scale_model import answer, fit, predictions
from benchmarks.trials import Trial

KNOWN = Costs(
    scheduler=0.04,
    api=0.02,
    database=0.03,
    worker=0.1,
    after=0.05,
    linger=0.5,
    ticket_worker=0.05,
    ticket_database=0.02,
)
TASKS = 20


def _played(kind, incidents, *, rate=0.0, cohort=0):
    """Let the simulation itself play a trial with the known costs."""
    sizes = [cohort] * (incidents // cohort) if cohort else [1] * incidents
    loads = [Load(n / rate if rate else 0.0, size, TASKS) for n, size in enumerate(sizes)]
    outcome = simulate(KNOWN, Layout(8, workers=2, together=True), loads)
    tasks = TASKS * len(sizes)
    tickets = incidents if cohort else 0
    cpu = {
        "scheduler": tasks * KNOWN.scheduler,
        "api-server": tasks * KNOWN.api,
        "PostgreSQL": tasks * KNOWN.database + tickets * KNOWN.ticket_database,
        "tasks": tasks * KNOWN.worker + tickets * KNOWN.ticket_worker,
    }
    trial = Trial("local", kind, incidents, rate=rate, cohort=cohort, tasks=tasks, wall=max(outcome.ended), cpu=cpu)
    return replace(trial, seconds=outcome.seconds)


TRIALS = [
    Trial("local", "idle", 0, wall=20.0, cpu={"scheduler": 0.0}),
    _played("at once", 1),
    _played("at once", 6),
    _played("at once", 12),
    _played("rate", 18, rate=0.2),
    _played("backlog", 200, cohort=100),
    _played("backlog", 1000, cohort=100),
]


def test_costs_that_are_known_are_found_again():
    found = fit(TRIALS, 2).costs
    assert {name: getattr(found, name) for name in vars(KNOWN)} == pytest.approx(vars(KNOWN), rel=0.1, abs=0.002)


def test_what_was_not_used_is_predicted():
    made = predictions(fit(TRIALS, 2), TRIALS)
    assert [(one.trial.kind, one.trial.incidents) for one in made] == [("at once", 6), ("rate", 18), ("backlog", 1000)]
    assert [one.error for one in made] == pytest.approx([0, 0, 0], abs=0.05)


@pytest.mark.more
def test_four_times_as_many_need_nearly_four_times_the_cores_and_take_no_longer():
    one, four = (answer(fit(TRIALS, 2), rate, "single runs") for rate in (1.0, 4.0))
    assert 2.5 * one.workers < four.workers <= 4 * one.workers
    assert four.mean < 1.5 * one.mean


def test_cohorts_need_fewer_cores_than_single_runs():
    found = fit(TRIALS, 2)
    assert 5 * answer(found, 4.0, "cohorts").workers < answer(found, 4.0, "single runs").workers


def test_a_second_trial_of_the_same_takes_the_place_of_the_first(tmp_path):
    file = tmp_path / "scale.json"
    for wall in (5.0, 6.0):
        add(file, Trial("local", "at once", 1, wall=wall), "a machine", 2)
    add(file, Trial("local", "at once", 2, wall=7.0), "a machine", 2)
    assert [(one.incidents, one.wall) for one in read_trials(read(file))] == [(1, 6.0), (2, 7.0)]
    forget(file, ["local"])
    assert read_trials(read(file)) == []


@pytest.mark.more
def test_the_tables_of_the_page_are_those_of_the_file():
    page = PAGE.read_text("utf-8")
    assert renewed(page, figures(read(FILE))) == page


@pytest.mark.more
def test_two_trials_at_least_were_predicted_that_were_not_used():
    made = {found.executor: some for found, some in fits(read(FILE))}
    assert all(len(some) >= 2 for some in made.values())
    assert all(abs(one.error) < 0.25 for one in made["quiet"])

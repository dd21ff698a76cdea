"""The queueing simulation fed with trials: fitted on some, held against the others, asked what higher rates need.

Fitted on: nothing to do, one incident alone, the fewest at once that are more than there are places for tasks, the
smallest backlog. Everything else is predicted.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import ceil
from statistics import fmean, quantiles

from benchmarks.queueing import Costs, Layout, Load, Outcome, cohorts, simulate
from benchmarks.trials import Trial

# Whose CPU seconds the parts of Airflow are in the model.
WHO = {
    "scheduler": ("scheduler",),
    "api": ("api-server",),
    "database": ("PostgreSQL",),
    "worker": ("tasks", "workers", "Redis"),
}
PLACES = 8  # of the machine that was measured
BUSY = 0.7  # of a station, at most, where more is to be laid out
EVERY, AT_MOST = 60.0, 500  # seconds between two looks at the backlog, tickets in one run
MOST_PLAYED = 1_500  # single runs
LONGEST = 1.0  # seconds for which a task may keep its place after its end: its next heartbeat tells


@dataclass(frozen=True)
class Fit:
    """What the trials of one executor cost, and through how many tasks a run goes."""

    executor: str
    cores: int
    costs: Costs
    tasks: int
    cohort_tasks: int
    used: tuple[Trial, ...]


@dataclass(frozen=True)
class Prediction:
    """A trial that was not used to fit, in seconds: until the last has ended, or of an incident on the average."""

    trial: Trial
    what: str
    measured: float
    predicted: float

    @property
    def error(self) -> float:
        """Return by which part of the measured the predicted is too high."""
        return self.predicted / self.measured - 1


@dataclass(frozen=True)
class Answer:
    """What a rate needs, by the simulation: cores by who has them, places for tasks, seconds of an incident."""

    executor: str
    rate: float
    way: str  # single runs, cohorts
    workers: int
    schedulers: int
    api_servers: int
    database: int
    places: int
    mean: float
    slowest: float  # of twenty
    busy: dict[str, float]


def fit(trials: Sequence[Trial], cores: int, *, like: Costs | None = None) -> Fit:
    """Fit the costs of one executor, whose trials these are.

    Where a trial has its CPU seconds in one figure ("all"), they are shared out as in `like`.
    """
    nothing = next((t for t in trials if t.kind == "idle"), None)
    at_once = sorted((t for t in trials if t.kind == "at once"), key=lambda t: (t.incidents, t.places != PLACES))
    alone, some = at_once[0], next(t for t in at_once if t.incidents > t.places)
    ticket = min((t for t in trials if t.kind == "backlog"), key=lambda t: t.incidents, default=None)
    idle = {part: spent / nothing.wall for part, spent in nothing.cpu.items()} if nothing else {}
    idle.pop("scheduler", None)  # its loop looks around or works, not both

    def cost(trial: Trial, *parts: str) -> float:
        return sum(max(0.0, trial.cpu.get(part, 0.0) - idle.get(part, 0.0) * trial.wall) for part in parts)

    each = {who: cost(some, *parts) / some.tasks for who, parts in WHO.items()}
    if like:
        each = {who: some.cpu["all"] / some.tasks * getattr(like, who) / like.task for who in WHO}
    costs = Costs(**each, idle=sum(idle.values()))
    tasks = cohort_tasks = round(alone.tasks / alone.incidents)
    if ticket:
        cohort_tasks = round(ticket.tasks / ceil(ticket.incidents / ticket.cohort))
        both = {who: cost(ticket, *WHO[who]) - ticket.tasks * each[who] for who in ("worker", "database")}
        if like:
            both = _shared_out(ticket.cpu["all"] - ticket.tasks * costs.task, like)
        ticket_costs = {f"ticket_{who}": max(0.0, spent) / ticket.incidents for who, spent in both.items()}
        costs = replace(costs, **ticket_costs)
    costs = _waits(costs, (alone, some, ticket), cores, tasks, cohort_tasks)
    used = tuple(one for one in (nothing, alone, some, ticket) if one)
    return Fit(alone.executor, cores, costs, tasks, cohort_tasks, used)


def _shared_out(spent: float, like: Costs) -> dict[str, float]:
    """Share out what tickets have cost as elsewhere, or as in docs/speed.md: a tenth in PostgreSQL."""
    shares = like.ticket_worker, like.ticket_database
    worker, database = shares if sum(shares) else (0.9, 0.1)
    return {"worker": spent * worker / (worker + database), "database": spent * database / (worker + database)}


def _waits(costs: Costs, used: tuple[Trial, Trial, Trial | None], cores: int, tasks: int, cohort_tasks: int) -> Costs:
    """Fit what costs no CPU: from task to task, how long a place is kept, and what a lone cohort does meanwhile."""
    alone, some, ticket = used
    hidden = costs.task - alone.wall / alone.tasks * speed(alone, costs, cores)
    costs = replace(costs, after=min(max(0.0, hidden), 0.9 * costs.worker), pause=max(0.0, -hidden))
    linger = _that_takes(some, lambda x: _played(replace(costs, linger=x), some, cores, tasks), LONGEST)
    costs = replace(costs, linger=linger)
    if ticket is None or ticket.incidents > ticket.cohort:
        return costs
    one_by_one = _that_takes(
        ticket, lambda x: _played(replace(costs, beside=0.5 - x), ticket, cores, cohort_tasks), 0.5
    )
    return replace(costs, beside=0.5 - one_by_one)


def speed(trial: Trial, costs: Costs, cores: int) -> float:
    """Return which part of the cores was left: other programs took some, and what Airflow takes with nothing to do."""
    return max(0.2, 1 - (trial.others + costs.idle) / cores)


def _that_takes(trial: Trial, played: Callable[[float], Outcome], most: float) -> float:
    """Find, between 0 and the most, the value with which the simulation takes as long as the trial."""
    low, high = 0.0, most
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (middle, high) if max(played(middle).ended) < trial.wall else (low, middle)
    return (low + high) / 2


def _played(costs: Costs, trial: Trial, cores: int, tasks: int) -> Outcome:
    layout = Layout(trial.places, workers=cores, together=True, speed=speed(trial, costs, cores))
    if trial.kind == "backlog":
        whole, rest = divmod(trial.incidents, trial.cohort)
        loads = [Load(0.0, size, tasks) for size in [trial.cohort] * whole + [rest] * bool(rest)]
    else:
        loads = [Load(n / trial.rate if trial.rate else 0.0, 1, tasks) for n in range(trial.incidents)]
    return simulate(costs, layout, loads)


def predictions(found: Fit, trials: Sequence[Trial]) -> list[Prediction]:
    """Predict every trial that the fit has not used."""
    made = []
    for trial in trials:
        if trial in found.used or trial.kind == "idle":
            continue
        tasks = found.cohort_tasks if trial.kind == "backlog" else found.tasks
        outcome = _played(found.costs, trial, found.cores, tasks)
        if trial.kind == "rate":
            made.append(Prediction(trial, "mean of an incident", fmean(trial.seconds), fmean(outcome.seconds)))
        else:
            made.append(Prediction(trial, "until the last has ended", trial.wall, max(outcome.ended)))
    return made


def answer(found: Fit, rate: float, way: str) -> Answer:
    """Lay out what this rate needs, no station busier than seven tenths; add cores where that is not enough."""
    costs, single = found.costs, way == "single runs"
    tasks = rate * (found.tasks if single else found.cohort_tasks * ceil(rate * EVERY / AT_MOST) / (rate * EVERY))
    tickets = 0.0 if single else rate

    def needed(cores: float) -> int:
        return max(1, ceil(cores / BUSY))

    workers = needed(tasks * costs.worker + tickets * costs.ticket_worker)
    kept = tasks * (costs.task + costs.linger) + tickets * (costs.ticket_worker + costs.ticket_database)
    layout = Layout(
        max(PLACES, needed(kept)),
        workers,
        needed(tasks * costs.scheduler),
        needed(tasks * costs.api),
        needed(tasks * costs.database + tickets * costs.ticket_database),
    )
    while True:
        outcome = simulate(costs, layout, _coming(found, rate, single=single))
        seconds = outcome.seconds
        early, late = seconds[: len(seconds) // 2], seconds[len(seconds) // 2 :]
        if fmean(late) < 1.3 * fmean(early):
            break
        layout = replace(layout, workers=ceil(1.25 * layout.workers), places=ceil(1.25 * layout.places))
    waited = 0.0 if single else EVERY / 2
    slowest = max(seconds) if len(seconds) < 20 else quantiles(seconds, n=20)[-1]
    stations = {name: round(part, 2) for name, part in outcome.busy.items()}
    cores = {name: getattr(layout, name) for name in ("workers", "schedulers", "api_servers", "database", "places")}
    return Answer(
        found.executor,
        rate,
        way,
        **cores,
        mean=round(fmean(seconds) + waited, 1),
        slowest=round(slowest + 2 * waited, 1),
        busy=stations,
    )


def _coming(found: Fit, rate: float, *, single: bool) -> list[Load]:
    if single:
        chance = random.Random(12)
        gaps = (chance.expovariate(rate) for _ in range(min(max(50, round(60 * rate)), MOST_PLAYED)))
        return [Load(at, 1, found.tasks) for at in accumulate(gaps)]
    return cohorts(rate, 600, every=EVERY, at_most=AT_MOST, tasks=found.cohort_tasks)

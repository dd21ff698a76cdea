"""A small queueing simulation of Airflow: cores that take turns, the scheduler's loop, places for tasks, a database.

Time is simulated, in seconds. Textbook results for single stations are in `tests/tooling/test_queueing.py`.
"""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import simpy

Steps = Generator[simpy.Event, Any, None]
TURN = 0.05  # CPU seconds for which a core stays with one process
TURNS = 30  # at most: of what takes long the turns are longer


class Cores:
    """A station: what is asked of it waits for one of its cores, and gives it back after a turn."""

    def __init__(self, env: simpy.Environment, number: int, *, speed: float = 1.0, turn: float = TURN) -> None:
        self._env, self._speed, self._turn = env, speed, turn
        self._cores = simpy.Resource(env, number)
        self.number = number
        self.busy = 0.0

    def work(self, seconds: float) -> Steps:
        """Take these CPU seconds, turn by turn."""
        left = seconds / self._speed
        longest = max(self._turn, left / TURNS)
        while left > 1e-9:
            turn = min(left, longest)
            with self._cores.request() as core:
                yield core
                yield self._env.timeout(turn)
            self.busy += turn
            left -= turn


@dataclass(frozen=True)
class Costs:
    """What was measured of one executor: CPU seconds of a task by who spends them, unless another unit is named."""

    scheduler: float
    api: float
    database: float
    worker: float
    after: float = 0.0  # of the worker's, what comes after the next task may start
    pause: float = 0.0  # seconds between the end of a task and the scheduler's look at the next, without CPU
    linger: float = 0.0  # seconds for which a task keeps its place after that
    ticket_worker: float = 0.0  # for a ticket of a cohort, in all of its tasks together
    ticket_database: float = 0.0
    beside: float = 0.0  # which part of a ticket's costs comes beside the others, in another branch of the process
    idle: float = 0.0  # cores that everything takes with nothing to do

    @property
    def task(self) -> float:
        """Return the CPU seconds of a task, all together."""
        return self.scheduler + self.api + self.database + self.worker


@dataclass(frozen=True)
class Layout:
    """What is there: places for tasks and cores. `together`: all of it on the cores of the one worker."""

    places: int
    workers: int  # cores
    schedulers: int = 1
    api_servers: int = 1
    database: int = 1  # cores
    together: bool = False
    speed: float = 1.0  # of a core, as long as other programs take the rest of it


@dataclass(frozen=True)
class Load:
    """A run that comes: when, with how many tickets, through how many tasks one after the other."""

    at: float
    tickets: int
    tasks: int


@dataclass(frozen=True)
class Outcome:
    """When each run ended, in the order of the loads, and which part of its time each station was busy."""

    came: tuple[float, ...]
    ended: tuple[float, ...]
    busy: dict[str, float]

    @property
    def seconds(self) -> list[float]:
        """Return how long each run took from its coming to its end."""
        return [ended - came for came, ended in zip(self.came, self.ended, strict=True)]


class Farm:
    """An Airflow in simulated time."""

    def __init__(self, env: simpy.Environment, costs: Costs, layout: Layout) -> None:
        self._env, self._costs = env, costs
        self._loops = simpy.Resource(env, layout.schedulers)
        self._api_servers = simpy.Resource(env, layout.api_servers)
        self._places = simpy.Resource(env, layout.places)

        def station(number: int) -> Cores:
            return Cores(env, number, speed=layout.speed)

        self.workers = station(layout.workers)
        one = self.workers if layout.together else None
        self.schedulers = one or station(layout.schedulers)
        self.api_servers = one or station(layout.api_servers)
        self.database = one or station(layout.database)

    def run(self, load: Load, done: Callable[[float], None]) -> Steps:
        """Lead one run through its tasks."""
        yield self._env.timeout(load.at)
        for _ in range(load.tasks):
            tickets = load.tickets / load.tasks if load.tickets > 1 else 0.0
            beside = self._env.process(self._lead(tickets * self._costs.beside))
            yield from self._task(tickets * (1 - self._costs.beside))
            yield beside
        done(self._env.now)

    def _task(self, tickets: float) -> Steps:
        costs = self._costs
        with self._loops.request() as loop:
            yield loop
            yield from self.schedulers.work(costs.scheduler)
        place = self._places.request()
        yield place
        with self._api_servers.request() as server:
            yield server
            yield from self.api_servers.work(costs.api)
        yield from self._lead(tickets)
        yield from self.database.work(costs.database)
        yield from self.workers.work(costs.worker - costs.after)
        self._env.process(self._leave(place))
        yield self._env.timeout(costs.pause)

    def _lead(self, tickets: float) -> Steps:
        yield from self.database.work(tickets * self._costs.ticket_database)
        yield from self.workers.work(tickets * self._costs.ticket_worker)

    def _leave(self, place: simpy.resources.resource.Request) -> Steps:
        yield from self.workers.work(self._costs.after)
        yield self._env.timeout(self._costs.linger)
        place.resource.release(place)


def simulate(costs: Costs, layout: Layout, loads: Iterable[Load], *, until: float | None = None) -> Outcome:
    """Let all of it come, and wait for the last or until that time; what has not ended ends never (infinity)."""
    env, come = simpy.Environment(), list(loads)
    farm, ended = Farm(env, costs, layout), [float("inf")] * len(come)
    for number, load in enumerate(come):
        env.process(farm.run(load, lambda now, number=number: ended.__setitem__(number, now)))  # type: ignore[misc]
    env.run(until)
    stations = {name: getattr(farm, name) for name in ("workers", "schedulers", "api_servers", "database")}
    busy = {name: cores.busy / cores.number / env.now for name, cores in stations.items()}
    return Outcome(tuple(load.at for load in come), tuple(ended), busy)


def cohorts(rate: float, seconds: float, *, every: float, at_most: int, tasks: int) -> list[Load]:
    """Collect what comes at this rate, and start it as cohorts once in `every` seconds."""
    starts = [n * every for n in range(int(seconds / every) + 1)]
    return [
        Load(end, size, tasks)
        for begin, end in pairwise(starts)
        for size in _portions(round(rate * end) - round(rate * begin), at_most)
    ]


def _portions(tickets: int, at_most: int) -> list[int]:
    return [min(at_most, tickets - first) for first in range(0, tickets, at_most)]

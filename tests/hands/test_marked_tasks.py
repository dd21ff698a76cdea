"""Each task of each kind of incident, marked as success or skipped by a person: no step without its decision.

Marked early or when due is the same here: no task looks at the state of another before it is due.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from include.sla_logic.persistence.cohort_members import load_steps
from include.sla_logic.persistence.incident_records import UnableToFindIncident
from include.sla_logic.persistence.restorations import UnableToFindRestoration
from include.sla_logic.process import graph
from include.sla_logic.process.way import way
from include.sla_logic.sample_data import Sample, load_sample, make_sample
from include.sla_logic.sample_data.catalogue import read_catalogue
from include.sla_logic.sample_data.expectations import choices
from include.sla_logic.services import UnableToReleaseRestoration, UseCases
from include.sla_logic.settings import Settings
from tests.hands.airflow_rules import BEFORE, END, Run, State
from tests.kept_connections import whole
from tests.reference.walk import ANCHOR, Clock
from tests.spread import longest

# One incident of the sample for each way through the process.
KEYS = list({way(choices(incident.expects)): incident.key for incident in read_catalogue().incidents}.values())
RUN = "run-1"
STATES = (State.SUCCESS, State.SKIPPED)
# `make test-more` marks the first as both, the others as success and as skipped by turns; `make test-longest` the rest.
CASES = [
    (key, state, number > 0 and number % 2 == turn)
    for number, key in enumerate(KEYS)
    for turn, state in enumerate(STATES)
]
MARKED = [longest(key, state) if is_left else (key, state) for key, state, is_left in CASES]


@dataclass
class Game:
    """One incident of the sample in a database of its own, and Airflow's run of it."""

    sample: Sample
    key: str
    folder: Path
    clock: Clock
    run: Run

    @classmethod
    def open(cls, sample: Sample, key: str, file: Path, clock: Clock) -> "Game":
        use_cases = UseCases(Settings(f"sqlite:///{file}", file.parent / "letters"), clock=clock)
        game = cls(
            sample,
            key,
            file.parent,
            clock,
            Run(use_cases, RUN, sample.notifications[key].model_dump(mode="json"), lambda: None),
        )
        game.run.end_wait = game.end_wait
        return game

    def end_wait(self) -> None:
        use_cases = self.run.use_cases
        ticket = use_cases.lookups.ticket_of(RUN)
        if self.sample.expectations[self.key].operator == "release":
            with suppress(UnableToReleaseRestoration):
                use_cases.restorations.release(ticket, by="Kim", reason="There is room.")
                return
        self.clock.now = use_cases.restorations.deadline(RUN) + timedelta(seconds=1)

    def done(self) -> dict[str, str | None]:
        """Return the steps that the incident has done, each with its choice."""
        with self.run.use_cases.work.reading() as connection:
            return {name: step.choice for name, step in load_steps(connection, [1]).get(1, {}).items()}

    def named(self) -> str | None:
        """Return the task that the sentences of the failed tasks say to clear."""
        names = re.findall("Clear the task ([a-z_]+)", " ".join(self.run.sentences.values()))
        return names[0] if names else None

    def facts(self) -> tuple[object, ...]:
        """Return what must be right in the end: steps, outcome, money, letters."""
        try:
            case = self.run.use_cases.lookups.incident(RUN)
        except UnableToFindIncident:
            return ()
        mails = [message.key for message in case.outbox if message.kind == "mail" and "failed-step" not in message.key]
        postings = [message.key for message in case.outbox if message.kind == "billing"]
        outcome = case.closed.outcome if case.closed else None
        return set(case.tasks) & set(graph.STEPS), outcome, case.rebate and case.rebate.total, len(mails), len(postings)


@pytest.fixture(scope="module", autouse=True)
def letters_without_pictures() -> Iterator[None]:
    """Draw no pictures: no test looks at these letters, and drawing is most of their cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("include.sla_logic.letters.objectives_section.can_draw", lambda _series: False)
        yield


@pytest.fixture(scope="module")
def sample() -> Sample:
    return make_sample(7, ANCHOR, history_days=2)


@pytest.fixture(scope="module")
def loaded(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("loaded") / "teleco.db"
    use_cases = UseCases(Settings(f"sqlite:///{file}", file.parent / "letters"))
    use_cases.work.migrate()
    with use_cases.work.database.write() as connection:
        load_sample(connection, sample)
    use_cases.work.database.engine.dispose()
    return file


@dataclass
class Snapshots:
    """The database as it was when each task was due, with the states of the tasks; and the end undisturbed."""

    at: dict[str, tuple[Path, dict[str, State], Clock]]
    facts: tuple[object, ...]


@pytest.fixture(scope="module")
def undisturbed(request, sample: Sample, loaded: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("snapshots")
    file = Path(shutil.copy(whole(loaded), folder / "teleco.db"))
    clock = Clock(ANCHOR + timedelta(minutes=1))
    game = Game.open(sample, request.param, file, clock)
    at = {}
    for task in graph.STEPS:
        game.run.go_on(until=task)
        if task not in game.run.states:
            copy = Path(shutil.copy(whole(file), folder / f"{task}.db"))
            at[task] = copy, dict(game.run.states), Clock(clock.now)
        else:
            at[task] = at[_decided_by(task, game.run.states)]
    game.run.go_on()
    assert game.run.states[END] is State.SUCCESS
    return request.param, Snapshots(at, game.facts())


def _decided_by(task: str, states: dict[str, State]) -> str:
    """Return the step of the way before which a task that is not on it was still to come."""
    [*before] = BEFORE[task]
    on_the_way = [each for each in before if states[each] is State.SUCCESS]
    return on_the_way[0] if on_the_way else _decided_by(before[0], states)


@pytest.mark.more
@pytest.mark.parametrize(("undisturbed", "state"), MARKED, indirect=["undisturbed"], scope="module")
def test_a_marked_task_changes_nothing_or_is_named(undisturbed, sample, tmp_path, state):
    key, snapshots = undisturbed
    wrong = [f"{task}: {said}" for task in graph.STEPS for said in play(sample, key, snapshots, task, state, tmp_path)]
    assert not wrong


def play(sample, key, snapshots, task, state, folder) -> Iterator[str]:
    """Say what is wrong after one task was marked and the run has gone as far as it can."""
    saved, states, clock = snapshots.at[task]
    file = Path(shutil.copy(whole(saved), folder / "teleco.db"))
    game = Game.open(sample, key, file, Clock(clock.now))
    game.run.states, before = dict(states), game.done()
    game.run.mark(task, state)
    game.run.go_on()
    if game.run.states.get(END) is not State.SUCCESS or game.facts() != snapshots.facts:
        yield from stops(game)
        game.run.clear(game.named() or task)
        if (game.run.states, game.done()) != (states, before):  # else it goes on as it does undisturbed
            yield from heals(game, task, snapshots)
    game.run.use_cases.work.database.engine.dispose()


def stops(game: Game) -> Iterator[str]:
    """A run that is not as it should be has failed with the task to clear, or the doctor names its incident."""
    run = game.run
    if (facts := game.facts()) and facts[1] is not None:
        yield f"closed as {facts[1]} after {sorted(facts[0])}"
    if run.failed and not all("Clear the task" in sentence for sentence in run.sentences.values()):
        yield f"failed without the task to clear: {run.sentences}"
    if not run.failed and facts and not _is_named(game):
        yield "ended, and nothing says that the incident has not"


def _is_named(game: Game) -> bool:
    """Tell whether the doctor names the incident, in a copy in which no wait is left to end."""
    copy = Path(shutil.copy(whole(game.folder / "teleco.db"), game.folder / "copy.db"))
    later = Game.open(game.sample, game.key, copy, Clock(game.clock.now))
    use_cases = later.run.use_cases
    with suppress(UnableToFindRestoration):
        later.clock.now = max(later.clock.now, use_cases.restorations.deadline(RUN) + timedelta(seconds=1))
        use_cases.restorations.decide_due()
    named = any(each.subject == "TT-000001" for each in use_cases.monitoring.violations(settled=True))
    use_cases.work.database.engine.dispose()
    return named


def heals(game: Game, marked: str, snapshots: Snapshots) -> Iterator[str]:
    """Clearing what the sentences name, or else the marked task, brings the incident to its end."""
    for _ in range(5):
        game.run.go_on()
        if game.run.states[END] is State.SUCCESS:
            break
        game.run.clear(game.named() or marked)
    if game.facts() != snapshots.facts:
        yield f"not healed: {game.facts()} instead of {snapshots.facts}; {game.run.sentences}"

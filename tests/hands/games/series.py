"""What people do in one game: everything follows from the seed, only the moments are Airflow's."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Any

from include.sla_logic.process import graph
from include.sla_logic.process.way import way
from include.sla_logic.sample_data.catalogue import read_catalogue
from include.sla_logic.sample_data.expectations import choices

PATHS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {incident.key: way(choices(incident.expects)) for incident in read_catalogue().incidents}
)
HELD = ("held_and_released", "too_late")  # the incidents whose request an operator has to answer
STATES = ("success", "failed", "skipped")
WINDOWS = (20, 90)  # seconds for which a held request waits, least and most
LEAST_HANDS, MOST_HANDS = 2, 8
STARTED_WITH = "and started with edited conf"


class Button(StrEnum):
    """What a person can press; the names are those of the table in docs/reliability.md."""

    MARK_TASK = "mark task"
    MARK_GROUP = "mark group"
    CLEAR_TASK = "clear task"
    DELETE_TASK = "delete task"
    MARK_RUN = "mark run"
    CLEAR_RUN = "clear run"
    DELETE_RUN = "delete run"
    PAUSE = "pause"
    SAME_AGAIN = "trigger again"
    SAME_RUN = "trigger the same run"
    NAMED_LIKE_TICKET = "trigger as a ticket"
    OTHER_CONF = "trigger with edited conf"
    OTHER_REFERENCE = "trigger under another reference"
    COHORT = "trigger as a cohort"
    PREMIUM = "trigger the extra process"
    RELEASE = "release"
    REJECT = "reject"


@dataclass(frozen=True)
class Hand:
    """One press: due when the incident has done a number of steps, or when nothing has moved for long."""

    button: Button
    after: int
    task: str = ""
    state: str = ""
    flags: frozenset[str] = field(default_factory=frozenset)
    seconds: int = 0

    def __str__(self) -> str:
        said = " ".join(word for word in (self.task, self.state, *sorted(self.flags)) if word)
        length = f" {self.seconds} s" if self.seconds else ""
        return f"{self.after}: {self.button}{length}{f' ({said})' if said else ''}"


@dataclass(frozen=True)
class Answer:
    """How the operator answers a request that is held: `released`, `rejected` or not at all."""

    how: str | None
    after_seconds: int


@dataclass(frozen=True)
class Series:
    """One game: which incident it is about, how its wait is answered, what else is pressed, in this order."""

    seed: int
    key: str
    window_seconds: int
    answer: Answer
    hands: tuple[Hand, ...]

    @classmethod
    def of(cls, seed: int) -> "Series":
        """Draw a game; the kinds of incidents follow each other, so that few games have all of them."""
        keys = [*PATHS, *HELD]
        chance = Random(f"hands {seed}")  # noqa: S311 - a game, no secret
        key = keys[seed % len(keys)]
        window = chance.randint(*WINDOWS)
        how = chance.choices(["released", "rejected", None], [5, 3, 2])[0]
        answer = Answer(how, chance.randint(0, window))
        hands = sorted(
            (_hand(chance, PATHS[key]) for _ in range(chance.randint(LEAST_HANDS, MOST_HANDS))),
            key=lambda hand: hand.after,
        )
        return cls(seed, key, window, answer, tuple(hands))


def _hand(chance: Random, path: tuple[str, ...]) -> Hand:
    after = chance.randint(0, len(path))
    button = chance.choices([*_WEIGHTS], [*_WEIGHTS.values()])[0]
    return Hand(button, after, **_DETAILS[button](chance, path, after)) if button in _DETAILS else Hand(button, after)


_WEIGHTS: Mapping[Button, int] = MappingProxyType(
    {
        Button.MARK_TASK: 30,
        Button.MARK_GROUP: 4,
        Button.CLEAR_TASK: 18,
        Button.DELETE_TASK: 2,
        Button.MARK_RUN: 8,
        Button.CLEAR_RUN: 4,
        Button.DELETE_RUN: 4,
        Button.PAUSE: 2,
        Button.SAME_AGAIN: 4,
        Button.SAME_RUN: 2,
        Button.NAMED_LIKE_TICKET: 2,
        Button.OTHER_CONF: 4,
        Button.OTHER_REFERENCE: 3,
        Button.COHORT: 3,
        Button.PREMIUM: 3,
        Button.RELEASE: 4,
        Button.REJECT: 3,
    }
)


def _task(chance: Random, path: tuple[str, ...], after: int) -> str:
    """Draw mostly what is due soon on the way of the incident, also what lies far off or on another way."""
    near = path[max(0, after - 2) : after + 4]
    return chance.choice(chance.choices([near or path, path, [*graph.STEPS]], [6, 2, 2])[0])


def _some(chance: Random, *flags: str) -> frozenset[str]:
    return frozenset(flag for flag in flags if chance.random() < 1 / 3)


def _marked(chance: Random, path: tuple[str, ...], after: int) -> dict[str, Any]:
    state = chance.choices(STATES, [5, 2, 3])[0]
    return {"task": _task(chance, path, after), "state": state, "flags": _some(chance, "include_downstream")}


def _marked_group(chance: Random, _path: tuple[str, ...], _after: int) -> dict[str, Any]:
    return {"task": chance.choice([*graph.STEPS]), "state": chance.choice(STATES)}


def _cleared(chance: Random, path: tuple[str, ...], after: int) -> dict[str, Any]:
    flags = _some(chance, "include_downstream", "include_upstream", "only_failed")
    return {"task": _task(chance, path, after), "flags": flags}


def _deleted(chance: Random, path: tuple[str, ...], after: int) -> dict[str, Any]:
    return {"task": _task(chance, path, after)}


_Details = Callable[[Random, tuple[str, ...], int], dict[str, Any]]
_DETAILS: Mapping[Button, _Details] = MappingProxyType(
    {
        Button.MARK_TASK: _marked,
        Button.MARK_GROUP: _marked_group,
        Button.CLEAR_TASK: _cleared,
        Button.DELETE_TASK: _deleted,
        Button.MARK_RUN: lambda chance, _path, _after: {"state": chance.choice(["success", "failed", "queued"])},
        Button.CLEAR_RUN: lambda chance, _path, _after: {"flags": _some(chance, "only_failed")},
        Button.PAUSE: lambda chance, _path, _after: {"seconds": chance.randint(2, 15)},
        Button.OTHER_CONF: lambda chance, _path, _after: {
            "state": chance.choice(["description", "urgency", "service"])
        },
    }
)

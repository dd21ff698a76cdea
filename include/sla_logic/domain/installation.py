"""The pair of ids by which an operations database and the Airflow that works it know each other.

Both also keep a beat, which changes with every round of the housekeeping: of two copies of a pair only one goes on, and
a database that was restored is seen to be older than its Airflow.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from pydantic import BaseModel, ConfigDict, ValidationError

from include.sla_logic.domain.errors import ForeseenError

INTRODUCTION = timedelta(minutes=2)  # takes a moment; one that takes longer was broken off
_RESTORED = "After restoring a backup run `sla database restored --reason …`"
_ADOPT = "to move it here on purpose, stop the other and run `sla database adopt {id} --reason …`."


class UnableToWorkDatabase(ForeseenError):
    """This Airflow and this operations database do not belong together; nothing was done."""


class IntroductionUnderWay(UnableToWorkDatabase):
    """Another task is just making the two known to each other."""

    passes = True


class AirflowMark(BaseModel):
    """What Airflow keeps: who it is, which database it works, the last two beats, and the highest numbers at the last.

    `billing` is the address of the billing system to which it posted.
    """

    model_config = ConfigDict(frozen=True)

    airflow: str
    installation: str
    beats: tuple[str, ...]
    ticket: int = 0
    problem: int = 0
    billing: str | None = None

    @classmethod
    def read(cls, text: str | None) -> "AirflowMark | None":
        """Read what was written, None where nothing was; raise `UnableToWorkDatabase`."""
        try:
            return None if text is None else cls.model_validate_json(text)
        except ValidationError as error:
            msg = "The Airflow variable sla_installation cannot be read; `sla database adopt` writes it again."
            raise UnableToWorkDatabase(msg) from error


@dataclass(frozen=True)
class DatabaseMark:
    """What the operations database keeps; without a `beat` its introduction to `airflow` is not complete."""

    installation: str
    airflow: str | None
    beat: str | None
    address: str | None
    place: str | None
    bound_at: datetime | None


@dataclass(frozen=True)
class Whereabouts:
    """Under which address the database was reached, and where it is kept; None: that cannot be said."""

    address: str | None
    place: str | None


class Standing(Enum):
    """What is to be done before the pair may work."""

    KNOWN = auto()
    TO_CONFIRM = auto()
    TO_INTRODUCE = auto()


def beat_number(beat: str) -> int:
    """Return how many beats there were before this one."""
    return int(beat.partition("-")[0])


def check_pair(airflow: AirflowMark | None, database: DatabaseMark, here: Whereabouts, *, now: datetime) -> Standing:
    """Tell whether the two know each other; raise `UnableToWorkDatabase` where they belong to others."""
    name = database.installation
    if airflow is None:
        return _first_contact(database, now)
    if airflow.installation != name:
        msg = f"This Airflow works the operations database {airflow.installation}, and the connection teleco_db names"
        raise UnableToWorkDatabase(
            f"{msg} {name}. Nothing was done. Correct the connection. {_RESTORED}; {_ADOPT.format(id=name)}"
        )
    if database.airflow is None:
        raise UnableToWorkDatabase(_older(name))
    if airflow.airflow != database.airflow:
        raise UnableToWorkDatabase(_another(name))
    if database.beat is None:
        return Standing.TO_CONFIRM
    if database.beat not in airflow.beats:
        is_older = beat_number(database.beat) < beat_number(airflow.beats[-1])
        raise UnableToWorkDatabase(_older(name) if is_older else _newer(name))
    check_whereabouts(database, here)
    return Standing.KNOWN


def check_whereabouts(database: DatabaseMark, here: Whereabouts) -> None:
    """Raise `UnableToWorkDatabase` where the database is a copy, or was moved; what nobody knows is not compared."""
    for kept, found in ((database.place, here.place), (database.address, here.address)):
        if kept is not None and found is not None and kept != found:
            name = database.installation
            raise UnableToWorkDatabase(
                f"The operations database {name} was copied or moved: it is at {found}, not at {kept}. "
                f"Nothing was done. {_RESTORED}; a test system needs an id of its own: "
                f"`sla database adopt {name} --copy --reason …`; {_ADOPT.format(id=name)}"
            )


def _first_contact(database: DatabaseMark, now: datetime) -> Standing:
    if database.airflow is None:
        return Standing.TO_INTRODUCE
    if database.beat is not None:
        raise UnableToWorkDatabase(_another(database.installation))
    if database.bound_at is not None and now < database.bound_at + INTRODUCTION:
        msg = f"The operations database {database.installation} is just being introduced to its Airflow."
        raise IntroductionUnderWay(msg)
    return Standing.TO_INTRODUCE


def _another(name: str) -> str:
    return (
        f"The operations database {name} is worked by another Airflow. Nothing was done. "
        f"A test system needs a database of its own; {_ADOPT.format(id=name)}"
    )


def _older(name: str) -> str:
    return (
        f"The operations database {name} is older than this Airflow has seen it: it was restored from a backup. "
        "Nothing was done. Run `sla database restored --reason …` before anything goes on."
    )


def _newer(name: str) -> str:
    return (
        f"The operations database {name} is newer than this Airflow knows it: a copy of this Airflow works it, or "
        f"Airflow's own database was restored. Nothing was done. Stop the copy; {_ADOPT.format(id=name)}"
    )

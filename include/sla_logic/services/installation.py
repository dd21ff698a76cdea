"""Let an Airflow work the operations database, and move the database on purpose."""

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.installation import (
    AirflowMark,
    DatabaseMark,
    IntroductionUnderWay,
    Standing,
    UnableToWorkDatabase,
    Whereabouts,
    beat_number,
    check_pair,
    check_whereabouts,
)
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.event_listeners import suspend_all
from include.sla_logic.persistence.installation import (
    change_mark,
    follow_beat,
    highest_numbers,
    new_beat,
    new_id,
    read_mark,
    whereabouts,
)
from include.sla_logic.persistence.outbox import withhold_unsent
from include.sla_logic.persistence.unit_of_work import UnitOfWork

__all__ = ["DatabaseMark", "Installation", "IntroductionUnderWay", "Notebook", "UnableToWorkDatabase", "refuse_moved"]


class UnableToAdoptDatabase(ForeseenError):
    """The database that was named is not the one that the settings name."""


class Notebook(Protocol):
    """One text that Airflow keeps in its own database."""

    def read(self) -> str | None:
        """Return what is written; None only where Airflow says that nothing is."""
        ...

    def write(self, text: str) -> None:
        """Replace what is written."""
        ...


@dataclass(frozen=True)
class Moved:
    """The id of the database after a move, and how many messages a copy will not send."""

    installation: str
    withheld: int


@dataclass(frozen=True)
class Installation:
    """The pair of ids, checked before anything leaves."""

    work: UnitOfWork

    def mark(self) -> DatabaseMark:
        """Return what the database knows of itself."""
        with self.work.reading() as connection:
            return read_mark(connection)

    def enter(self, notebook: Notebook) -> None:
        """Let this Airflow work the database; raise `UnableToWorkDatabase` where the two belong to others.

        At first contact each of them learns who the other is.
        """
        self._entered(notebook)

    def check(self, notebook: Notebook) -> str | None:
        """Say why that Airflow may not work the database, None where it may; nothing is written."""
        with self.work.reading() as connection:
            database, here = read_mark(connection), whereabouts(connection)
            now = self.work.database.now(connection)
        try:
            check_pair(AirflowMark.read(notebook.read()), database, Whereabouts(None, here.place), now=now)
        except UnableToWorkDatabase as error:
            return str(error)
        return None

    def beat(self, notebook: Notebook) -> None:
        """Enter, and renew what a copy of either will not know; Airflow learns the highest numbers so far."""
        mark = self._entered(notebook)
        with self.work.reading() as connection:
            ticket, problem = highest_numbers(connection)
        billing = self.work.settings.billing.url if self.work.settings.billing else None
        after = new_beat(beat_number(mark.beats[-1]) + 1)
        known = {"ticket": max(ticket, mark.ticket), "problem": max(problem, mark.problem), "billing": billing}
        # Airflow first: where this breaks off, it knows the beat that the database has and the one that it has not yet.
        for_both = mark.model_copy(update={"beats": (mark.beats[-1], after), **known})
        notebook.write(for_both.model_dump_json())
        with self.work.writing() as connection:
            if not follow_beat(connection, mark.beats[-1], after, airflow=mark.airflow):
                msg = f"Another Airflow has just worked the operations database {mark.installation}; nothing was done."
                raise UnableToWorkDatabase(msg)
        notebook.write(for_both.model_copy(update={"beats": (after,)}).model_dump_json())

    def adopt(self, name: str, notebook: Notebook, *, by: str, reason: str, as_copy: bool = False) -> Moved:
        """Give the database that is called so to the Airflow of the notebook; every other is refused from then on.

        A copy gets an id of its own and sends nothing that the original sends.
        """
        knows = _readable(notebook)
        with self.work.writing() as connection:
            if (found := read_mark(connection, lock=True).installation) != name:
                raise UnableToAdoptDatabase(f"The settings name the operations database {found}, not {name}.")
            if knows and knows.installation == name and knows.ticket > highest_numbers(connection)[0]:
                msg = f"Airflow has seen higher tickets than the operations database {name} has: it was restored."
                raise UnableToAdoptDatabase(f"{msg} Run `sla database restored --reason …` instead.")
            moved = Moved(new_id() if as_copy else name, withhold_unsent(connection, name) if as_copy else 0)
            if as_copy:
                why = f"The installation {name} tells it."
                suspend_all(connection, why=why, now=self.work.database.now(connection))
            change_mark(connection, id=moved.installation)
            mark = bind(connection, self.work)
            what = f"{reason} (a copy, now {moved.installation})" if as_copy else reason
            note_act(connection, Act(self.work.database.now(connection), by, "database adopted", name, what))
            notebook.write(mark.model_dump_json())  # where that is refused, nothing has changed
        self.confirm(mark)
        return moved

    def _entered(self, notebook: Notebook) -> AirflowMark:
        """Look again before refusing: a beat may have come while both were read."""
        try:
            return self._looked_at(notebook)
        except UnableToWorkDatabase:
            return self._looked_at(notebook)

    def _looked_at(self, notebook: Notebook) -> AirflowMark:
        with self.work.reading() as connection:
            database, here = read_mark(connection), whereabouts(connection)
            now = self.work.database.now(connection)
        mark = AirflowMark.read(notebook.read())
        standing = check_pair(mark, database, here, now=now)
        if mark is None or standing is Standing.TO_INTRODUCE:
            return self._write_down(self._bind_at_first_contact(notebook), notebook)
        if standing is Standing.TO_CONFIRM:
            return self.confirm(mark)
        if database.address is None:
            with self.work.writing() as connection:
                change_mark(connection, address=here.address)
        if database.beat == mark.beats[-1]:
            return mark
        return mark.model_copy(update={"beats": (database.beat,)})  # the last round broke off in the middle

    def _bind_at_first_contact(self, notebook: Notebook) -> AirflowMark:
        with self.work.writing() as connection:
            database, now = read_mark(connection, lock=True), self.work.database.now(connection)
            known = AirflowMark.read(notebook.read())
            standing = check_pair(known, database, whereabouts(connection), now=now)
            if known is not None and standing is not Standing.TO_INTRODUCE:
                return known  # another task was quicker
            return bind(connection, self.work, address=whereabouts(connection).address)

    def _write_down(self, mark: AirflowMark, notebook: Notebook) -> AirflowMark:
        """Let Airflow keep the mark, unless a task that was quicker has bound the database to another one since."""
        with self.work.writing() as connection:
            if read_mark(connection, lock=True).airflow != mark.airflow:
                raise IntroductionUnderWay("Another task has just introduced the operations database to its Airflow.")
            if AirflowMark.read(notebook.read()) is None:
                notebook.write(mark.model_dump_json())
            follow_beat(connection, None, mark.beats[-1], airflow=mark.airflow)
        return mark

    def confirm(self, mark: AirflowMark) -> AirflowMark:
        """Count an Airflow as known once it has written down which database it works."""
        with self.work.writing() as connection:
            follow_beat(connection, None, mark.beats[-1], airflow=mark.airflow)
        return mark


def bind(connection: Connection, work: UnitOfWork, *, address: str | None = None) -> AirflowMark:
    """Make a new identity for an Airflow and bind the database to it; return what that Airflow has to keep.

    Its `address` is learnt at the next contact where a person binds it, who may reach the database by another.
    """
    now, airflow, place = work.database.now(connection), new_id(), whereabouts(connection).place
    change_mark(connection, airflow=airflow, beat=None, bound_at=now, address=address, place=place)
    ticket, problem = highest_numbers(connection)
    name = read_mark(connection).installation
    return AirflowMark(airflow=airflow, installation=name, beats=(new_beat(1),), ticket=ticket, problem=problem)


def _readable(notebook: Notebook) -> AirflowMark | None:
    """Return what Airflow keeps, None also where nobody can read it: it is about to be replaced."""
    try:
        return AirflowMark.read(notebook.read())
    except UnableToWorkDatabase:
        return None


def refuse_moved(connection: Connection) -> None:
    """Raise `UnableToWorkDatabase` where this database is a copy of the one that was bound to an Airflow."""
    here = whereabouts(connection)
    check_whereabouts(read_mark(connection), Whereabouts(None, here.place))

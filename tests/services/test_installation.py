"""An operations database and its Airflow know each other: no other Airflow works it, and no copy of either does."""

import shutil
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from include.sla_logic.domain.installation import IntroductionUnderWay, UnableToWorkDatabase
from include.sla_logic.persistence.schema.system_t import audit
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.services.installation import Installation, UnableToAdoptDatabase
from tests.kept_connections import whole
from tests.notebook import MemoryNotebook
from tests.services.sample import conf, open_use_cases

NOTHING = SimpleNamespace(runs=list)  # an Airflow without runs


def name_of(use_cases: UseCases) -> str:
    return use_cases.installation.mark().installation


@pytest.fixture
def notebook() -> MemoryNotebook:
    return MemoryNotebook()


@pytest.fixture
def bound(use_cases, notebook) -> UseCases:
    use_cases.installation.enter(notebook)
    use_cases.installation.beat(notebook)
    return use_cases


def copied(use_cases: UseCases, folder: Path) -> UseCases:
    """Copy the SQLite file, as a backup or a test system does."""
    place = folder / "copy.db"
    with use_cases.work.database.read() as connection:
        connection.exec_driver_sql("SELECT 1")
    shutil.copyfile(whole(use_cases.work.database.engine.url.database), place)
    return UseCases(Settings(f"sqlite:///{place}", folder / "letters"))


def test_at_first_contact_both_learn_who_the_other_is(any_use_cases, notebook):
    any_use_cases.installation.enter(notebook)
    kept = notebook.text
    for _ in range(3):
        any_use_cases.installation.enter(notebook)
    assert notebook.text == kept
    any_use_cases.installation.beat(notebook)
    assert notebook.text != kept
    any_use_cases.installation.enter(notebook)


def test_a_second_airflow_is_refused_with_what_to_do(any_use_cases, notebook):
    any_use_cases.installation.enter(notebook)
    name, second = name_of(any_use_cases), MemoryNotebook()
    says = f"{name} is worked by another Airflow. Nothing was done.*`sla database adopt {name} --reason"
    for _ in range(2):
        with pytest.raises(UnableToWorkDatabase, match=says):
            any_use_cases.installation.enter(second)
    assert second.text is None
    any_use_cases.installation.enter(notebook)


def test_an_airflow_whose_connection_names_another_database_is_refused(bound, notebook, tmp_path):
    other = UseCases(Settings(f"sqlite:///{tmp_path / 'other.db'}", tmp_path))
    other.work.migrate()
    with other.work.database.write() as connection:
        connection.exec_driver_sql("UPDATE installation SET id = 'other'")
    with pytest.raises(UnableToWorkDatabase, match=r"teleco_db names other. Nothing was done. Correct the connection"):
        other.installation.enter(notebook)


def test_an_introduction_that_is_under_way_is_waited_for_and_one_that_broke_off_is_made_again(any_use_cases, clock):
    class Killed(MemoryNotebook):
        def write(self, _: str) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        any_use_cases.installation.enter(Killed())
    notebook = MemoryNotebook()
    with pytest.raises(IntroductionUnderWay):
        any_use_cases.installation.enter(notebook)
    assert IntroductionUnderWay.passes
    clock.pass_by(seconds=121)
    any_use_cases.installation.enter(notebook)
    any_use_cases.installation.enter(notebook)


def test_an_introduction_that_airflow_knows_is_completed_by_the_next_task(use_cases, notebook, monkeypatch):
    broken_off(monkeypatch, use_cases.installation.enter, notebook)
    use_cases.installation.enter(notebook)
    with pytest.raises(UnableToWorkDatabase, match="another Airflow"):
        use_cases.installation.enter(MemoryNotebook())


def test_of_two_tasks_at_first_contact_the_slower_takes_what_the_quicker_has_written(
    any_use_cases, notebook, monkeypatch
):
    bind = Installation._bind_at_first_contact

    def outrun(slower: Installation, notebook: MemoryNotebook):
        with monkeypatch.context() as patch:
            patch.setattr(Installation, "_bind_at_first_contact", bind)
            slower.enter(notebook)
            written.append(notebook.text)
        return bind(slower, notebook)

    written: list[str | None] = []
    monkeypatch.setattr(Installation, "_bind_at_first_contact", outrun)
    any_use_cases.installation.enter(notebook)
    assert [notebook.text] == written
    any_use_cases.installation.beat(notebook)
    any_use_cases.installation.enter(notebook)


def broken_off(monkeypatch, act, notebook) -> None:
    """End it after Airflow has been told and before the database is."""
    with monkeypatch.context() as patch:
        patch.setattr("include.sla_logic.services.installation.follow_beat", killed)
        with pytest.raises(KeyboardInterrupt):
            act(notebook)


def killed(*_: object, **__: object) -> bool:
    raise KeyboardInterrupt


def test_a_beat_that_breaks_off_in_the_middle_is_no_copy(bound, notebook, monkeypatch):
    for _ in range(2):
        broken_off(monkeypatch, bound.installation.beat, notebook)
    bound.installation.enter(notebook)
    bound.installation.beat(notebook)
    bound.installation.enter(notebook)


def test_of_two_copies_of_an_airflow_only_the_faster_works_the_database(bound, notebook):
    copy = MemoryNotebook(notebook.text)
    bound.installation.enter(copy)
    bound.installation.beat(notebook)
    bound.installation.beat(notebook)
    with pytest.raises(UnableToWorkDatabase, match=r"is newer than this Airflow knows it.*Stop the copy"):
        bound.installation.beat(copy)
    bound.installation.beat(notebook)


def test_a_database_restored_in_its_place_is_seen_to_be_older(bound, notebook):
    file = Path(bound.work.database.engine.url.database)
    with bound.work.database.read() as connection:
        connection.exec_driver_sql("SELECT 1")
    checkpoint(bound)
    backup = whole(file).read_bytes()
    bound.installation.beat(notebook)
    bound.installation.beat(notebook)
    checkpoint(bound)
    whole(file).write_bytes(backup)
    with pytest.raises(UnableToWorkDatabase, match=r"restored from a backup.*Run `sla database restored"):
        bound.installation.enter(notebook)


def checkpoint(use_cases: UseCases) -> None:
    """Write everything into the file itself, beside which SQLite keeps the newest pages."""
    with use_cases.work.database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def test_a_copy_of_both_is_refused_by_its_place_and_sends_nothing(bound, notebook, tmp_path):
    bound.incidents.accept(conf(), run_id="run-1", origin="form")
    checkpoint(bound)
    copy = copied(bound, tmp_path)
    with pytest.raises(UnableToWorkDatabase, match="was copied or moved: it is at file"):
        copy.installation.enter(notebook)
    with pytest.raises(UnableToWorkDatabase, match=r"adopt .* --copy"):
        copy.outbox.deliver()
    bound.outbox.deliver()


def test_a_database_is_adopted_by_name_and_reason_and_the_old_airflow_is_refused(bound, notebook, clock):
    name, second = name_of(bound), MemoryNotebook()
    with pytest.raises(UnableToAdoptDatabase, match=f"name the operations database {name}, not staging"):
        bound.installation.adopt("staging", second, by="Kim", reason="The old machine is gone.")
    bound.installation.adopt(name, second, by="Kim", reason="The old machine is gone.")
    bound.installation.enter(second)
    bound.installation.beat(second)
    with pytest.raises(UnableToWorkDatabase, match="another Airflow"):
        bound.installation.enter(notebook)
    assert name_of(bound) == name
    with bound.work.database.read() as connection:
        [act] = connection.execute(select(audit).where(audit.c.action == "database adopted")).all()
    assert (act.actor, act.subject, act.detail) == ("Kim", name, "The old machine is gone.")


def test_where_airflow_refuses_to_be_told_nothing_has_changed(bound, notebook):
    class Refusing(MemoryNotebook):
        def write(self, _: str) -> None:
            raise PermissionError

    with pytest.raises(PermissionError):
        bound.installation.adopt(name_of(bound), Refusing(), by="Kim", reason="moved")
    with pytest.raises(PermissionError):
        bound.restored_database.resume(Refusing(), NOTHING, by="Kim", reason="disk", above=5)
    bound.installation.enter(notebook)


def test_a_copy_on_the_same_postgresql_server_is_another_place(postgres_server, postgres_url, tmp_path):
    original, notebook = open_use_cases(postgres_url, tmp_path), MemoryNotebook()
    original.installation.enter(notebook)
    original.work.database.engine.dispose()
    url = postgres_server.create_database(f"copy_{uuid4().hex}", template=postgres_url.rpartition("/")[2])
    with pytest.raises(UnableToWorkDatabase, match=r"was copied or moved: it is at server \d+, database \d+"):
        UseCases(Settings(url, tmp_path)).installation.enter(notebook)
    original.installation.enter(notebook)


def test_a_database_that_was_restored_is_not_adopted_as_if_it_were_moved(bound, notebook):
    notebook.write(notebook.text.replace('"ticket":0', '"ticket":7'))
    with pytest.raises(UnableToAdoptDatabase, match="Run `sla database restored"):
        bound.installation.adopt(name_of(bound), notebook, by="Kim", reason="moved")
    bound.installation.adopt(name_of(bound), MemoryNotebook("{"), by="Kim", reason="moved")


def test_a_copy_that_is_adopted_has_an_id_of_its_own_and_sends_nothing_of_the_original(bound, tmp_path):
    bound.incidents.accept(conf(), run_id="run-1", origin="form")
    with bound.work.writing() as connection:
        bound.outbox.mail_once(connection, lambda e: mail(e.installation), bound.work.database.now(connection))
    checkpoint(bound)
    copy, staging = copied(bound, tmp_path), MemoryNotebook()
    moved = copy.installation.adopt(name_of(bound), staging, by="Kim", reason="For the tests.", as_copy=True)
    assert moved.installation != name_of(bound)
    assert moved.withheld == 1
    copy.installation.enter(staging)
    assert copy.outbox.deliver().sent == []
    [message] = copy.outbox.messages(state="dead")
    assert message.last_error == f"The installation {name_of(bound)} sends it."
    assert len(bound.outbox.deliver().sent) == 1


def mail(name: str) -> dict[str, object]:
    text = "From: a@example.net\r\nTo: b@example.net\r\nMessage-ID: <x@example.net>\r\n\r\nHello\r\n"
    return {"message_id": f"<{name}@example.net>", "by_post_because": None, "message": text}


def test_an_airflow_that_is_silent_is_not_taken_for_a_new_one(use_cases):
    class Silent(MemoryNotebook):
        def read(self) -> str | None:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        use_cases.installation.enter(Silent())
    assert use_cases.installation.mark().airflow is None


def test_a_variable_that_somebody_has_changed_is_named(bound):
    with pytest.raises(UnableToWorkDatabase, match="sla_installation cannot be read"):
        bound.installation.enter(MemoryNotebook("{"))


def test_airflow_learns_the_highest_number_with_each_beat(bound, notebook):
    bound.incidents.accept(conf(), run_id="run-1", origin="form")
    bound.installation.beat(notebook)
    assert '"ticket":1' in notebook.text
    with bound.work.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(audit)) == 0

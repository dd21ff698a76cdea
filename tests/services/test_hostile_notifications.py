"""Hostile notifications: text stays text; all else is refused by field and kept, and no sentence forges a line."""

import json

import pytest

from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.services import UnableToAcceptNotification
from tests.hostile import KEPT, LINES, REFUSED, RUN_IDS
from tests.services.sample import conf


@pytest.mark.parametrize("case", KEPT, ids=str)
def test_text_is_only_ever_text(use_cases, case):
    ticket = use_cases.incidents.accept(conf(**case.changes), run_id="run-1", origin="REST")
    kept = use_cases.lookups.incident(ticket.id).document(ProblemNotification)
    assert kept.description == case.changes["description"]
    assert use_cases.quarantine.entries() == []


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_is_hostile_is_refused_by_its_field_and_kept(use_cases, case):
    with pytest.raises(UnableToAcceptNotification) as refused:
        use_cases.incidents.accept(conf() | case.changes, run_id="run-1", origin="REST")
    [entry] = use_cases.quarantine.entries()
    assert (entry.id, entry.field, entry.run_id) == (refused.value.quarantine, case.field, "run-1")
    assert entry.reason
    assert str(refused.value).startswith(f"{case.field}: ")
    assert str(refused.value).isascii()
    assert str(refused.value).isprintable()
    assert use_cases.lookups.tickets() == []


def test_either_database_keeps_all_of_it(any_use_cases):
    for number, case in enumerate(REFUSED):
        with pytest.raises(UnableToAcceptNotification):
            any_use_cases.incidents.accept(conf() | case.changes, run_id=f"run-{number}", origin="REST")
    for number, case in enumerate(KEPT):
        any_use_cases.incidents.accept(conf() | case.changes, run_id=f"kept-{number}", origin="REST")
    assert len(any_use_cases.quarantine.entries(limit=1000)) == len(REFUSED)
    assert len(any_use_cases.lookups.tickets()) == len(KEPT)


@pytest.mark.parametrize("run_id", RUN_IDS, ids=range(len(RUN_IDS)))
def test_a_run_id_that_airflow_would_not_give_is_refused(use_cases, run_id):
    with pytest.raises(UnableToAcceptNotification, match=r"^\.run_id: "):
        use_cases.incidents.accept(conf(), run_id=run_id, origin="REST")
    [entry] = use_cases.quarantine.entries()
    assert entry.run_id.isprintable()


@pytest.mark.parametrize("name", ["lone surrogate", "lone surrogate in a name"])
def test_half_a_letter_is_refused_and_kept(any_use_cases, name):
    with pytest.raises(UnableToAcceptNotification):
        any_use_cases.incidents.accept(conf() | json.loads(LINES[name]), run_id="run-1", origin="REST")
    [entry] = any_use_cases.quarantine.entries()
    assert "\\ud800" in entry.body

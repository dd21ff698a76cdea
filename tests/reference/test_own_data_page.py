"""docs/own-data.md leads to a letter that speaks of the credit; `sla doctor --setup` names its steps in their order."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include.sla_logic.importers import KINDS
from include.sla_logic.services import Settings, UseCases
from tests.clock import Clock
from tests.played_airflow import PlayedAirflow
from tests.reference.own_data_page import PAGE, Typist, first_missing
from tests.reference.walk import walk


@pytest.fixture
def typist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Typist:
    for name in ("SMTP_URL", "BILLING_URL", "NETWORK_URL", "OPERATORS", "LETTERS", "AIRFLOW_USER"):
        monkeypatch.delenv(f"TELECO_{name}", raising=False)
    monkeypatch.setenv("TELECO_DB_URL", f"sqlite:///{tmp_path / 'own.db'}")
    monkeypatch.setenv("TELECO_AIRFLOW_URL", "http://127.0.0.1:1")
    return Typist(tmp_path, monkeypatch)


def test_the_page_leads_from_nothing_to_a_letter_that_speaks_of_the_credit(
    typist: Typist, played_airflow: PlayedAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = [first_missing(typist.sla("doctor --setup").output)]
    for section in (1, 2, 3, 4, 5):
        said = typist.section(section)
        checked = typist.sla("doctor --setup")
        assert checked.exit_code == 1
        missing.append(first_missing(checked.output))
    assert missing == [
        "sla database migrate",
        "sla load contracts",
        "sla import customers",
        "sla import resources",
        "sla import outages",
        "make up",
    ]
    assert "48.00 EUR" in said

    monkeypatch.setenv("TELECO_AIRFLOW_URL", played_airflow.address)
    said = typist.section(6)
    assert "Nothing is missing" in said
    [(run_id, conf)] = played_airflow.runs.items()
    assert run_id in said
    clock = Clock(datetime.now(UTC), tick=timedelta(seconds=1))
    walk(UseCases(Settings.from_environment(), clock=clock), clock, conf, run_id)
    said = typist.section(7)
    [expected] = re.findall(r"```text\n(Availability.*?)```", PAGE, re.DOTALL)
    assert _without_percentage(expected) in _without_percentage(said)
    assert "We have credited €48.00 to your account" in " ".join(said.split())


def _without_percentage(text: str) -> str:
    """Leave out what depends on the length of the month, and where lines break."""
    return " ".join(re.sub(r"\d\d\.\d+%", "", text).split())


def test_setup_names_what_is_optional_only_once_it_is_not_there(
    typist: Typist, played_airflow: PlayedAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELECO_AIRFLOW_URL", played_airflow.address)
    for section in (1, 2, 3, 4, 5):
        typist.section(section)
    named = [gap["command"].partition("=")[0] for gap in json.loads(typist.sla("doctor --setup --json").stdout)]
    assert named == [
        f"export TELECO_{name}" for name in ("SMTP_URL", "BILLING_URL", "NETWORK_URL", "OPERATORS", "TEAM")
    ]
    for name in ("SMTP_URL", "BILLING_URL", "NETWORK_URL"):
        monkeypatch.setenv(f"TELECO_{name}", "smtp://mail.example" if name == "SMTP_URL" else "https://host.example")
    monkeypatch.setenv("TELECO_OPERATORS", "noc@example.net")
    monkeypatch.setenv("TELECO_TEAM", "desk@example.net")
    done = typist.sla("doctor --setup")
    assert (done.exit_code, done.stdout.count("\n")) == (0, 2)


def test_setup_names_services_customers_and_accounts_that_lack_something(typist: Typist) -> None:
    for section in (1, 2):
        typist.section(section)
    Path("customers.csv").write_text("id,name\nC-2001,Harbour\nC-2002,Bakery\n", "utf-8")
    for line in ("customers customers.csv", "agreements my-data/agreements.csv"):
        assert typist.sla(f"import {line}").exit_code == 0
    said = typist.sla("doctor --setup").stdout
    assert "Missing: S-2001, S-2002: no resource is known on which it runs" in said
    assert "Missing: S-2001, S-2002: neither samples nor outages are on record" in said
    assert "Optional: C-2001, C-2002: no mail address is known" in said
    assert "Optional: B-2001, B-2002: the account has no open invoice" in said


def test_the_page_names_every_column_of_every_import_and_which_are_needed() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.*) \| ?(.*)\|$", PAGE, re.MULTILINE)
    told = {kind: (_columns(needed), _columns(other)) for kind, needed, other in rows if kind in KINDS}
    assert set(told) == set(KINDS)
    for kind, (needed, other) in told.items():
        fields = KINDS[kind].record.model_fields
        assert needed == {name for name, field in fields.items() if field.is_required()}, kind
        assert needed | other == set(fields), kind


def _columns(cell: str) -> set[str]:
    """Return the columns that a cell names, without what stands in brackets behind them."""
    return set(re.findall(r"`([a-z_]+)`", re.sub(r"\(.*?\)", "", cell)))

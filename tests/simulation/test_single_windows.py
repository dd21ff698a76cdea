"""One window under another contract, its facts as a file, and what differs between two judgements."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from tests.assessment.provider import LATER, RULE, Provider
from tests.assessment.registers import some_register
from tests.domain.sla.make import objective, text_of
from tests.simulation.terms import DEARER, SAID
from tests.state_machine.test_agreements_that_change import empty_database

KNOWN = {"--at": "2026-10-15T00:00Z", "--as-of": f"{LATER:%Y-%m-%dT%H:%MZ}"}
FIRST = {"id": "K-1", "version": "1", "zone": "UTC", **SAID}


@pytest.fixture(scope="module")
def provider(tmp_path_factory) -> Provider:
    provider = Provider(tmp_path_factory.mktemp("windows"), empty_database(), **SAID)
    some_register(provider)
    return provider


@pytest.fixture
def run(provider, tmp_path, monkeypatch):
    """Run a command in a folder of its own, on the register."""
    monkeypatch.setenv("TELECO_DB_URL", f"sqlite:///{provider.folder}/provider.db")
    monkeypatch.chdir(tmp_path)

    def sla(*words: str, code: int = 0, into: str = "") -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == code, done.output
        if into:
            Path(into).write_text(done.stdout)
        return done.output if code else done.stdout

    return sla


def known(changes: dict[str, str] | None = None) -> list[str]:
    return [word for pair in (KNOWN | (changes or {})).items() for word in pair]


def written(name: str, rule, **changes) -> str:
    Path(name).write_text(text_of(objective(rule, clause="7.1"), **{**FIRST, "id": "NEW", "version": "1", **changes}))
    return name


SERVICES = ["S-1", *(f"S-{number}" for number in range(3, 26, 3))]  # under version 1


def test_a_service_is_assessed_under_another_contract_as_a_facts_file_is(run):
    new, compared = written("new.yaml", DEARER, cap={"share": "8%"}), 0
    for service in SERVICES:
        done = CliRunner().invoke(app, ["assess", "--service", service, "--contract", new, "--json", *known()])
        if done.exit_code:
            assert "no agreement" in done.output
            continue
        run("service", "facts", service, *known(), into="facts.json")
        ours, theirs = json.loads(done.stdout), json.loads(run("assess", new, "facts.json", "--json"))
        if ours["window"] == theirs["window"]:
            assert ours == theirs
            compared += 1
    assert compared > 5


def test_the_contract_on_record_comes_to_the_same_with_or_without_naming_it(run):
    Path("same.yaml").write_text(text_of(objective(RULE), **FIRST))
    plain = run("assess", "--service", "S-1", "--json", *known())
    assert run("assess", "--service", "S-1", "--contract", "same.yaml", "--json", *known()) == plain
    assert "goes with --service" in run("assess", "--contract", "same.yaml", code=1)


def test_anonymous_facts_are_judged_alike_and_name_nobody(run, provider):
    with provider.use_cases.work.writing() as connection:
        connection.exec_driver_sql("UPDATE outages SET cause = 'secret digger' WHERE cause IS NULL")
        connection.exec_driver_sql("UPDATE holds SET reason = 'secret key'")
    new, found = written("new.yaml", DEARER), 0
    for service in SERVICES:
        if CliRunner().invoke(app, ["service", "facts", service, *known()]).exit_code:
            continue
        run("service", "facts", service, *known(), into="named.json")
        text = run("service", "facts", service, *known(), "--anonymous", into="anonymous.json")
        for name in (service, "secret", "O-0", "O-1", "M-1", "TT-", "CR-"):
            assert name not in text
        shown = [json.loads(run("assess", new, f"{name}.json", "--json")) for name in ("named", "anonymous")]
        kinds = ("verdict", "measured_exact", "counted_seconds", "excluded_seconds", "credit")
        figures = [[[each[kind] for kind in kinds] for each in one["objectives"]] for one in shown]
        assert (figures[0], shown[0]["credit_due"]) == (figures[1], shown[1]["credit_due"])
        found += bool(json.loads(text).get("outages"))
    assert found > 2


def test_two_judgements_are_compared_in_sentences(run, tmp_path):
    facts = {"service": "S-1", "charges": {"recurring": {"amount": "100.00", "currency": "EUR"}}}
    down = {"reference": "O-1", "start": "2026-10-05T08:00:00Z", "end": "2026-10-05T12:00:00Z"}
    work = {"reference": "M-1", "start": "2026-10-05T09:00:00Z", "end": "2026-10-05T12:00:00Z"}
    work["announced_at"] = "2026-10-01T00:00:00Z"
    window = {"window": {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}}
    for name, more in (("a", {}), ("b", {"maintenance": [work]})):
        Path(f"{name}.yaml").write_text(json.dumps(facts | window | {"outages": [down]} | more))
        run("assess", written("old.yaml", RULE), f"{name}.yaml", "--json", into=f"{name}.json")
    run("assess", written("new.yaml", DEARER, cap={"share": "5%"}), "a.yaml", "--json", into="c.json")
    assert run("judgement", "diff", "a.json", "a.json") == "The two judgements agree.\n"
    named, planned = "availability (clause 7.1): ", "maintenance M-1, announced 2026-10-01 00:00 UTC [M-1]"
    assert run("judgement", "diff", "a.json", "b.json", code=1).splitlines() == [
        f"{named}measured 99.86559140 instead of 99.46236559.",
        f"{named}3600 s counted instead of 14400 s.",
        f"{named}10800 s left out instead of 0 s.",
        f"{named}2026-10-05 08:00:00 to 2026-10-05 12:00:00 UTC no longer counts: outage [O-1].",
        f"{named}2026-10-05 08:00:00 to 2026-10-05 09:00:00 UTC now counts: outage [O-1].",
        f"{named}2026-10-05 09:00:00 to 2026-10-05 12:00:00 UTC now is left out: {planned}.",
    ]
    assert json.loads(run("judgement", "diff", "a.json", "c.json", "--json", code=1)) == [
        f"{named}tier below 99.95 instead of at least 99, below 99.9.",
        f"{named}credit 12.50 EUR instead of 10.00 EUR.",
        f"Credit due: 5.00 EUR instead of 10.00 EUR, by {named[:-2]} and the cap (5.00 EUR instead of none).",
    ]
    assert "holds no judgement" in run("judgement", "diff", "a.yaml", "b.json", code=1)

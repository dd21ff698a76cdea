"""A contract is simulated: equal to the exact judgement of a register in which it is on record, and nothing written."""

import csv
import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

import psycopg
import pytest
from sqlalchemy import make_url, text, update
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.calendars import local_midnight
from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.sla import compare
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.persistence.schema.agreements import agreement_terms
from include.sla_logic.persistence.settlement import subscriptions
from include.sla_logic.services import UseCases
from include.sla_logic.services import simulation as simulation_service
from include.sla_logic.services.ended_windows import windows_until
from include.sla_logic.services.simulation import Asked, UnableToSimulate
from include.sla_logic.settings import Settings
from tests.assessment.provider import LATER, Provider
from tests.assessment.registers import some_register
from tests.assessment.test_settlement import complete
from tests.domain.sla.make import objective, text_of
from tests.simulation.terms import DEARER, SAID, contract
from tests.state_machine.test_agreements_that_change import empty_database

FIRST, LAST = date(2026, 9, 1), date(2027, 1, 1)
CHANGES = {
    "another rule": {},
    "another zone": {"zone": "America/Los_Angeles"},
    "another billing day": {"billing_day": 12},
    "quarters": {"window": "quarter"},
    "whole windows, capped": {"partial_window": "whole", "cap": {"share": "5%"}},
    "together": {"on_agreement_change": "together", "proration": "by_day"},
}


def exactly(use_cases: UseCases, contract: str, version: str):
    """Judge every window of a contract that has ended: by its id, whose and which it is what it owes, and so on."""
    found = {}
    with use_cases.work.reading() as connection:
        for name in subscriptions(connection):
            register = ContractRegister(connection=connection)
            measured = MeasurementRegister(connection=connection, contracts=register)
            for one in windows_until(register, LATER, name):
                if one.window.end > LATER or (one.contract.id, one.contract.version) != (contract, version):
                    continue
                facts = measured.facts(one.agreement, one.calendar, as_of=LATER)
                judged = compare(one.contract, facts, window=one.calendar, as_of=LATER)
                charge = None if judged.charge_base is None else judged.charge_base.amount
                owed = None if judged.undecided or judged.credit_due is None else judged.credit_due.amount
                found[*name, one.window.span] = (owed, judged.breached, charge, judged.capped)
    return found


@pytest.fixture(scope="module")
def exact_old(tmp_path_factory, filled):
    file = tmp_path_factory.mktemp("old") / "old.db"
    file.write_bytes(filled)
    return exactly(UseCases(Settings(f"sqlite:///{file}", file.parent), clock=lambda: LATER), "K-1", "1")


def put_on_record(use_cases: UseCases, new, text: str, version: str) -> None:
    """Write the contract into every agreement under that version, as if it had been agreed from the first day."""
    use_cases.imports.contracts([("new.yaml", text)])
    with use_cases.work.writing() as connection:
        for table in (t.agreements, agreement_terms):
            mine = (table.c.contract == "K-1") & (table.c.contract_version == version)
            connection.execute(update(table).where(mine).values(contract=new.id, contract_version=new.version))


def judged(pairs, side: str):
    """Return what a simulation says of each window, as `exactly` does."""
    return {
        (pair.customer, pair.service, one.span): (one.owed, one.verdict == "breached", one.charge, one.capped)
        for pair in pairs
        for one in getattr(pair, side)
    }


def pairs_of(use_cases: UseCases, asked: Asked):
    with use_cases.work.reading() as connection:
        old = simulation_service._versions(connection, asked)
        names = simulation_service._subscriptions(connection, old, asked.customers)
        judging = simulation_service.Judging(connection, asked, old, LATER, [asked.new])
        return [pair for _number, pair in judging.pairs(names, lambda _count: None)]


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_a_simulation_equals_the_exact_judgement_of_a_register_with_the_new_contract(register, exact_old, changes):
    here, there, until = register("here"), register("there"), date(2027, 1, 31)
    new = contract(**changes)
    said = {"zone": "UTC", **SAID, **changes}
    put_on_record(there, new, text_of(objective(DEARER), **{"id": "NEW", "version": "1", **said}), "1")
    pairs = pairs_of(here, Asked(new, FIRST, until, old="K-1@1"))
    for side, exact, zone in (("old", exact_old, "UTC"), ("new", exactly(there, "NEW", "1"), new.zone)):
        low, high = (local_midnight(day, zone).timestamp() for day in (FIRST, until))
        found = {key: said for key, said in judged(pairs, side).items() if said[0] is not None}
        wanted = {key: said for key, said in exact.items() if low <= key[2][0] and key[2][1] <= high}
        assert found == {key: said for key, said in wanted.items() if said[0] is not None}
        assert len(found) > (3 if changes.get("window") else 15)


def test_columns_and_one_by_one_come_out_alike(register):
    asked = Asked(contract(), FIRST, LAST, old="K-1@1")
    assert register().simulations.simulate(asked) == register("b").simulations.simulate(replace(asked, exactly=True))


def test_a_contract_against_itself_changes_nothing(register):
    use_cases = register()
    with use_cases.work.reading() as connection:
        same = read_contract(connection.scalar(text("SELECT text FROM contracts WHERE version = '1'")), name="same")
    found = use_cases.simulations.simulate(Asked(same, FIRST, LAST, old="K-1@1"))
    assert (found.changed, found.total.difference) == ([], 0)
    assert found.total.old_windows > 15
    assert found.total.old_owed > 0


def test_sums_add_up_over_customers_and_months(register):
    use_cases, new = register(), contract()
    whole = use_cases.simulations.simulate(Asked(new, FIRST, LAST, old="K-1@1"))
    parts = [
        use_cases.simulations.simulate(Asked(new, FIRST, LAST, old="K-1@1", customers=frozenset([name])))
        for name in ("K-1", "K-2")
    ]
    firsts = [FIRST, date(2026, 10, 1), date(2026, 11, 1), date(2026, 12, 1), LAST]
    months = [use_cases.simulations.simulate(Asked(new, a, b, old="K-1@1")) for a, b in pairwise(firsts)]
    for found in (parts, months):
        for name in ("old_windows", "new_windows", "old_owed", "new_owed", "old_charge", "new_charge"):
            assert sum(getattr(one.total, name) for one in found) == getattr(whole.total, name)
        assert sum(len(one.changed) for one in found) == len(whole.changed)
    assert sum(sums.new_owed for sums in whole.months.values()) == whole.total.new_owed > 0
    assert sum(sums.new_owed for sums in whole.customers.values()) == whole.total.new_owed


def test_what_cannot_be_judged_is_named_and_in_no_sum(register):
    use_cases = register()
    dollars = use_cases.simulations.simulate(Asked(contract(currency="USD"), FIRST, LAST, old="K-1@1"))
    assert list(dollars.reasons) == ["new contract: the agreement is charged in EUR, the contract in USD"]
    assert dollars.total.old_windows == dollars.total.new_windows == 0
    quarters = use_cases.simulations.simulate(Asked(contract(window="quarter"), date(2026, 11, 1), LAST, old="K-1@1"))
    assert "new contract: it reaches beyond the days that were asked for" in quarters.reasons
    ahead = use_cases.simulations.simulate(Asked(contract(), FIRST, date(2027, 3, 1), old="K-1@1"))
    assert ahead.reasons["it is not over yet"] > 3
    samples = {"rule": {"kind": "overrun_tiers", "thresholds": [{"overrun": 10, "credit": "10%"}]}, "target": 30}
    latency = read_contract(
        text_of({"id": "latency", "metric": "latency", **samples}, id="NEW", version="1", zone="UTC"), name="latency"
    )
    unmeasured = use_cases.simulations.simulate(Asked(latency, FIRST, LAST, old="K-1@1"))
    assert unmeasured.total.new_windows == 0
    assert all(reason.startswith("new contract: latency: ") for reason in unmeasured.reasons)


def test_a_window_rests_on_records_that_nobody_has_called_complete(register):
    found = register(complete=False).simulations.simulate(Asked(contract(), FIRST, LAST, old="K-1@1"))
    assert found.caveats["nobody has said that its records are complete"] == found.total.new_windows > 15


def test_credits_that_nobody_claimed_cost_nothing_unless_all_are_claimed(register):
    use_cases, claimed = register(), contract(claim={"within_days": 30})
    asked = Asked(claimed, FIRST, date(2026, 11, 1), old="K-1@1")
    assert use_cases.simulations.simulate(asked).total.new_owed == 0
    all_claimed = use_cases.simulations.simulate(replace(asked, claimed=True))
    assert all_claimed.total == use_cases.simulations.simulate(replace(asked, new=contract())).total
    assert all_claimed.total.new_owed > 0


def test_what_cannot_be_simulated_is_refused(register):
    simulate = register().simulations.simulate
    for asked, said in (
        (Asked(contract(), FIRST, LAST), "The contract NEW was never loaded."),
        (Asked(contract(), FIRST, LAST, old="K-1@9"), "The contract K-1@9 was never loaded: known are its versions 1"),
        (Asked(contract(), FIRST, FIRST, old="K-1"), "No day lies between"),
        (Asked(contract(), FIRST, LAST, old="K-1", customers=frozenset(["K-9"])), "No agreement of these customers"),
        (
            Asked(contract(id="K-1", version="2"), FIRST, LAST, old="K-1@1"),
            "a version of its own",
        ),
    ):
        with pytest.raises(UnableToSimulate, match=said):
            simulate(asked)
    with pytest.raises(UnableToSimulate, match="use `sla simulate`"):
        simulate(Asked(contract(), FIRST, LAST, old="K-1"), most=3)


def sla(*words: object, url: str) -> tuple[str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words], env={"TELECO_DB_URL": url, "COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.stdout, done.stderr


def asked_of(folder) -> list[object]:
    file = folder / "new.yaml"
    file.write_text(text_of(objective(DEARER), **{"id": "NEW", "version": "1", "zone": "UTC", **SAID}))
    return [
        "simulate",
        "--contract",
        file,
        "--instead-of",
        "K-1@1",
        "--from",
        FIRST,
        "--to",
        LAST,
        "--as-of",
        f"{LATER:%Y-%m-%dT%H:%MZ}",
    ]


def test_the_command_shows_the_same_as_table_csv_and_json(register, tmp_path):
    use_cases, words = register(), asked_of(tmp_path)
    found, url = (
        use_cases.simulations.simulate(Asked(contract(), FIRST, LAST, old="K-1@1")),
        f"sqlite:///{tmp_path}/mine.db",
    )
    shown = json.loads(sla(*words, "--json", url=url)[0])
    assert Decimal(shown["total"]["difference"]) == found.total.difference
    assert [Decimal(one["difference"]) for one in shown["changed"]] == [one.difference for one in found.largest]
    rows = list(csv.DictReader(io.StringIO(sla(*words, "--csv", url=url)[0])))
    assert sum(Decimal(row["difference"] or 0) for row in rows) == found.total.difference
    assert sum(bool(row["not_judged_because"]) for row in rows) == len(found.unjudged)
    table, _progress = sla(*words, "--limit", 2, url=url)
    for said in (
        f"{found.total.difference:+}",
        f"Windows that change: {len(found.changed)}",
        "more: --limit",
        "Capped: 0",
    ):
        assert said in table
    some = tmp_path / "customers"
    some.write_text("K-2\n")
    assert {
        one["customer"] for one in json.loads(sla(*words, "--json", "--customers", some, url=url)[0])["changed"]
    } == {"K-2"}


def test_it_reads_from_a_file_that_only_allows_reading(register, tmp_path):
    use_cases = register()
    with use_cases.work.reading() as connection, pytest.raises(Exception, match="readonly database"):
        connection.execute(text("DELETE FROM contracts"))
    whole = use_cases.simulations.simulate(Asked(contract(), FIRST, LAST, old="K-1@1"))
    assert whole.total.new_windows > 15
    sla(
        *asked_of(tmp_path),
        url=f"sqlite:////{tmp_path}/mine.db?mode=ro&uri=true".replace("sqlite:////", "sqlite:///file:"),
    )


@pytest.mark.postgres
def test_it_works_for_a_role_that_may_only_read(postgres_url, tmp_path):
    provider = Provider(tmp_path, empty_database(), url=postgres_url, **SAID)
    some_register(provider)
    complete(provider)
    role, url = f"reads_{tmp_path.name[-20:]}".replace("-", "_"), make_url(postgres_url)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'reads'")
        connection.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    try:
        theirs = url.set(username=role, password="reads").render_as_string(hide_password=False)
        shown = json.loads(sla(*asked_of(tmp_path), "--json", url=theirs)[0])
        found = provider.use_cases.simulations.simulate(Asked(contract(), FIRST, LAST, old="K-1@1"))
        assert Decimal(shown["total"]["new_owed"]) == found.total.new_owed > 0
        done = CliRunner().invoke(app, ["settlement", "run", "--by", "ann"], env={"TELECO_DB_URL": theirs})
        assert done.exit_code == 1
    finally:
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")

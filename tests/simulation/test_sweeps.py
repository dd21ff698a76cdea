"""One term over a range, outages that grow, and an interval around a year's cost."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from sqlalchemy import bindparam, select, update
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.bootstrap import UnableToDraw, resample
from include.sla_logic.domain.contract.varying import variants
from include.sla_logic.persistence.schema import reference as t
from include.sla_logic.services.simulation import Asked
from tests.assessment.provider import LATER
from tests.domain.sla.make import objective, text_of
from tests.simulation.terms import DEARER, SAID, contract

FIRST, LAST = date(2026, 9, 1), date(2027, 1, 1)
TEXT = text_of(objective(DEARER), **{"id": "NEW", "version": "1", "zone": "UTC", "cap": {"share": "90%"}, **SAID})
CREDIT = "objectives.availability.rule.tiers.1.credit"


@pytest.mark.more
def test_a_sweep_costs_at_each_value_what_a_simulation_costs_and_more_for_more(register):
    tried = variants(TEXT, f"{CREDIT}=2.5%..42.5%", steps=5, name="new")
    assert [one.value for one in tried] == ["2.5%", "12.5%", "22.5%", "32.5%", "42.5%"]
    simulations = register().simulations
    asked = Asked(contract(), FIRST, LAST, old="K-1@1")
    found = simulations.sweep(asked, [one.contract for one in tried])
    owed = [one.total.new_owed for one in found]
    assert owed == sorted(set(owed))
    assert found[1].total == simulations.simulate(asked).total
    assert {one.total.old_owed for one in found} == {found[0].total.old_owed}
    capped = variants(TEXT, "cap.share=1%..20%", steps=4, name="new")
    less = [one.total.new_owed for one in simulations.sweep(asked, [one.contract for one in capped])]
    assert less == sorted(less)
    assert less[0] < less[-1] == found[1].total.new_owed


def test_outages_that_grow_cost_what_a_register_with_longer_outages_owes(register):
    here, there = register("here"), register("there")
    outages = t.outages.c
    with there.work.writing() as connection:
        key = (outages.service == bindparam("s"), outages.reference == bindparam("r"))
        for row in connection.execute(select(t.outages).where(outages.ended_at.is_not(None))).all():
            end = min(row.started_at + (row.ended_at - row.started_at) * 3, LATER)
            connection.execute(
                update(t.outages).where(*key).values(ended_at=end), {"s": row.service, "r": row.reference}
            )
    asked = Asked(contract(), FIRST, LAST, old="K-1@1")
    grown = here.simulations.simulate(replace(asked, growth=Fraction(3)))
    longer = there.simulations.simulate(asked)
    assert grown.total == longer.total
    assert grown.months == longer.months
    assert here.simulations.simulate(replace(asked, growth=Fraction(3), exactly=True)).total == grown.total
    assert grown.total.old_owed > here.simulations.simulate(asked).total.old_owed


def test_the_interval_covers_the_true_cost_at_about_the_stated_rate():
    chance = np.random.Generator(np.random.PCG64(20))
    truth, covered, rounds = 40 * 25, 0, 300
    for number in range(rounds):
        costs = [Decimal(int(one)) for one in chance.choice([0, 0, 0, 100], size=40)]
        found = resample(costs, factor=Decimal(1), currency="EUR", draws=200, seed=number)
        assert found.low <= found.expected <= found.high
        covered += found.low <= truth <= found.high
    assert 0.84 < covered / rounds < 0.95  # 90 % is stated


def test_an_interval_is_the_same_for_the_same_seed_and_needs_ten_histories(register):
    costs = [Decimal(number) for number in range(10)]
    one, two, three = (resample(costs, factor=Decimal(2), currency="EUR", draws=100, seed=seed) for seed in (5, 5, 6))
    assert one == two != three
    yen = resample(costs, factor=Decimal("1.01"), currency="JPY", draws=100, seed=5)
    assert {amount.as_tuple().exponent for amount in (yen.expected, yen.low, yen.high)} == {0}
    assert one.expected == 90
    assert one.method.endswith("100 times, seed 5")
    with pytest.raises(UnableToDraw, match="at least 10"):
        resample(costs[1:], factor=Decimal(1), currency="EUR", draws=100, seed=1)
    found = register().simulations.simulate(Asked(contract(), FIRST, LAST, old="K-1"))
    year = found.interval(draws=100, seed=1)
    assert year.expected == (found.total.new_owed * Decimal("365.25") / (LAST - FIRST).days).quantize(Decimal("0.01"))
    assert year.low < year.expected < year.high


def test_a_year_is_reckoned_from_the_windows_that_were_judged(register):
    use_cases = register()
    asked = Asked(contract(), FIRST, LAST, old="K-1")
    whole = use_cases.simulations.simulate(asked)
    longer = replace(asked, first=FIRST - timedelta(days=20), last=LAST + timedelta(days=20))  # no whole month more
    found = use_cases.simulations.simulate(longer)
    assert found.total == whole.total
    assert found.interval(draws=10, seed=1) == whole.interval(draws=10, seed=1)


@pytest.mark.more
def test_the_command_prints_the_curve_and_the_interval(register, tmp_path):
    use_cases = register()
    (tmp_path / "new.yaml").write_text(TEXT)
    words = ["simulate", "--contract", tmp_path / "new.yaml", "--instead-of", "K-1", "--from", FIRST, "--to", LAST]
    words += ["--as-of", f"{LATER:%Y-%m-%dT%H:%MZ}"]

    def sla(*more: object, code: int = 0) -> str:
        url = str(use_cases.work.database.engine.url)
        env = {"TELECO_DB_URL": url, "COLUMNS": "200"}
        done = CliRunner().invoke(app, [str(word) for word in (*words, *more)], env=env)
        assert done.exit_code == code, done.output
        return done.output if code else done.stdout

    vary = ["--vary", f"{CREDIT}=10%..30%", "--steps", 3]
    steps = json.loads(sla(*vary, "--json"))["steps"]
    assert [one["value"] for one in steps] == ["10%", "20%", "30%"]
    rows = list(csv.DictReader(io.StringIO(sla(*vary, "--csv"))))
    assert [row["owed"] for row in rows] == [one["owed"] for one in steps]
    assert f"{CREDIT}=10%..30% in 3 even steps" in sla(*vary)
    sla(*vary, "--picture", tmp_path / "curve.svg")
    drawn = (tmp_path / "curve.svg").read_text("utf-8")
    points = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)".*?<title>(\S+): ([\d,.]+) EUR', drawn)
    assert [(value, owed.replace(",", "")) for _x, _y, value, owed in points] == [
        (one["value"], one["owed"]) for one in steps
    ]
    heights = [float(y) for _x, y, _value, _owed in points]
    assert heights == sorted(heights, reverse=True)  # more is owed at a higher rate: the line rises
    assert len(set(heights)) > 1
    assert "give --vary" in sla("--picture", tmp_path / "curve.svg", code=1)
    assert "an .svg file" in sla(*vary, "--picture", tmp_path / "curve.png", code=1)
    for words_without_one in (vary, ["--csv"]):
        assert "show no interval" in sla("--bootstrap", 200, *words_without_one, code=1)
    told = sla("--bootstrap", 200, "--seed", 4, "--growth", "1.5")
    assert "with 90 % confidence" in told
    assert "percentile bootstrap over services" in told
    assert "seed 4" in told
    assert "is no factor" in sla("--growth", "0", code=1)
    assert json.loads(sla("--bootstrap", 200, "--json"))["year"]["level"] == "0.9"

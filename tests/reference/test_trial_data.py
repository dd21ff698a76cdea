"""Real recordings come in whole, through mappings alone, and are judged by one full incident each."""

import gzip
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.sample_data.catalogue import contract_text
from include.sla_logic.services import UseCases
from include.sla_logic.settings import Settings
from tests.clock import Clock
from tests.reference.walk import walk
from tests.spread import longest

CONTRACTS = Path(__file__).parents[2] / "include" / "sla_logic" / "importers" / "contracts"


class Sample:
    """One operations database that several commands fill."""

    def __init__(self, folder):
        self.url = f"sqlite:///{folder / 'teleco.db'}"
        self.file = folder / "teleco.db"
        self.folder = folder

    def sla(self, *arguments):
        return CliRunner().invoke(app, [str(a) for a in arguments], env={"TELECO_DB_URL": self.url})

    def count(self, query):
        with closing(sqlite3.connect(self.file)) as connection:
            return connection.execute(query).fetchone()[0]

    def judge(self, at, conf):
        """Lead one incident at that moment; return its case and its first comparison."""
        clock = Clock(at, tick=timedelta(seconds=1))
        use_cases = UseCases(Settings(self.url, self.folder / "letters"), clock=clock)
        walk(use_cases, clock, conf, "trial", operator="release")
        case = use_cases.lookups.incident("trial")
        [first, *_] = [document for document in case.documents if document.kind == "SlaComparison"]
        return case, SlaComparison.model_validate(first.body)


@pytest.fixture
def sample(tmp_path):
    sample = Sample(tmp_path)
    assert sample.sla("database", "migrate").exit_code == 0
    assert sample.sla("load", "contracts", CONTRACTS).exit_code == 0
    return sample


@pytest.mark.more
def test_five_minute_samples_of_51_links_are_judged(sample, shared_data):
    path = shared_data / "smokeping_links" / "five_minute_dev.csv.gz"
    for kind in ("customers", "agreements", "samples"):
        result = sample.sla("import", kind, path, "--mapping", "smokeping_five_minute")
        assert result.exit_code == 0, result.output
        assert "51408 rows" in result.output
        assert "0 rows rejected" in result.output
    assert sample.count("SELECT count(*) FROM agreements") == 51
    measured = _cells(path, 2)
    assert sample.count("SELECT count(*) FROM samples WHERE metric = 'packet_loss'") == len(measured)
    assert sample.count("SELECT sum(value) FROM samples WHERE metric = 'packet_loss'") == sum(
        round(float(cell) * 5000) for cell in measured
    )
    link = sample.count(
        "SELECT service FROM samples WHERE metric = 'packet_loss' GROUP BY service"
        " HAVING sum(value = 100000) BETWEEN 1 AND 1007 ORDER BY sum(value) DESC LIMIT 1"
    )
    case, comparison = sample.judge(
        datetime(2024, 12, 5, 18, 55, tzinfo=UTC),
        {
            "customer": f"SP{link[1:]}",
            "service": link,
            "symptom": "packet_loss",
            "description": "Losses since Monday.",
            "observed_from": "2024-12-02T12:00:00Z",
        },
    )
    loss = next(o for o in comparison.objectives if o.objective == "packet-loss")
    values = [float(cell) * 5 for cell in _cells(path, 2, link=link[2:])]
    assert float(loss.measured) == pytest.approx(sum(values) / len(values))
    assert loss.breached is (sum(values) / len(values) > 1)
    assert case.closed is not None


def _first(rows, whole, path):
    """Write a file of its first rows."""
    with gzip.open(whole, "rt", encoding="utf-8") as lines, gzip.open(path, "wt", encoding="utf-8") as target:
        target.writelines(islice(lines, rows + 1))
    return path


def _cells(path, column, *, link=None):
    with gzip.open(path, "rt") as file:
        rows = [line.rstrip("\n").split(",") for line in file][1:]
    return [row[column] for row in rows if row[column] and link in (None, row[0])]


def test_up_and_down_intervals_of_a_home_line_are_judged(sample, shared_data):
    path = shared_data / "home_line_updown" / "intervals_dev.csv.gz"
    for kind in ("customers", "agreements", "outages"):
        result = sample.sla("import", kind, path, "--mapping", "home_line")
        assert result.exit_code == 0, result.output
    assert sample.count("SELECT count(*) FROM outages") == 555
    again = sample.sla("import", "outages", path, "--mapping", "home_line")
    assert "0 outages added, 0 changed, 555 known already, 556 rows passed over" in again.output
    case, comparison = sample.judge(
        datetime(2023, 6, 1, 12, tzinfo=UTC),
        {
            "customer": "HOME-LINE",
            "service": "S-HOME-LINE",
            "symptom": "intermittent",
            "description": "The line comes and goes.",
            "observed_from": "2023-05-20T12:00:00Z",
        },
    )
    [availability] = comparison.objectives
    assert availability.counted_seconds == _counted(path)
    assert case.closed is not None


def _counted(path):
    """Sum the interruptions of a minute or more that lie in May by the line's local time."""
    total = 0
    with gzip.open(path, "rt") as file:
        for line in file:
            state, start, seconds = line.rstrip("\n").split(",")
            if state == "down" and start.startswith("2023-05") and int(seconds) >= 60:
                total += int(seconds)
    return total


@pytest.mark.more
def test_the_customer_base_comes_in_with_tenure_and_charges(sample, shared_data):
    path = shared_data / "telco_customers" / "customers_dev.csv.gz"
    for kind in ("customers", "agreements"):
        result = sample.sla("import", kind, path, "--mapping", "telco_customers", "--as-of", "2024-01-15")
        assert result.exit_code == 0, result.output
        assert f"5054 {kind} added" in result.output
    charges = [round(float(cell) * 100) for cell in _cells(path, 18)]
    assert sample.count("SELECT sum(monthly_charge) FROM agreements") == sum(charges)
    assert sample.count("SELECT max(since) FROM customers") == "2024-01-01"


@pytest.mark.more
@pytest.mark.parametrize("rows", [50_000, longest(None)])
def test_hourly_means_of_102_links_come_in(sample, shared_data, tmp_path, rows):
    whole = shared_data / "smokeping_links" / "hourly_dev.csv.gz"
    path = whole if rows is None else _first(rows, whole, tmp_path / whole.name)
    for kind in ("customers", "agreements", "samples"):
        result = sample.sla("import", kind, path, "--mapping", "smokeping_hourly")
        assert result.exit_code == 0, result.output
    expected = len(_cells(path, 2)) + len(_cells(path, 4))
    assert sample.count("SELECT count(*) FROM samples") == expected


@pytest.mark.more
def test_the_small_teleco_is_loaded_once_and_writes_the_same_notifications_again(tmp_path):
    sample = Sample(tmp_path)
    assert sample.sla("load", "small-teleco").exit_code == 1  # not migrated
    sample.sla("database", "migrate")
    first = sample.sla("load", "small-teleco", "--notifications", tmp_path / "one", "--anchor", "2026-11-23T23:05:17")
    assert first.exit_code == 0, first.output
    assert "is loaded: 21 customers, 9 contracts" in first.output
    second = sample.sla("load", "small-teleco", "--notifications", tmp_path / "two", "--json")
    assert second.exit_code == 0, second.output
    assert '"loaded": false' in second.output
    for path in (tmp_path / "one").iterdir():
        assert path.read_text() == (tmp_path / "two" / path.name).read_text()


def test_contracts_are_loaded_all_or_none(tmp_path):
    sample = Sample(tmp_path)
    sample.sla("database", "migrate")
    folder = tmp_path / "contracts"
    folder.mkdir()
    assert "holds no .yaml file" in sample.sla("load", "contracts", folder).stderr
    (folder / "a.yaml").write_text(contract_text("leased-line"), "utf-8")
    (folder / "b.yaml").write_text("id: broken\n", "utf-8")
    result = sample.sla("load", "contracts", folder)
    assert result.exit_code == 1
    assert "b.yaml" in result.stderr
    assert sample.count("SELECT count(*) FROM contracts") == 0
    (folder / "b.yaml").unlink()
    assert sample.sla("load", "contracts", folder).output == "leased-line 1: loaded\n"
    assert sample.sla("load", "contracts", folder).output == "leased-line 1: known already\n"


def test_rejected_rows_are_listed_written_and_end_with_code_3(tmp_path):
    sample = Sample(tmp_path)
    sample.sla("database", "migrate")
    file, rejected = tmp_path / "customers.csv", tmp_path / "rejected.csv"
    file.write_text("id,name,since\nC-1,Ann,\n=1+1,Eve,\nC-3,Fay,soon\n", "utf-8")
    result = sample.sla("import", "customers", file, "--rejected", rejected)
    assert result.exit_code == 3
    assert "3 rows: 1 customers added" in result.stdout
    assert "row 3, id:" in result.stderr
    assert [line.split(",")[:2] for line in rejected.read_text().splitlines()] == [
        ["row", "field"],
        ["3", "id"],
        ["4", "since"],
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("samples", "x.csv"), "Samples need a mapping"),
        (("customers", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("alarms", "x.csv", "--mapping", "home_line"), "describes customers, agreements, outages, not alarms"),
        (("alarms", "x.csv", "--mapping", "nothing"), "There is no mapping nothing"),
    ],
)
def test_an_import_that_cannot_begin_says_why_in_one_sentence(tmp_path, arguments, sentence):
    sample = Sample(tmp_path)
    sample.sla("database", "migrate")
    result = sample.sla("import", *arguments)
    assert result.exit_code == 1
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1

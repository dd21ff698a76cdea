"""Real recordings through the DAG: a link measured every five minutes, and a home line with many interruptions."""

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain.closed_incident import ClosedIncident, Ending
from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.customer_report import CreditState, CustomerReport
from include.sla_logic.domain.resolution import Outcome
from include.sla_logic.domain.sla import SlaComparison
from tests.dags.conftest import TelecoUnderTest, worked_on_by_airflow
from tests.dags.loading import load_dag

CONTRACTS = Path(__file__).parents[2] / "include" / "sla_logic" / "importers" / "contracts"
LOSSES_SENT = 5  # each row of the recording counts the losses of twenty pings: one is five percent

pytestmark = [pytest.mark.airflow, pytest.mark.more]


@dataclass(frozen=True)
class Recording:
    """A file, the mapping that reads it, the moment when it ended, and what its customer reports."""

    file: str
    mapping: str
    kind: str
    moment: datetime
    conf: dict[str, str]


LINK = Recording(
    "smokeping_links/five_minute_dev.csv.gz",
    "smokeping_five_minute",
    "samples",
    datetime(2024, 12, 5, 18, 55, tzinfo=UTC),
    {"symptom": "packet_loss", "observed_from": "2024-12-02T12:00:00Z"},
)
HOME_LINE = Recording(
    "home_line_updown/intervals_dev.csv.gz",
    "home_line",
    "outages",
    datetime(2023, 6, 1, 12, tzinfo=UTC),
    {"symptom": "intermittent", "observed_from": "2023-05-20T12:00:00Z"},
)


class Recorded(TelecoUnderTest):
    """A database that knows one recording and nothing else, at the moment when it ended."""

    def __init__(self, folder: Path, file: Path, recording: Recording) -> None:
        url = f"sqlite+pysqlite:///{folder / 'teleco.db'}"
        super().__init__(url, folder, ahead=recording.moment - datetime.now(UTC))
        self.file = file
        commands = [("load", "contracts", CONTRACTS)]
        commands += [
            ("import", part, file, "--mapping", recording.mapping)
            for part in ("customers", "agreements", recording.kind)
        ]
        for words in commands:
            result = CliRunner().invoke(app, [str(word) for word in words], env={"TELECO_DB_URL": url})
            assert result.exit_code == 0, result.output

    def rows(self) -> Iterator[list[str]]:
        with gzip.open(self.file, "rt") as file:
            for line in file:
                yield line.rstrip("\n").split(",")

    def ask(self, query: str) -> tuple[str, ...]:
        with self.use_cases.work.database.read() as connection:
            return tuple(connection.exec_driver_sql(query).one())


@pytest.fixture
def recorded(
    request: pytest.FixtureRequest, airflow_home: Path, shared_data: Path, tmp_path: Path
) -> Iterator[Recorded]:
    recording: Recording = request.param
    with worked_on_by_airflow(Recorded(tmp_path, shared_data / recording.file, recording)) as teleco:
        yield teleco


def lead(teleco: Recorded, conf: dict[str, str]) -> tuple[SlaComparison, Rebate, CustomerReport, ClosedIncident, str]:
    """Run the DAG while an operator releases what is held; return the documents and the letter."""
    conf = {"description": "As recorded.", "external_reference": "RECORDED", **conf}
    with teleco.meanwhile(teleco.release, "RECORDED"):
        run = load_dag("sla_violation").test(run_conf=conf)
    case = teleco.use_cases.lookups.incident(run.run_id)
    [page] = [place for place in case.letters if place.endswith(".html")]
    documents = {document.kind: document.body for document in case.documents}  # the last round of each
    comparison, rebate, report, closed = (
        kind.model_validate(documents[kind.kind()]) for kind in (SlaComparison, Rebate, CustomerReport, ClosedIncident)
    )
    return comparison, rebate, report, closed, Path(page).read_text(encoding="utf-8")


@pytest.mark.parametrize("recorded", [LINK], indirect=True)
def test_a_link_that_lost_packets_is_credited_and_never_called_restored(recorded: Recorded) -> None:
    # The worst of the links that never fell silent: it loses packets to the end of the recording.
    customer, link = recorded.ask(
        "SELECT a.customer, a.service FROM agreements a JOIN samples s ON s.service = a.service"
        " WHERE s.metric = 'packet_loss' GROUP BY a.service"
        " HAVING max(s.value) < 100000 ORDER BY sum(s.value) DESC LIMIT 1"
    )
    conf = LINK.conf | {"customer": customer, "service": link}
    comparison, rebate, report, closed, letter = lead(recorded, conf)

    values = [Decimal(row[2]) * LOSSES_SENT for row in recorded.rows() if f"S-{row[0]}" == link and row[2]]
    mean = sum(values) / len(values)
    loss = next(objective for objective in comparison.objectives if objective.objective == "packet-loss")
    assert loss.measured is not None
    assert abs(loss.measured - mean) < Decimal("1E-8")
    assert loss.breached
    assert rebate.total == comparison.credit_due
    assert rebate.total.amount > 0
    assert report.credit is not None
    assert report.credit.amount == rebate.total
    assert report.credit.state is CreditState.PROVISIONAL  # the month is not over
    # Nothing is known of the network behind the link: the last measurement still shows the loss.
    assert closed.outcome is Outcome.CORRECTION_NOT_VERIFIED
    assert closed.ending is Ending.ESCALATED
    assert report.service_name in letter
    assert "We measured: Availability" not in letter


@pytest.mark.parametrize("recorded", [HOME_LINE], indirect=True)
def test_a_line_with_interruptions_is_credited_for_its_month_and_not_said_to_be_down_now(recorded: Recorded) -> None:
    conf = HOME_LINE.conf | {"customer": "HOME-LINE", "service": "S-HOME-LINE"}
    comparison, rebate, report, closed, letter = lead(recorded, conf)

    zone = ZoneInfo(report.zone)
    assert comparison.window.start.astimezone(zone).date().isoformat() == "2023-05-01"
    lost = sum(
        int(row[2])
        for row in recorded.rows()
        if row[0] == "down" and row[1].startswith("2023-05") and int(row[2]) >= 60
    )
    [availability] = comparison.objectives
    assert availability.counted_seconds == lost
    assert availability.measured is not None
    assert availability.measured == pytest.approx(100 * (1 - Decimal(lost) / comparison.window.seconds))
    assert availability.breached
    assert rebate.total == comparison.credit_due
    assert rebate.total.amount > 0
    assert report.credit is not None
    assert report.credit.amount == rebate.total
    assert closed.outcome is Outcome.NOT_EXAMINED
    assert report.service_name in letter
    # "No data" is neither down nor up: of this moment nothing was recorded, and no equipment is known.
    [check] = report.measured_now
    assert check.measured is None
    assert "works normally" not in letter
    assert "We examined" not in letter

"""newman plays a scenario of ours, straight and through prism; neither is satisfied by anything at all."""

import json
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.events.listeners import Played, listening
from tests.open_apis.node_tools import ENVIRONMENT, NodeTools, installed
from tests.open_apis.serving import OPEN_APIS, delivering, proxying, serving, write_definition
from tests.web.desk_sample import PARTNERS

pytestmark = pytest.mark.more
SCENARIO = Path(__file__).with_name("scenario.json")
PATIENCE = 600  # seconds for one answer, on a machine with much else to do
TICKETS, TMF621 = f"{OPEN_APIS}/troubleTicket/v5", "tmf621v5.yaml"


@pytest.fixture(scope="module")
def tools() -> NodeTools:
    return installed()


def listen(sample, played: Played) -> None:
    """Let partners listen on loopback."""
    partners = {user: {"customers": known, "listeners": [played.origin]} for user, known in PARTNERS.items()}
    said = {"partners": partners, "listener_ranges": ["127.0.0.0/8"]}
    sample.use_cases.work.settings.open_apis.write_text(json.dumps(said))


def run_scenario(tools: NodeTools, sample, played: Played, api: str, product: str, folder: Path, **changes: str):
    """Let newman play the scenario; return its report."""
    said, report = sample.data.notifications["premium"], folder / "report.json"
    values = {
        "api": api,
        "partner_token": "partner",
        "operator_token": "operator",
        "listener": played.url,
        "told": f"{product}/told",
        "customer": said.customer,
        "service": said.service,
        "observed_from": said.observed_from.isoformat(),
        "working": sample.tickets["re_prioritised"],
    } | changes
    words = ["run", str(SCENARIO), "--reporters", "json", "--reporter-json-export", str(report)]
    words += [word for name, value in values.items() for word in ("--env-var", f"{name}={value}")]
    done = subprocess.run(
        tools.command("newman", *words), env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert report.exists(), done.stdout + done.stderr
    return json.loads(report.read_text("utf-8"))["run"]


def failures(report) -> list[tuple[str, str]]:
    """Return what failed: the request, and the sentence of its assertion."""
    return [(each["source"].get("name", ""), each["error"]["message"]) for each in report["failures"]]


def asked(report) -> set[str]:
    return {each["item"]["name"] for each in report["executions"]}


def written() -> set[str]:
    return {each["name"] for each in json.loads(SCENARIO.read_text("utf-8"))["item"]}


@pytest.fixture
def played():
    with listening() as played:
        yield played


def test_newman_plays_the_scenario_without_a_failure(sample, played, tools, tmp_path):
    listen(sample, played)
    with serving(sample, played) as product, delivering(sample):
        report = run_scenario(tools, sample, played, f"{product}{TICKETS}", product, tmp_path)
    assert failures(report) == []
    assert (report["stats"]["assertions"]["total"] > 50, asked(report)) == (True, written())


def test_newman_plays_it_through_prism_without_a_failure(sample, played, tools, shared_data, tmp_path):
    listen(sample, played)
    file = write_definition(shared_data, TMF621, tmp_path)
    with (
        serving(sample, played) as product,
        delivering(sample),
        proxying(tools, file, f"{product}{TICKETS}", tmp_path / "log") as prism,
    ):
        report = run_scenario(tools, sample, played, prism, product, tmp_path)
    assert failures(report) == []
    assert (report["stats"]["assertions"]["total"] > 50, asked(report)) == (True, written())


def test_the_scenario_fails_where_the_partner_is_not_let_in(sample, played, tools, tmp_path):
    with serving(sample, played) as product:
        report = run_scenario(
            tools, sample, played, f"{product}{TICKETS}", product, tmp_path, partner_token="", tries="1"
        )
    assert report["stats"]["assertions"]["failed"] > 20


def test_prism_would_find_a_wrong_answer(sample, tools, shared_data, tmp_path, monkeypatch):
    file = write_definition(shared_data, TMF621, tmp_path)
    monkeypatch.setattr(
        "include.sla_logic.web.tmf.trouble_tickets.trouble_ticket",
        lambda view, **_: {"@type": "TroubleTicket", "id": view.ticket.id, "href": "x", "status": "open"},
    )
    with (
        serving(sample) as product,
        proxying(tools, file, f"{product}{TICKETS}", tmp_path / "log") as prism,
    ):
        place, login = f"{prism}/troubleTicket/{sample.tickets['premium']}", {"Authorization": "Bearer partner"}
        wrong = httpx.get(place, headers=login, timeout=PATIENCE, trust_env=False).headers["sl-violations"]
        assert "must be equal to one of the allowed values: acknowledged" in wrong

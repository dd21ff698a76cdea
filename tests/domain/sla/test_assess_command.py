"""`sla contract` and `sla assess` through their commands, and the facts file."""

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from include.sla_logic.cli import assess, contract
from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.facts_file import UnableToReadFacts, read_facts
from include.sla_logic.domain.measurements import Delay, ErrorIntervals, EventCredit, Reading, SampleSeries
from include.sla_logic.domain.service_performance import draw
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.letters.charts.judgement import BAR, COLOURS, MEASURED, UnableToDraw, as_svg
from include.sla_logic.letters.charts.panels import WIDTH
from tests.domain.sla.make import APRIL, DURATION_TIERS, at, facts, judge, objective, outage, text_of
from tests.domain.sla.make import contract as terms

FACTS = """\
service: S-1
as_of: 2025-05-02T00:00:00Z
window: {start: 2025-04-01T00:00:00Z, end: 2025-05-01T00:00:00Z}
charges: {recurring: {amount: 100.00, currency: EUR}}
outages:
  - {reference: INC-1, start: 2025-04-10T00:00:00Z, end: 2025-04-10T02:00:00Z}
state_changes:
  - {at: 2025-04-15T00:00:00Z, state: down}
  - {at: 2025-04-15T01:00:00Z, state: up}
series:
  - metric: latency
    unit: ms
    step_seconds: 300
    labelled_by_end: true
    samples: [[2025-04-10T00:05:00Z, 5.1], [2025-04-10T00:10:00+00:00, 6.25], [2025-04-10T00:15:00Z, null]]
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    (tmp_path / "k.yaml").write_text(text_of(), encoding="utf-8")
    (tmp_path / "facts.yaml").write_text(FACTS, encoding="utf-8")
    return str(tmp_path / "k.yaml"), str(tmp_path / "facts.yaml")


def run(app: Any, *words: str) -> Any:
    return CliRunner().invoke(app, list(words))


def test_a_sound_contract_file_passes_the_check(files: tuple[str, str]) -> None:
    result = run(contract.app, "check", files[0])
    assert result.exit_code == 0
    assert "K-1 version 7 can be loaded" in result.stdout


def test_a_contract_file_with_a_refusal_fails_the_check_and_names_its_line(
    tmp_path: Path, files: tuple[str, str]
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(text_of(currency="euro"), encoding="utf-8")
    result = run(contract.app, "check", files[0], str(bad))
    assert result.exit_code == 1
    assert "bad.yaml: line 5: refuses: unreadable: currency" in result.stdout


def test_warnings_fail_the_check_only_where_it_is_strict(tmp_path: Path) -> None:
    holed = tmp_path / "holed.yaml"
    holed.write_text(text_of(objective({"kind": "tiers", "tiers": [{"at_least": 99, "credit": 0}]})), encoding="utf-8")
    assert run(contract.app, "check", str(holed)).exit_code == 0
    assert run(contract.app, "check", "--strict", str(holed)).exit_code == 1
    found = json.loads(run(contract.app, "check", "--json", str(holed)).stdout)[str(holed)]
    assert (found[0]["code"], found[0]["level"], found[0]["witness"]) == ("tier_hole", "warns", "0 percent")


def test_the_printed_schema_is_the_published_one_and_accepts_a_contract() -> None:
    schema = json.loads(run(contract.app, "schema").stdout)
    published = Path(__file__).parents[3] / "docs" / "contract.schema.json"
    assert json.loads(published.read_text(encoding="utf-8")) == schema
    jsonschema.validate(yaml.safe_load(text_of()), schema)


@pytest.mark.parametrize("name", ["missing.yaml", "picture.yaml"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "picture.yaml").write_bytes(b"\xff\xfe\x00")
    result = run(contract.app, "check", str(tmp_path / name))
    assert isinstance(result.exception, contract.UnableToReadFile)
    assert name in str(result.exception)


def test_a_contract_and_a_facts_file_are_judged_without_airflow_and_without_a_database(files: tuple[str, str]) -> None:
    result = run(assess.app, *files)
    assert result.exit_code == 0
    assert "10800 s counted" in result.stdout
    assert "due: 10.00 EUR" in result.stdout


def test_the_judgement_is_printed_as_json(files: tuple[str, str]) -> None:
    comparison = SlaComparison.model_validate_json(run(assess.app, *files, "--json").stdout)
    assert comparison.objectives[0].counted_seconds == 10800


def test_another_window_may_be_asked_for(files: tuple[str, str]) -> None:
    march = SlaComparison.model_validate_json(run(assess.app, *files, "--json", "--at", "2025-03-15").stdout)
    assert march.window.start == at("2025-03-01")
    assert not march.breached
    early = run(assess.app, *files, "--json", "--as-of", "2025-04-10T01:00:00Z").stdout
    assert SlaComparison.model_validate_json(early).objectives[0].counted_seconds == 3600


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_the_judgement_is_drawn(files: tuple[str, str], tmp_path: Path, suffix: str) -> None:
    picture = tmp_path / f"window{suffix}"
    assert run(assess.app, *files, "--picture", str(picture)).exit_code == 0
    assert picture.stat().st_mode & 0o077 == 0  # it shows amounts
    drawn = picture.read_bytes()
    assert drawn.startswith(b"\x89PNG" if suffix == ".png" else b"<svg")
    if suffix == ".svg":
        assert "downtime (h)" in "".join(ET.fromstring(drawn).itertext())  # noqa: S314 - our own picture


def test_what_cannot_be_drawn_is_said(files: tuple[str, str], tmp_path: Path) -> None:
    result = run(assess.app, *files, "--picture", str(tmp_path / "window.gif"))
    assert isinstance(result.exception, UnableToDraw)


LATENCY = [
    {"at_most": "50", "credit": "0%"},
    {"more_than": "50", "at_most": "80", "credit": "5%"},
    {"more_than": "80", "credit": "12%"},
]
KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "latency": ({"target": "50", "rule": {"kind": "tiers", "tiers": LATENCY}}, "latency: 62 ms, breached"),
    "jitter": (
        {"target": "1", "rule": {"kind": "overrun_tiers", "thresholds": [{"overrun": "20", "credit": "12%"}]}},
        "jitter: 1.3 ms, breached",
    ),
    "time_to_restore": (
        {"target": "4 h", "rule": {"kind": "share_when_missed", "credit": "12%"}},
        "time_to_restore: 18000 s, breached",
    ),
    "success_rate": (
        {"rule": {"kind": "tiers", "tiers": [{"at_least": "99", "credit": "0%"}, {"below": "99", "credit": "12%"}]}},
        "success_rate: 98.33333333 percent, breached",
    ),
    "delay": ({"rule": {"kind": "sum_per_day", "sum": "5", "applies_to": "line"}}, "delay: 3 days, breached"),
    "events": ({"rule": {"kind": "event_credits"}}, "events: 1 percent, breached"),
}


@pytest.mark.parametrize("metric", KINDS)
def test_every_kind_of_objective_has_its_picture(metric: str) -> None:
    fields, title = KINDS[metric]
    hours = [(APRIL.start + timedelta(hours=hour), Decimal(62)) for hour in range(720)]
    known = facts(
        outage("2025-04-10", "2025-04-10 05:00"),
        series=[SampleSeries.from_samples(hours, metric="latency", unit="ms", step_seconds=3600)],
        readings=[Reading(metric="jitter", value=Decimal("1.3"), unit="ms")],
        error_intervals=[ErrorIntervals(count=288, error_percent=Decimal(50))],
        delays=[Delay(kind="line", days_late=3)],
        event_credits=[EventCredit(event="E", objective="o", percent=Decimal(4))],
    )
    one = terms({"id": metric, "metric": metric, **fields})
    judged = judge(one, known)
    drawn = "".join(ET.fromstring(as_svg(judged, draw(known, judged, one, actions=None))).itertext())  # noqa: S314
    assert title in drawn
    assert "outages" in drawn
    assert ("12 %" in drawn) == (metric not in ("delay", "events"))


def test_samples_are_drawn_over_the_window_and_not_only_as_one_value() -> None:
    samples = [(APRIL.start + timedelta(hours=hour), Decimal(40 + hour % 3)) for hour in range(12)]
    known = facts(series=[SampleSeries.from_samples(samples, metric="latency", unit="ms", step_seconds=3600)])
    one = terms({"id": "latency", "metric": "latency", **KINDS["latency"][0]})
    judged = judge(one, known)
    mean = _drawn(as_svg(judged, draw(known, judged, one, actions=None)), "path", stroke=MEASURED)
    assert len(mean["d"].split()) == len(samples)
    assert _drawn(as_svg(judged), "rect", fill=MEASURED)["height"] == str(BAR)
    assert "latency, no data" in as_svg(judge(one, facts()))


def test_no_bar_runs_backwards_when_the_clocks_go_back() -> None:
    october = calendar_window("month", "Europe/London", at("2025-10-10"))
    night = facts(outage("2025-10-26 00:30", "2025-10-26 01:10"))
    drawn = as_svg(judge(terms(zone="Europe/London"), night, window=october))
    bar = _drawn(drawn, "rect", fill=COLOURS["counted"])
    wall_clock = timedelta(days=25, hours=1, minutes=30) / timedelta(days=31, hours=1)
    assert float(bar["x"]) == pytest.approx(WIDTH * wall_clock, abs=0.01)
    assert float(bar["width"]) == 1
    assert "UTC+01:00 throughout" in drawn
    assert "throughout" not in as_svg(judge(terms(zone="Europe/London"), night))


def _drawn(svg: str, tag: str, **attributes: str) -> dict[str, str]:
    """Return the attributes of the one element of a picture that has these."""
    found = [e.attrib for e in ET.fromstring(svg).iter(f"{{http://www.w3.org/2000/svg}}{tag}")]  # noqa: S314
    (one,) = [element for element in found if attributes.items() <= element.items()]
    return one


def test_a_picture_shows_every_objective_and_the_maintenance_lane_only_where_there_is_any() -> None:
    drawn = as_svg(judge(terms(objective(DURATION_TIERS, id="minutes")), facts(outage("2025-04-10", "2025-04-11"))))
    assert "minutes" in drawn
    assert "50 %" in drawn


@pytest.mark.parametrize(
    "words",
    [(), ("contract only",), ("contract only", "--service"), ("facts without window",)],
    ids=["nothing", "no facts", "both", "no window"],
)
def test_a_question_that_cannot_be_answered_is_refused_with_one_sentence(
    files: tuple[str, str], tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "facts.yaml").write_text("service: S-1\n", encoding="utf-8")
    known = {"contract only": files[:1], "facts without window": files, "--service": ("--service", "S-1")}
    arguments = [argument for word in words for argument in known[word]]
    result = run(assess.app, *arguments)
    assert result.exit_code == 1
    assert isinstance(result.exception, assess.UnableToAssess)


def test_the_facts_file_may_say_that_a_silent_target_has_answered_at_another_time() -> None:
    silent = FACTS.replace(
        "metric: latency", "metric: packet_loss\n    nothing_came_back: 100\n    answered_elsewhere: true"
    )
    assert read_facts(silent, name="facts.yaml").facts().series[0].answered_elsewhere
    assert not read_facts(FACTS, name="facts.yaml").facts().series[0].answered_elsewhere


def test_the_facts_file_reads_events_and_samples_exactly() -> None:
    known = read_facts(FACTS, name="facts.yaml").facts()
    assert [o.reference for o in known.outages] == ["INC-1", "S-1:20250415T000000Z"]
    assert known.series[0].start == at("2025-04-10")
    assert known.series[0].model_dump()["values"] == [510, 625, None]
    assert known.series[0].decimals == 2


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("service: S-1", "servise: S-1", "line 1: servise: servise is no field; did you mean service?"),
        ("state: down", "state: sideways", "line 8: state_changes.0.state"),
        ("end: 2025-04-10T02:00:00Z", "end: soon", "line 6: outages.0.end"),
        ("end: 2025-04-10T02:00:00Z", "end: 2025-04-10T02:00:00", "line 6: outages.0.end"),
        ("[2025-04-10T00:05:00Z, 5.1]", "[2025-04-10T00:05:00, 5.1]", "no time zone"),
        ("[2025-04-10T00:05:00Z, 5.1]", "[2025-04-10, 5.1]", "a day, not an instant"),
        ("[2025-04-10T00:05:00Z, 5.1]", "[2025-04-10T00:05:01Z, 5.1]", "off the 300 s grid"),
        ("window: {", "window: [", "not YAML"),
    ],
)
def test_facts_that_cannot_be_read_are_refused_with_line_and_field(old: str, new: str, says: str) -> None:
    with pytest.raises(UnableToReadFacts) as caught:
        read_facts(FACTS.replace(old, new, 1), name="facts.yaml")
    assert says in str(caught.value)

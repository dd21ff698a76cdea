"""Facts files: nothing in them is ignored, nothing that contradicts is judged, and a month of records fits."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from include.sla_logic.cli import app
from include.sla_logic.domain import facts_file
from include.sla_logic.domain.facts_file import UnableToReadFacts, read_facts
from tests.domain.sla.make import APRIL, DURATION_TIERS, at, objective, text_of

BASE = {
    "service": "S-1",
    "as_of": "2025-05-02T00:00:00Z",
    "window": {"start": "2025-04-01T00:00:00Z", "end": "2025-05-01T00:00:00Z"},
    "charges": {"recurring": {"amount": "100.00", "currency": "EUR"}},
}
LATENCY = objective({"kind": "share_when_missed", "credit": "10%"}, id="latency", metric="latency", target=50)
DAILY = objective({"kind": "daily_rate", "periods_per_year": 12}, metric="delay")
P95 = LATENCY | {"id": "p95", "measure": {"kind": "percentile", "percentile": 95}}
OUTAGE = {"reference": "INC-1", "start": "2025-04-10T00:00:00Z", "end": "2025-04-10T07:12:00Z"}  # 1 % of April
SERIES = {"metric": "latency", "unit": "ms", "step_seconds": 300, "samples": [["2025-04-10T00:00:00Z", 90]]}


def text(**fields):
    return json.dumps(BASE | fields)  # JSON is YAML


def assess(tmp_path, *objectives, contract=None, **fields):
    """Judge through the command; a refusal of the file is its sentence."""
    (tmp_path / "k.yaml").write_text(text_of(*objectives, **(contract or {})), encoding="utf-8")
    (tmp_path / "f.yaml").write_text(text(**fields), encoding="utf-8")
    done = CliRunner().invoke(app, ["assess", str(tmp_path / "k.yaml"), str(tmp_path / "f.yaml"), "--json"])
    return json.loads(done.stdout) if done.exit_code == 0 else done.stderr


def verdict(judged):
    return judged["objectives"][0]["verdict"], judged["objectives"][0]["refusal"]


def due(judged):
    return judged["credit_due"] and judged["credit_due"]["amount"]


@pytest.mark.parametrize(
    ("fields", "wrong", "meant"),
    [
        ({"outage": []}, "outage", "outages"),
        ({"outages": [OUTAGE | {"atribution": "customer"}]}, "atribution", "attribution"),
        ({"charges": {"recuring": {"amount": 1, "currency": "EUR"}}}, "recuring", "recurring"),
        ({"claim": {"filed_at": "2025-05-01T00:00:00Z", "refrence": "R"}}, "refrence", "reference"),
        ({"series": [SERIES | {"labeled_by_end": True}]}, "labeled_by_end", "labelled_by_end"),
        ({"readings": [{"metric": "latency", "value": 1, "unit": "ms", "vlue": 2}]}, "vlue", "value"),
    ],
)
def test_a_misspelt_field_is_refused_wherever_it_stands(fields, wrong, meant):
    with pytest.raises(UnableToReadFacts, match=f"{wrong} is no field; did you mean {meant}"):
        read_facts(text(**fields), name="f.yaml")


@pytest.mark.parametrize("moment", [20250410, "20250410", "1744243200.5", "2025-04-10", "2025-04-10T00:00:00"], ids=str)
def test_a_moment_that_may_mean_something_else_is_refused(moment):
    with pytest.raises(UnableToReadFacts, match=r"outages\.0\.end"):
        read_facts(text(outages=[OUTAGE | {"end": moment}]), name="f.yaml")


@pytest.mark.parametrize(
    ("series", "says"),
    [
        (SERIES | {"samples": [["2025-04-10T00:00:00Z", 5.1234567891]]}, "10 decimals"),
        (SERIES | {"decimals": 1, "samples": [["2025-04-10T00:00:00Z", 5.12]]}, "none is rounded"),
        (SERIES | {"samples": [["2025-04-10T00:00:00Z", 5, 6]]}, "samples.0"),
        (SERIES | {"samples": [["2025-04-10T00:00:00Z", ".nan"]]}, "samples.0"),
        (SERIES | {"samples": [["2025-04-10T00:00:00Z", 10**39]]}, "too large"),
        (SERIES | {"samples": [["1999-04-10T00:00:00Z", 1], ["2199-04-10T00:00:00Z", 1]]}, "at most 5000000"),
        (SERIES | {"start": "2025-04-10T00:00:00Z"}, "give samples"),
        ({k: v for k, v in SERIES.items() if k != "samples"}, "give samples"),
        (SERIES | {"step_seconds": 0}, "step_seconds"),
    ],
)
def test_a_series_that_would_be_changed_or_guessed_is_refused(series, says):
    with pytest.raises(UnableToReadFacts, match=says):
        read_facts(text(series=[series]), name="f.yaml")


def test_integer_values_from_a_start_are_the_same_as_pairs():
    pairs = [["2025-04-10T00:00:00Z", 5.125], ["2025-04-10T00:05:00Z", None], ["2025-04-10T00:10:00Z", 7]]
    plain = {k: v for k, v in SERIES.items() if k != "samples"}
    by_start = plain | {"start": "2025-04-10T00:00:00Z", "values": [5125, None, 7000], "decimals": 3}
    one, two = (read_facts(text(series=[s]), name="f").series for s in (SERIES | {"samples": pairs}, by_start))
    assert one == two


def test_two_series_of_one_metric_are_joined(tmp_path):
    second = SERIES | {"samples": [["2025-04-20T00:00:00Z", 40.5]], "labelled_by_end": True}
    judged = assess(tmp_path, LATENCY, series=[SERIES, second])
    assert (judged["objectives"][0]["measured"], due(judged)) == ("65.25000000", "10.00")


@pytest.mark.parametrize(
    "second",
    [
        SERIES | {"samples": [["2025-04-10T00:00:00Z", 91]]},
        SERIES | {"samples": [["2025-04-10T00:01:00Z", 90]]},
        SERIES | {"unit": "s"},
        SERIES | {"step_seconds": 60},
        SERIES | {"nothing_came_back": 90},
    ],
    ids=["another value", "off the grid", "another unit", "another step", "another silence"],
)
def test_two_series_that_do_not_fit_together_are_refused(tmp_path, second):
    assert "latency" in assess(tmp_path, LATENCY, series=[SERIES, second])


@pytest.mark.parametrize(
    ("value", "expected"), [(90, "100.00"), ("99.95", "0.00"), ("99.9", "0.00"), ("99.89", "10.00"), (100, "0.00")]
)
def test_a_reading_of_availability_is_judged(tmp_path, value, expected):
    judged = assess(tmp_path, readings=[{"metric": "availability", "value": value, "unit": "percent"}])
    assert due(judged) == expected


def bands(*, good_above=None, good_to=None):
    """Ten percent on the bad side of a bound."""
    if good_to is None:
        return {
            "kind": "tiers",
            "tiers": [{"below": good_above, "credit": "10%"}, {"at_least": good_above, "credit": 0}],
        }
    return {"kind": "tiers", "tiers": [{"at_most": good_to, "credit": 0}, {"more_than": good_to, "credit": "10%"}]}


@pytest.mark.parametrize(
    ("metric", "unit", "rule", "value"),
    [
        ("success_rate", "percent", bands(good_above=99), 98),
        ("time_to_restore", "s", bands(good_to=14400), 14401),
        ("delay", "days", {"kind": "sum_per_day", "sum": 2, "applies_to": "repair"}, 5),
        ("packet_loss", "%", bands(good_to=1), "1.01"),
    ],
)
def test_a_reading_of_every_metric_is_judged(tmp_path, metric, unit, rule, value):
    judged = assess(
        tmp_path, objective(rule, id="m", metric=metric), readings=[{"metric": metric, "value": value, "unit": unit}]
    )
    assert due(judged) == "10.00"


@pytest.mark.parametrize(
    ("objectives", "fields"),
    [
        ([], {"readings": [("availability", 99, "percent"), ("availability", 98, "percent")]}),
        ([], {"readings": [("availability", 101, "percent")]}),
        ([], {"readings": [("availability", -1, "percent")]}),
        ([], {"readings": [("availability", "0.99", "ratio")]}),
        ([], {"readings": [("availability", "99.5", "percent")], "outages": [OUTAGE]}),
        ([objective(DURATION_TIERS)], {"readings": [("availability", 99, "percent")]}),
        ([LATENCY], {"readings": [("latency", 40, "ms")], "series": [SERIES]}),
        ([LATENCY | {"id": "mean"}, P95], {"readings": [("latency", 60, "ms")]}),
        ([objective({"kind": "event_credits"}, metric="events")], {"readings": [("events", 10, "percent")]}),
        ([DAILY], {"readings": [("delay", "1.5", "days")]}),
    ],
)
def test_a_reading_that_contradicts_or_cannot_be_judged_is_refused(tmp_path, objectives, fields):
    readings = [{"metric": m, "value": v, "unit": u} for m, v, u in fields["readings"]]
    judged = assess(tmp_path, *objectives, **(fields | {"readings": readings}))
    assert verdict(judged)[0] == "refused"
    assert due(judged) is None


def test_a_reading_that_agrees_with_the_records_leaves_their_exact_value(tmp_path):
    reading = {"metric": "availability", "value": 99, "unit": "percent"}
    longer = OUTAGE | {"end": "2025-04-10T07:12:01Z"}
    judged = assess(tmp_path, readings=[reading], outages=[longer])
    assert judged["objectives"][0]["measured"] == "98.99996142"
    assert due(judged) == "25.00"


def test_error_rates_that_are_given_twice_are_refused(tmp_path):
    rule = bands(good_above=99)
    rates = {"metric": "error_rate", "unit": "percent", "step_seconds": 300, "samples": [["2025-04-10T00:00:00Z", 90]]}
    given = {"series": [rates], "error_intervals": [{"count": 1, "error_percent": 10}]}
    judged = assess(tmp_path, objective(rule, id="s", metric="success_rate"), **given)
    assert verdict(judged) == ("refused", "contradicting_facts")


def test_a_line_whose_state_is_unknown_at_the_last_event_is_not_known_to_be_up(tmp_path):
    changes = [{"at": "2025-04-10T00:00:00Z", "state": "up"}, {"at": "2025-04-16T00:00:00Z", "state": "unknown"}]
    judged = assess(tmp_path, state_changes=changes)
    assert judged["objectives"][0]["no_data_seconds"] == 15 * 86_400


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        ("2025-04-01T00:00:00Z", "2025-05-01T00:00:00Z", None),
        ("2025-04-16T00:00:00Z", "2025-05-01T00:00:00Z", None),
        ("2025-04-03T07:00:00Z", "2025-04-03T08:00:00Z", None),
        ("2025-04-16T00:00:00Z", "2025-05-16T00:00:00Z", "a part of one: counted in UTC, the month is 2025-04-01"),
        ("2025-04-01T00:00:00Z", "2025-05-01T00:00:01Z", "a part of one"),
        ("2025-03-31T22:00:00Z", "2025-04-30T22:00:00Z", "a part of one"),
        ("2025-04-01T00:00:00Z", "2025-07-01T00:00:00Z", "a part of one"),
        ("2025-04-01T00:00:00Z", "2025-04-01T00:00:00Z", "a part of one"),
    ],
)
def test_a_window_is_one_of_the_contract_or_a_part_of_one(tmp_path, start, end, says):
    judged = assess(tmp_path, window={"start": start, "end": end})
    assert says in judged if says else judged["window"] == {"start": start, "end": end}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"readings": [{"metric": "availabilty", "value": 90, "unit": "percent"}]}, "availabilty is no metric"),
        ({"series": [SERIES | {"metric": "latncy"}]}, "latncy is no metric"),
        ({"delays": [{"kind": "reapir", "days_late": 2}]}, "reapir is no promise of the contract; known are repair"),
    ],
)
def test_a_fact_about_something_unknown_is_refused(tmp_path, fields, says):
    late = objective({"kind": "sum_per_day", "sum": 2, "applies_to": "repair"}, id="r", metric="delay")
    assert says in assess(tmp_path, objective(), late, **fields)


def test_facts_that_the_contract_does_not_speak_of_are_named(tmp_path):
    (tmp_path / "k.yaml").write_text(text_of(), encoding="utf-8")
    (tmp_path / "f.yaml").write_text(text(series=[SERIES], restorations=[{"reference": "R", "seconds": 5}]))
    done = CliRunner().invoke(app, ["assess", str(tmp_path / "k.yaml"), str(tmp_path / "f.yaml")])
    assert "promises nothing about: series latency, restorations" in done.stderr


RESTORED = {"reference": "INC-1", "seconds": 7 * 3600 + 12 * 60}
RESTORE = objective({"kind": "share_when_missed", "credit": "35%"}, id="r", metric="time_to_restore", target="4 h")


@pytest.mark.parametrize(
    ("restorations", "verdict_", "says"),
    [
        ([RESTORED], ("breached", None), "25920"),
        ([RESTORED | {"seconds": 60}], ("refused", "contradicting_facts"), "INC-1 took 60 s, its outage 25920 s"),
        ([RESTORED | {"reference": "R-9", "seconds": 60}], ("met", None), "INC-1 are not counted as repairs"),
    ],
)
def test_a_restoration_may_not_contradict_its_outage_and_goes_before_others(tmp_path, restorations, verdict_, says):
    judged = assess(tmp_path, RESTORE, outages=[OUTAGE], restorations=restorations)
    assert verdict(judged) == verdict_
    assert says in " ".join(judged["objectives"][0]["steps"])


def moments(count, apart):
    return [(APRIL.start + number * apart).isoformat() for number in range(count)]


def test_a_month_of_five_minute_samples_and_six_thousand_outages_fit(tmp_path):
    samples = [[moment, 60] for moment in moments(8_928, timedelta(minutes=5))]
    starts, seven = moments(6_000, timedelta(minutes=7)), timedelta(minutes=1)
    outages = [
        {"reference": f"O{i}", "start": start, "end": (at(start[:19]) + seven).isoformat()}
        for i, start in enumerate(starts)
    ]
    judged = assess(tmp_path, objective(), LATENCY, series=[SERIES | {"samples": samples}], outages=outages)
    available, latency = judged["objectives"]
    assert (available["counted_seconds"], latency["samples"]) == (6_000 * 60, 8_640)  # May is another window
    assert latency["verdict"] == "breached"


def test_a_file_beyond_the_limits_is_refused_by_its_size_and_never_by_time(monkeypatch):
    monkeypatch.setattr(facts_file, "MOST_BYTES", 1_000)
    monkeypatch.setattr(facts_file, "MOST_VALUES", 300)
    with pytest.raises(UnableToReadFacts, match="1009 bytes; at most 1000"):
        read_facts(f"service: {'S' * 1_000}", name="f.yaml")
    with pytest.raises(UnableToReadFacts, match="at most 300 values"):
        read_facts(f"service: S\nnot_kept: [{'1,' * 300}1]", name="f.yaml")
    laughs = "service: S\na: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
    )
    with pytest.raises(UnableToReadFacts, match="at most 300 values"):
        read_facts(laughs, name="f.yaml")

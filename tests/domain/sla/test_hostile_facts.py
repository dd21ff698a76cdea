"""No facts make the reader hang or fail with an unforeseen error; each refusal names the line and the field."""

import re

import pytest

from include.sla_logic.domain.facts_file import UnableToReadFacts, read_facts

BEGIN = "service: S\nwindow: {start: 2026-03-01T00:00:00Z, end: 2026-04-01T00:00:00Z}\n"
SERIES = """series:
  - {metric: latency, unit: ms, step_seconds: 300, samples: [[2026-03-10T00:05:00Z, 5.1]]}
"""


@pytest.mark.parametrize(
    ("text", "field"),
    [
        *[(SERIES.replace("300", step), "series.0.step_seconds") for step in ("0", "-1", "abc", "null")],
        *[(SERIES.replace("5.1", value), "series.0.samples.0.1") for value in (".nan", ".inf", "NaN", "Infinity")],
        *[(SERIES.replace("5.1", value), "series.0.samples.0.1") for value in ("1e999999999", "'1e-999999999'")],
        (SERIES.replace("[[2026", "[[1900-01-01T00:00:00Z, 1], [2026"), "series.0.samples.0.0"),
        (SERIES.replace("300", "1").replace("[[2026", "[[1971-01-01T00:00:00Z, 1], [2026"), "series"),
        ("outages: " + "[" * 100_000, "too deep"),
        ("charges: {recurring: {amount: 1e999999999, currency: EUR}}", "charges.recurring.amount"),
        (f"charges: {{recurring: {{amount: {'9' * 30}, currency: EUR}}}}", "charges.recurring.amount"),
        ("charges: {recurring: {amount: NaN, currency: EUR}}", "charges.recurring.amount"),
        ("readings: [{metric: latency, value: 1e99999999, unit: ms}]", "readings.0.value"),
        ("restorations: [{reference: a, seconds: 1e9999999}]", "restorations.0.seconds"),
        ("error_intervals: [{count: 1, error_percent: NaN}]", "error_intervals.0.error_percent"),
        ("outages: [{reference: a, start: 2026-02-30T00:00:00Z}]", "outages.0.start: '2026-02-30T00:00:00Z'"),
        ("outages: [{reference: a, start: 2016-12-31T23:59:60Z}]", "outages.0.start: 2016-12-31T23:59:60Z is a leap"),
        ("delays: [{kind: repair, due: 17280000}]", "delays.0.due"),
    ],
)
def test_hostile_facts_are_refused_quickly_with_line_and_field(text: str, field: str) -> None:
    with pytest.raises(UnableToReadFacts, match=r"^f, line [3-5]: ") as refused:
        read_facts(BEGIN + text, name="f")
    assert re.search(re.escape(field), str(refused.value))

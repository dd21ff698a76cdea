import json
import struct
import zlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.sla_logic.charts.performance import Words, as_png, as_svg, can_draw, counts_hours, specification
from include.sla_logic.charts.png import squeeze
from include.sla_logic.domain.measurements import Outage, ServiceFacts
from include.sla_logic.domain.performance import Bound, PerformanceSeries, series_of
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.samples import SampleSeries
from tests.letters.reports import MENDED, NOVEMBER, WRITTEN, ZONE, course, facts

WORDS = Words("Measured", "the promise", "Outage", "Planned work", "corrected", "ms")


def rows(series: PerformanceSeries) -> list[dict[str, Any]]:
    return [row for data in json.loads(specification(series, WORDS))["datasets"].values() for row in data]


def test_the_picture_shows_measurement_promise_outages_work_and_correction() -> None:
    svg = as_svg(course("latency"), WORDS)

    for words in ("Measured (ms)", "the promise", "Outage", "Planned work", "corrected"):
        assert words in svg


def test_the_same_picture_is_the_same_to_the_byte() -> None:
    assert as_png(course(), WORDS) == as_png(course(), WORDS)


def test_times_in_the_picture_are_those_of_the_contracts_zone() -> None:
    drawn = [row["at"] for row in rows(course()) if row.get("text") == "corrected"]

    assert drawn == [f"{MENDED + timedelta(hours=1):%Y-%m-%dT%H:%M:%S}Z"]


def test_downtime_adds_up_without_planned_work() -> None:
    values = [row["value"] for row in rows(course()) if "value" in row and "text" not in row]

    assert values[-1] == max(values) == pytest.approx((40 * 60 + 6 * 3600 + 35 * 60) / 3600)
    assert counts_hours(course())


def test_an_outage_inside_planned_work_does_not_make_the_line_rise() -> None:
    work = Period(start=NOVEMBER.start + timedelta(days=1), end=NOVEMBER.start + timedelta(days=2))
    series = course().model_copy(update={"maintenance": (work,), "outages": (work,)})

    assert series.counted_downtime == ()


def test_nothing_is_drawn_of_a_period_that_has_not_begun() -> None:
    before = NOVEMBER.start - timedelta(days=1)
    series = series_of(facts(), metric="latency", unit="ms", window=NOVEMBER, as_of=before)

    assert series.shown.seconds == 0
    assert not can_draw(series)


def test_an_availability_without_any_outage_needs_no_picture() -> None:
    assert not can_draw(course().model_copy(update={"outages": ()}))
    assert can_draw(course("latency").model_copy(update={"outages": ()}))


def test_an_outage_inside_planned_work_has_an_axis_although_nothing_counts() -> None:
    work = Period(start=NOVEMBER.start + timedelta(days=1), end=NOVEMBER.start + timedelta(days=2))
    series = course().model_copy(update={"maintenance": (work,), "outages": (work,), "target": Decimal(100)})

    assert ">10<" in as_svg(series, WORDS)


def test_an_outage_that_lasts_is_drawn_until_now() -> None:
    begun = WRITTEN - timedelta(hours=2)
    lasting = ServiceFacts(service="S", outages=(Outage(reference="o", start=begun),))

    series = series_of(lasting, metric="availability", unit="percent", window=NOVEMBER, as_of=WRITTEN)

    assert series.outages == (Period(start=begun, end=WRITTEN),)


def test_an_outage_recorded_with_its_end_before_its_start_is_not_drawn() -> None:
    wrong = ServiceFacts(service="S", outages=(Outage(reference="o", start=WRITTEN, end=NOVEMBER.start),))

    assert series_of(wrong, metric="availability", unit="percent", window=NOVEMBER, as_of=WRITTEN).outages == ()


def test_a_step_without_measurement_is_a_gap_and_not_zero() -> None:
    samples = SampleSeries.from_samples(
        [(NOVEMBER.start, 5), (NOVEMBER.start + timedelta(hours=2), 7)], metric="latency", unit="ms", step_seconds=3600
    )
    series = series_of(
        ServiceFacts(service="S", series=(samples,)), metric="latency", unit="ms", window=NOVEMBER, as_of=WRITTEN
    )

    assert [point.mean for point in series.points] == [Decimal(5), None, Decimal(7)]


@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 10**6)), min_size=1, max_size=300),
    resolution=st.integers(1, 50),
    bound=st.sampled_from(Bound),
)
@settings(max_examples=50)
def test_fewer_points_keep_the_worst_value_and_stay_within_the_extremes(
    values: list[int | None], resolution: int, bound: Bound
) -> None:
    start = NOVEMBER.start
    samples = SampleSeries(metric="latency", unit="ms", start=start, step_seconds=60, decimals=0, values=values)
    measured = ServiceFacts(service="S", series=(samples,))

    series = series_of(
        measured, metric="latency", unit="ms", window=NOVEMBER, as_of=WRITTEN, bound=bound, resolution=resolution
    )

    known = [value for value in values if value is not None]
    worst = [point.worst for point in series.points if point.worst is not None]
    means = [point.mean for point in series.points if point.mean is not None]
    assert len(series.points) <= resolution
    assert bool(known) == bool(worst)
    if known:
        assert (max if bound is Bound.AT_MOST else min)(worst) == (max if bound is Bound.AT_MOST else min)(known)
        assert min(known) <= min(means)
        assert max(means) <= max(known)


@given(hours=st.integers(-48, 24 * 60))
@settings(max_examples=30)
def test_nothing_outside_the_shown_time_is_kept(hours: int) -> None:
    cut = NOVEMBER.start + timedelta(hours=hours)
    series = series_of(facts(), metric="latency", unit="ms", window=NOVEMBER, as_of=cut, zone=ZONE)

    assert all(series.shown.contains(point.at) for point in series.points)
    for stretch in (*series.outages, *series.maintenance):
        assert series.shown.start <= stretch.start < stretch.end <= series.shown.end


def test_a_series_survives_being_stored() -> None:
    assert PerformanceSeries.model_validate_json(course("latency").model_dump_json()) == course("latency")


def test_a_squeezed_picture_has_the_same_pixels() -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = bytes(200) * 100
    stored = zlib.compress(pixels, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"header") + chunk(b"IDAT", stored[:50]) + chunk(b"IDAT", stored[50:])
    png += chunk(b"IEND", b"")

    small = squeeze(png)

    assert len(small) < len(png)
    at = small.index(b"IDAT") + 4
    assert zlib.decompressobj().decompress(small[at:]) == pixels
    assert small.endswith(chunk(b"IEND", b""))

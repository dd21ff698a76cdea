from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from include.sla_logic.domain.measurements import Outage, ServiceFacts
from include.sla_logic.domain.performance import Bound, PerformanceSeries, series_of
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.samples import SampleSeries
from include.sla_logic.letters.charts.axes import decimals_of, round_steps, round_times
from include.sla_logic.letters.charts.curve import curve_of
from include.sla_logic.letters.charts.performance import DIGIT, HEIGHT, MEASURED, Words, as_png, as_svg, can_draw
from include.sla_logic.letters.charts.png import few_colours, to_full_png
from tests.letters.reports import NOVEMBER, REPAIRED, WRITTEN, ZONE, course, facts

WORDS = Words("Measured", "the promise", "Outage", "Planned work", "corrected", "ms")


def paths(svg: str) -> list[ET.Element]:
    return list(ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}path"))  # noqa: S314 - drawn here


def test_the_picture_shows_measurement_promise_outages_work_and_correction() -> None:
    svg = as_svg(course("latency"), WORDS)

    for words in ("Measured (ms)", "the promise", "Outage", "Planned work", "corrected"):
        assert words in svg


def test_the_same_picture_is_the_same_to_the_byte() -> None:
    assert as_png(course(), WORDS) == as_png(course(), WORDS)


def test_times_in_the_picture_are_those_of_the_contracts_zone() -> None:
    assert curve_of(course()).corrected == REPAIRED + timedelta(hours=1)


@pytest.mark.parametrize("metric", ["availability", "latency"])
@pytest.mark.parametrize(
    ("month", "outage"),
    [
        # In Berlin the hour from 02:00 to 03:00 comes twice, from 00:00 to 02:00 UTC; in spring it never comes.
        (datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
    ],
)
def test_no_line_runs_backwards_where_the_clocks_are_changed(metric: str, month: datetime, outage: datetime) -> None:
    window = Period(start=month, end=month + timedelta(days=31))
    down = Period(start=outage, end=outage + timedelta(hours=6))
    values = [(month + timedelta(hours=n), Decimal(20 + n % 7)) for n in range(31 * 24)]
    told = ServiceFacts(
        service="S-1001",
        outages=(Outage(reference="O-1", start=down.start, end=down.end),),
        series=(SampleSeries.from_samples(values, metric="latency", unit="ms", step_seconds=3600),),
    )
    series = series_of(
        told, metric=metric, unit="ms", window=window, as_of=window.end, zone="Europe/Berlin", target=Decimal("99.9"),
        corrected_at=down.end, resolution=1000,
    )  # fmt: skip

    curve = curve_of(series)
    moments = [at for at, *_ in curve.points]
    assert moments == sorted(moments)
    if metric == "latency":
        assert {other - one for one, other in pairwise(moments)} == {timedelta(hours=1)}
    assert [end - begin for begin, end in curve.outages] == [timedelta(hours=6)]
    assert curve.corrected == curve.outages[0][1]


def test_the_bar_holds_every_outage_and_the_planned_work() -> None:
    svg = as_svg(course(), WORDS)

    red = next(path for path in paths(svg) if path.get("fill") == "#d64545")
    assert red.get("d", "").count("M") == 2
    assert all(words in svg for words in ("Measured – the promise", "Outage", "Planned work", "corrected"))


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


def test_a_gap_in_the_measurements_is_a_gap_in_the_line() -> None:
    samples = SampleSeries.from_samples(
        [(NOVEMBER.start + timedelta(hours=h), h) for h in (0, 1, 2, 5, 6, 9)],
        metric="latency",
        unit="ms",
        step_seconds=3600,
    )
    measured = ServiceFacts(service="S", series=(samples,))
    series = series_of(measured, metric="latency", unit="ms", window=NOVEMBER, as_of=WRITTEN)

    (line,) = [path.get("d") for path in paths(as_svg(series, WORDS)) if path.get("stroke") == MEASURED]

    assert line is not None
    assert [stretch.count(",") for stretch in line.split("M")[1:]] == [3, 2, 1]


def test_what_is_drawn_stays_within_its_axes() -> None:
    curve = curve_of(course("latency"))
    values = [v for _, *both in curve.points for v in (*both, curve.promise) if v is not None]

    assert curve.levels[0] <= min(values)
    assert max(values) <= curve.levels[-1]
    assert all(curve.shown[0] <= at <= curve.shown[1] for at, _, _ in curve.points)


@given(low=st.floats(-1e4, 1e6), span=st.floats(1e-2, 1e7))
def test_axis_steps_are_few_even_and_enclose_the_values(low: float, span: float) -> None:
    steps = round_steps(low, low + span)
    gaps = [other - one for one, other in pairwise(steps)]

    assert 2 <= len(steps) <= 9
    assert steps[0] <= low + 1e-6 * span
    assert low + span <= steps[-1] + 1e-6 * span
    assert max(gaps) == pytest.approx(min(gaps), rel=1e-3)
    assert len({f"{step:.{decimals_of(steps)}f}" for step in steps}) == len(steps)


@given(minutes=st.integers(1, 3 * 366 * 24 * 60), offset=st.integers(0, 24 * 60))
@example(minutes=241_929, offset=1_105)
def test_axis_times_are_few_and_within_what_is_shown(minutes: int, offset: int) -> None:
    start = NOVEMBER.start + timedelta(minutes=offset)
    end = start + timedelta(minutes=minutes)

    times, _ = round_times(start, end)

    assert len(times) <= 6
    assert all(start <= moment <= end for moment in times)
    assert len(times) >= 2 or end - start < timedelta(hours=6)


@given(hours=st.integers(2, 24 * 30))
@example(hours=24 * 11 - 1)
@settings(max_examples=30)
def test_no_two_dates_below_the_picture_touch(hours: int) -> None:
    cut = NOVEMBER.start + timedelta(hours=hours)
    series = series_of(facts(), metric="latency", unit="ms", window=NOVEMBER, as_of=cut, zone=ZONE)

    drawn = ET.fromstring(as_svg(series, WORDS))  # noqa: S314 - drawn here
    dates = [each for each in drawn.iter("{http://www.w3.org/2000/svg}text") if each.get("y") == f"{HEIGHT + 19}.0"]
    reach = [(float(each.get("x", "")), DIGIT * len(each.text or "") / 2) for each in dates]
    assert {each.get("text-anchor") for each in dates} == {"middle"}
    assert all(one + half < other - its for (one, half), (other, its) in pairwise(reach))
    left, right = reach[0][0] - reach[0][1], reach[-1][0] + reach[-1][1]
    begin = float(drawn[1].get("transform", "").removeprefix("translate(").split(",")[0])
    assert -begin - 1 <= left
    assert right <= float(drawn.get("width", "")) - begin + 1


def test_numbers_and_days_are_written_as_the_reader_does() -> None:
    german = replace(
        WORDS,
        date="%-d. %b",
        number_locale={"decimal": ",", "thousands": "."},
        time_locale={"shortMonths": [f"M{number}" for number in range(1, 13)]},
    )

    assert german.number(-1234.5, 2) == "\u22121.234,50"
    assert german.day(WRITTEN) == f"{WRITTEN.day}. M11"


def test_words_from_outside_cannot_break_the_picture() -> None:
    hostile = replace(WORDS, measured="<script>&\x00\ud800", unit='"')

    drawn = ET.fromstring(as_svg(course("latency"), hostile))  # noqa: S314 - drawn here
    (title,) = [t for t in drawn.iter() if "script" in (t.text or "")]

    assert title.text == '<script>& (")'


def test_few_colours_show_the_same_picture_in_fewer_bytes() -> None:
    drawn = to_full_png(as_svg(course(), WORDS))
    few = few_colours(drawn)

    with Image.open(BytesIO(drawn)) as one, Image.open(BytesIO(few)) as other:
        difference = ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB")))
        assert one.size == other.size
    assert len(few) < len(drawn) / 2
    assert max(difference.mean) < 3  # of 255

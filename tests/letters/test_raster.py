"""The pictures of letters against those of a general SVG renderer, and what is painted against its area."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from include.sla_logic.domain.measurements import MaintenanceWindow, Outage, ServiceFacts
from include.sla_logic.domain.performance import PerformanceSeries, series_of
from include.sla_logic.domain.samples import SampleSeries
from include.sla_logic.letters.charts.palette import palette, to_png
from include.sla_logic.letters.charts.performance import INKS, TINTS, Words, as_png, as_svg, can_draw
from include.sla_logic.letters.charts.png import to_full_png
from include.sla_logic.letters.charts.raster import draw
from include.sla_logic.letters.charts.shapes import Bars, Outline, paint
from tests.letters.reports import NOVEMBER, REPAIRED, ZONE, course

SAID = Words("Measured", "the promise", "Outage", "Planned work", "corrected", "ms")
SILENT = Words("", "", "", "", "", "")
EDGE = st.floats(0, 20, allow_nan=False)


def rendered(svg: str) -> Image.Image:
    return Image.open(BytesIO(to_full_png(svg))).convert("RGB")


def opened(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("RGB")


def differences(one: Image.Image, other: Image.Image) -> list[float]:
    """Return the mean difference of each colour, of 255; blurred, as letters stand a pixel beside each other."""
    assert one.size == other.size
    return ImageStat.Stat(ImageChops.difference(one.reduce(8), other.reduce(8))).mean


def curve(values: list[int | None], stretches: list[tuple[float, float]], target: int | None) -> PerformanceSeries:
    samples = SampleSeries(
        metric="latency", unit="ms", start=NOVEMBER.start, step_seconds=3600, decimals=0, values=values
    )
    times = [(NOVEMBER.start + timedelta(days=a), NOVEMBER.start + timedelta(days=a + b)) for a, b in stretches]
    told = ServiceFacts(
        service="S",
        series=(samples,) if values else (),
        outages=tuple(Outage(reference=f"o-{at}", start=a, end=b) for at, (a, b) in enumerate(times[::2])),
        maintenance=tuple(
            MaintenanceWindow(reference=f"m-{at}", start=a, end=b) for at, (a, b) in enumerate(times[1::2])
        ),
    )
    return series_of(
        told, metric="latency" if values else "availability", unit="ms" if values else "percent", window=NOVEMBER,
        as_of=NOVEMBER.end, zone=ZONE, target=None if target is None else Decimal(target), corrected_at=REPAIRED,
    )  # fmt: skip


@pytest.mark.parametrize("metric", ["availability", "latency"])
def test_a_picture_looks_as_a_renderer_of_svg_draws_it(metric: str) -> None:
    series = course(metric)

    assert max(differences(opened(as_png(series, SAID)), rendered(as_svg(series, SAID)))) < 1.5


@given(
    values=st.lists(st.one_of(st.none(), st.integers(0, 500)), max_size=700),
    stretches=st.lists(st.tuples(st.floats(0, 29), st.floats(0.01, 3)), max_size=8),
    target=st.one_of(st.none(), st.integers(0, 500)),
)
@example(values=[5], stretches=[], target=5)
@example(values=[1, 500] * 300, stretches=[(0, 3), (1, 3), (1, 3), (2, 3)], target=250)
@settings(max_examples=25, deadline=None)
def test_whatever_was_measured_is_drawn_as_a_renderer_of_svg_draws_it(
    values: list[int | None], stretches: list[tuple[float, float]], target: int | None
) -> None:
    series = curve(values, stretches, target)
    if can_draw(series):  # corners are round here and pointed there
        assert max(differences(draw(as_svg(series, SILENT)), rendered(as_svg(series, SILENT)))) < 4


@pytest.mark.parametrize("metric", ["availability", "latency"])
def test_the_palette_keeps_every_colour_and_the_white_of_the_ground(metric: str) -> None:
    drawn = draw(as_svg(course(metric), SAID))
    kept = opened(to_png(drawn, INKS, TINTS))

    difference = ImageChops.difference(drawn, kept)
    assert max(high for _, high in difference.getextrema()) < 48
    assert max(ImageStat.Stat(difference).mean) < 0.3
    assert kept.getpixel((0, 0)) == (255, 255, 255)
    main = sorted(drawn.getcolors(10_000), reverse=True)[:3]
    assert {colour for _, colour in main} <= {colour for _, colour in kept.getcolors(10_000)}


def test_the_palette_has_room_for_its_colours() -> None:
    assert len(palette(INKS, TINTS).getpalette()) <= 3 * 256


def test_hostile_words_are_only_words() -> None:
    hostile = Words("<b>&\x00\ud800\u202e", "\U0001f600 \u4e2d", "", " ", "\u0301" * 9, '"')

    assert opened(as_png(course("latency"), hostile)).size == draw(as_svg(course("latency"), hostile)).size


@given(across=st.tuples(EDGE, EDGE), down=st.tuples(EDGE, EDGE), opacity=st.floats(0.1, 1))
def test_a_rectangle_darkens_as_much_as_its_area(
    across: tuple[float, float], down: tuple[float, float], opacity: float
) -> None:
    picture = Image.new("RGB", (20, 20), "#ffffff")
    (left, right), (top, below) = sorted(across), sorted(down)

    paint(picture, "#000000", [Bars([(left, right)], [(top, below)])], opacity=opacity)

    dark = 400 - ImageStat.Stat(picture).sum[0] / 255
    assert dark == pytest.approx(opacity * (right - left) * (below - top), abs=0.01 * 400)


def test_shapes_that_overlap_let_shine_through_as_one() -> None:
    picture = Image.new("RGB", (9, 9), "#ffffff")

    paint(picture, "#000000", [Outline([(0, 0), (9, 0), (0, 9)]), Bars([(0, 9)], [(0, 9)])], opacity=0.5)

    assert set(picture.getcolors()) == {(81, (127, 127, 127))}


def test_what_lies_outside_the_picture_is_left_out() -> None:
    picture = Image.new("RGB", (9, 9), "#ffffff")

    paint(
        picture, "#000000", [Bars([(-5, 3.5)], [(8, 20)]), Bars([(30, 40)], [(0, 9)]), Outline([(-9, 0), (-5, 3)], 2)]
    )

    assert sorted(count for count, _ in picture.getcolors()) == [1, 3, 77]

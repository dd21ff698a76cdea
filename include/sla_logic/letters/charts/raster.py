"""Draw the pictures of letters with Pillow: the SVG that `performance` and `bar` write, and no other.

A general SVG renderer gives a PNG of all colours, and to squeeze that and read it again takes longer than to draw; here
the picture is squeezed once. `tests/letters/test_raster.py` compares both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from include.sla_logic.letters.charts.palette import mixed
from include.sla_logic.letters.charts.png import FONTS, SCALE
from include.sla_logic.letters.charts.shapes import Bars, Course, Outline, Shape, paint

if TYPE_CHECKING:
    from PIL import Image, ImageFont

Point = tuple[float, float]
_STEP = re.compile(r"([A-Za-z])|(-?[\d.]+)")
_PLACE = re.compile(r"translate\(([-\d.]+),([-\d.]+)\)")
_ANCHORS = {"": "ls", "middle": "ms", "end": "rs"}


def draw(svg: str) -> Image.Image:
    """Return the picture in all colours, with `SCALE` pixels for each point."""
    from PIL import Image

    root = ET.fromstring(svg)  # noqa: S314 - written by this package
    image = Image.new("RGB", (SCALE * int(root.get("width", "")), SCALE * int(root.get("height", ""))), "#ffffff")
    _background, group = root
    place = _PLACE.fullmatch(group.get("transform", ""))
    origin = (float(place[1]), float(place[2])) if place else (0.0, 0.0)
    for part in group:
        if part.tag.endswith("path"):
            _draw_path(image, part, origin)
        else:
            _draw_text(image, part, origin, float(group.get("font-size", "")))
    return image


def _draw_path(image: Image.Image, part: ET.Element, origin: Point) -> None:
    courses = [[(SCALE * (x + origin[0]), SCALE * (y + origin[1])) for x, y in c] for c in _courses(part.get("d", ""))]
    if fill := part.get("fill"):
        paint(image, fill, map(_inside, courses), opacity=float(part.get("fill-opacity", "1")))
    if stroke := part.get("stroke"):
        width = SCALE * float(part.get("stroke-width", "1"))
        dashes = [SCALE * float(length) for length in part.get("stroke-dasharray", "").split()]
        beyond = width / 2 if part.get("stroke-linecap") == "square" else 0.0
        paint(image, stroke, (_below_pen(course, width, dashes, beyond) for course in courses))


def _courses(path: str) -> list[Course]:
    """Return the points of each course of a path that is made of straight lines."""
    courses: list[Course] = []
    command, x = "", None
    for letter, digits in _STEP.findall(path):
        if letter == "M":
            courses.append([])
        if letter:
            command = letter
            continue
        number = float(digits)
        if command == "M" and x is None:
            x = number
        elif command == "M" and x is not None:
            courses[-1].append((x, number))
            x = None
        else:
            left, top = courses[-1][-1]
            ends = {"H": (number, top), "h": (left + number, top), "V": (left, number), "v": (left, top + number)}
            courses[-1].append(ends[command])
    return courses


def _inside(course: Course) -> Shape:
    corners = 4
    if len(course) == corners and all(course[at - 1][at % 2] == course[at][at % 2] for at in range(corners)):
        xs, ys = zip(*course, strict=True)
        return Bars([(min(xs), max(xs))], [(min(ys), max(ys))])
    return Outline(course)


def _below_pen(course: Course, width: float, dashes: Sequence[float], beyond: float) -> Shape:
    """Return what a pen covers that ends that far beyond a line; only a line along an axis has dashes."""
    (x, y), (right, below) = course[0], course[-1]
    if len(course) > 2 or (x != right and y != below):  # noqa: PLR2004 - more than one line
        return Outline(course, width)
    low, high = sorted((x, right) if y == below else (y, below))
    along = list(_dashed(low, high, dashes)) if dashes else [(low - beyond, high + beyond)]
    return (
        Bars(along, [(y - width / 2, y + width / 2)]) if y == below else Bars([(x - width / 2, x + width / 2)], along)
    )


def _dashed(low: float, high: float, dashes: Sequence[float]) -> Iterator[Point]:
    while low < high:
        yield low, min(low + dashes[0], high)
        low += sum(dashes)


def _draw_text(image: Image.Image, part: ET.Element, origin: Point, size: float) -> None:
    pixels, bold = round(SCALE * size), part.get("font-weight") == "bold"
    x, y = (SCALE * (float(part.get(name, "")) + start) for name, start in zip("xy", origin, strict=True))
    anchor, around = _ANCHORS[part.get("text-anchor", "")], round(SCALE * float(part.get("stroke-width", "0")) / 2)
    for said, colour, opacity in _pieces(part):
        if not said:
            continue
        for width, ink in ((around, part.get("stroke")), (0, mixed(colour, opacity))):
            if ink:
                mask, (left, top) = _written(said, pixels, anchor, width, bold=bold)
                image.paste(ink, (round(x) + left, round(y) + top), mask)
        x += _font(pixels, bold=bold).getlength(said)


@lru_cache(maxsize=1024)
def _written(said: str, pixels: int, anchor: str, around: int, *, bold: bool) -> tuple[Image.Image, tuple[int, int]]:
    """Return words as the share of each pixel that they cover, and where that lies from their anchor.

    Most letters have the same words and dates: they are drawn once.
    """
    from PIL import Image, ImageDraw

    font = _font(pixels, bold=bold)
    left, top, right, below = (round(edge) for edge in font.getbbox(said, anchor=anchor, stroke_width=around))
    mask = Image.new("L", (max(1, right - left), max(1, below - top)))
    ImageDraw.Draw(mask).text((-left, -top), said, 255, font, anchor, stroke_width=around)
    return mask, (left, top)


def _pieces(part: ET.Element) -> Iterator[tuple[str, str, float]]:
    """Return words with their colour and opacity."""
    ink = part.get("fill", "")
    yield part.text or "", ink, 1.0
    for span in part:
        yield span.text or "", span.get("fill", ink), float(span.get("fill-opacity", "1"))
        yield span.tail or "", ink, 1.0


@cache
def _font(size: int, *, bold: bool) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    # The layout that every Pillow has: the other one needs a library of the operating system.
    return ImageFont.truetype(FONTS[bold], size, layout_engine=ImageFont.Layout.BASIC)


def load_fonts(size: float) -> None:
    """Read the fonts now rather than with the first picture, whose words have that size."""
    for bold in (False, True):
        _written("0", round(SCALE * size), "ls", 0, bold=bold)

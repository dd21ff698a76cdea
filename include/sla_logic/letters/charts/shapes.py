"""Paint shapes on a picture, each pixel as far as it is covered; lengths in pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from PIL import Image

Course = list[tuple[float, float]]
Box = tuple[int, int, int, int]  # left, top, right, below
FINE = 3  # times finer in both directions than the picture
STRIP = 64


class Shape(Protocol):
    """Something to paint."""

    def box(self) -> Box:
        """Return where it is."""

    def coverage(self, box: Box) -> Image.Image:
        """Return of each pixel in the box how much is covered, of 255."""


@dataclass(frozen=True)
class Bars:
    """The rectangles where one of `across` meets one of `down`; spans of one direction do not overlap."""

    across: Sequence[tuple[float, float]]
    down: Sequence[tuple[float, float]]

    def box(self) -> Box:
        """Return where they are."""
        (left, right), (top, below) = _hull(self.across), _hull(self.down)
        return floor(left), floor(top), ceil(right), ceil(below)

    def coverage(self, box: Box) -> Image.Image:
        """Compute how much is covered: exactly."""
        from PIL import Image, ImageChops

        left, top, right, below = box
        size = right - left, below - top
        row, column = _shares(self.across, left, right), _shares(self.down, top, below)
        return ImageChops.multiply(
            Image.frombytes("L", (size[0], 1), row).resize(size, Image.Resampling.NEAREST),
            Image.frombytes("L", (1, size[1]), column).resize(size, Image.Resampling.NEAREST),
        )


@dataclass(frozen=True)
class Outline:
    """What is inside a course of straight lines, or below a pen of that width that follows it."""

    course: Course
    width: float = 0.0

    def box(self) -> Box:
        """Return where it is."""
        xs, ys = zip(*self.course, strict=True)
        reach = self.width / 2
        return floor(min(xs) - reach), floor(min(ys) - reach), ceil(max(xs) + reach), ceil(max(ys) + reach)

    def coverage(self, box: Box) -> Image.Image:
        """Draw `FINE` times finer and count."""
        from PIL import Image, ImageDraw

        left, top, right, below = box
        image = Image.new("L", (FINE * (right - left), FINE * (below - top)))
        pen = ImageDraw.Draw(image)
        course = [(FINE * (x - left) - 0.5, FINE * (y - top) - 0.5) for x, y in self.course]
        if self.width:
            pen.line(course, 255, round(FINE * self.width))
            reach = (FINE * self.width - 1) / 2
            for x, y in course:  # the corner between two lines, which the pen leaves open
                pen.ellipse((x - reach, y - reach, x + reach, y + reach), 255)
        else:
            pen.polygon(course, 255)
        return image.reduce(FINE)


def paint(image: Image.Image, colour: str, shapes: Iterable[Shape], *, opacity: float = 1.0) -> None:
    """Paint the shapes; where they are not opaque, those that overlap are painted as one."""
    from PIL import Image

    together = None if opacity == 1 else Image.new("L", image.size)
    for shape in shapes:
        left, top, right, below = shape.box()
        box = max(0, left), max(0, top), min(image.width, right), min(image.height, below)
        if box[0] >= box[2] or box[1] >= box[3]:
            continue
        coverage = shape.coverage(box)
        if together is None:
            _paste(image, colour, coverage, box[:2], opacity)
        else:
            together.paste(255, box, coverage)
    if together is not None:
        _paste(image, colour, together, (0, 0), opacity)


def _paste(image: Image.Image, colour: str, coverage: Image.Image, place: tuple[int, int], opacity: float) -> None:
    """Paint strip by strip: most of a curve's field is empty, and pixels that are empty cost as much as others."""
    weaker = [round(opacity * value) for value in range(256)]
    step = STRIP if coverage.height > STRIP else coverage.width
    for left in range(0, coverage.width, step):
        strip = coverage.crop((left, 0, min(left + step, coverage.width), coverage.height))
        if box := strip.getbbox():
            part = strip.crop(box) if opacity == 1 else strip.crop(box).point(weaker)
            image.paste(colour, (place[0] + left + box[0], place[1] + box[1]), part)


def _hull(spans: Sequence[tuple[float, float]]) -> tuple[float, float]:
    return min(low for low, _ in spans), max(high for _, high in spans)


def _shares(spans: Sequence[tuple[float, float]], first: int, end: int) -> bytes:
    """Return how much of each pixel from `first` to before `end` the spans cover, of 255."""
    shares = bytearray(end - first)
    for one, other in spans:
        low, high = max(one, first) - first, min(other, end) - first
        start, last = floor(low), ceil(high) - 1
        if start == last:
            shares[start] = min(255, shares[start] + round(255 * (high - low)))
        elif start < last:
            shares[start] = min(255, shares[start] + round(255 * (start + 1 - low)))
            shares[start + 1 : last] = b"\xff" * (last - start - 1)
            shares[last] = min(255, shares[last] + round(255 * (high - last)))
    return bytes(shares)

"""One palette for the pictures of all letters: to look for each picture's own takes several times as long."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

Ink = str  # as in SVG: #rrggbb
Rgb = tuple[int, int, int]
WHITE = "#ffffff"
ON_WHITE, ON_TINT = 7, 2  # shades between ink and ground, for the edges of lines and letters
APART = 8  # of 255: Pillow confuses colours that are nearer, and the ground must stay white


def mixed(ink: Ink, share: float, ground: Ink = WHITE) -> Ink:
    """Return the colour of an ink of that opacity on a ground."""
    pairs = zip(_rgb(ink), _rgb(ground), strict=True)
    return "#" + "".join(f"{round(share * over + (1 - share) * below):02x}" for over, below in pairs)


def to_png(picture: Image.Image, inks: tuple[Ink, ...], tints: tuple[Ink, ...]) -> bytes:
    """Keep the picture as a palette of these colours and the shades between them; equal pictures give equal bytes.

    `tints` are the grounds besides white on which something is drawn.
    """
    from PIL import Image

    small = BytesIO()
    picture.quantize(palette=palette(inks, tints), dither=Image.Dither.NONE).save(small, "PNG", compress_level=4)
    return small.getvalue()


@cache
def palette(inks: tuple[Ink, ...], tints: tuple[Ink, ...]) -> Image.Image:
    """Return the inks, and the shades between each and the grounds on which it is drawn, as Pillow wants them."""
    from PIL import Image

    colours = [_rgb(colour) for colour in dict.fromkeys((WHITE, *inks, *tints))]
    shades = [shade for ink in (*inks, *tints) for shade in _shades(ink, WHITE, ON_WHITE)]
    shades += [shade for ink in inks for tint in tints for shade in _shades(ink, tint, ON_TINT)]
    for red, green, blue in map(_rgb, shades):
        if all(max(abs(red - r), abs(green - g), abs(blue - b)) >= APART for r, g, b in colours):
            colours.append((red, green, blue))
    kept = Image.new("P", (1, 1))
    kept.putpalette([value for colour in colours for value in colour])
    return kept


def _shades(ink: Ink, ground: Ink, count: int) -> list[Ink]:
    return [mixed(ink, (number + 1) / (count + 1), ground) for number in range(count)]


def _rgb(colour: Ink) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)

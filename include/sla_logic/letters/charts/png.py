"""Draw SVG as PNG files, as small as their content allows."""

import re
from io import BytesIO
from pathlib import Path

COLOURS = 64  # a chart has a dozen, and the shades between them at the edges of its letters
SCALE = 2  # pixels for each point, for sharp screens and for print
FONTS = tuple(Path(__file__).with_name("fonts") / f"LiberationSans-{face}.ttf" for face in ("Regular", "Bold"))
_SIZE = re.compile(r'width="(\d+)" height="(\d+)"')
_AS_IT_IS = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)  # neither moved, turned nor stretched


def to_png(svg: str) -> bytes:
    """Draw a picture for a letter; equal pictures give equal bytes."""
    return few_colours(to_full_png(svg))


def to_full_png(svg: str) -> bytes:
    """Draw in all colours, with the fonts beside this module and no others: every machine draws the same."""
    from resvg import render, usvg

    options = usvg.Options.default()
    for font in FONTS:
        options.load_font_file(str(font))
    sharp = _SIZE.sub(lambda size: f'width="{SCALE * int(size[1])}" height="{SCALE * int(size[2])}"', svg, count=1)
    return bytes(render(usvg.Tree.from_str(sharp, options), _AS_IT_IS))


def few_colours(png: bytes) -> bytes:
    """Keep a picture as a palette of its main colours: half of the bytes, and quicker than squeezing them all."""
    from PIL import Image

    small = BytesIO()
    with Image.open(BytesIO(png)) as picture:
        picture.convert("RGB").quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            small, "PNG", compress_level=4
        )
    return small.getvalue()

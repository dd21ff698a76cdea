"""The picture of the process in the README: `python -m tests.web.process_for_a_page` draws it again.

The grid is that of the desk's picture, turned so that the process runs down and a department is a column;
1,000 px wide.
"""

from pathlib import Path
from xml.sax.saxutils import escape

from include.sla_logic.process.graph import EDGES, STEPS, Edge
from include.sla_logic.process.layout import AROUND, BANDS, COLUMNS, PLACES, Band, label_of

STORED = Path(__file__).resolve().parents[2] / "docs" / "pictures" / "process.svg"
ACROSS, DOWN, WIDE, HIGH, HEAD, MARGIN = 110, 62, 88, 40, 42, 5
WIDTH = 2 * MARGIN + ACROSS * max(band.row + band.rows for band in BANDS)
HEIGHT = HEAD + DOWN * COLUMNS + MARGIN
STYLE = """
text { font: 12px Helvetica, Arial, sans-serif; fill: #14202b; text-anchor: middle }
.lane { fill: #eef2f6 } .lane + text { font-weight: bold; font-size: 13px }
.step { fill: #fff; stroke: #5b6f82 } .asks { fill: #fdf3d8; stroke: #a8791d }
.line { fill: none; stroke: #5b6f82; marker-end: url(#tip) } .answer { font-style: italic; text-anchor: start }
"""


def picture() -> str:
    """Draw the process as SVG."""
    tip = '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f"<style>{STYLE}</style>",
        f'<defs>{tip}<path d="M0,0 L8,4 L0,8 z" fill="#5b6f82"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        *map(_lane, BANDS),
        *map(_line, EDGES),
        *map(_step, PLACES),
        "</svg>",
    ]
    return "\n".join(drawn) + "\n"


def _centre(task: str) -> tuple[int, int]:
    place = PLACES[task]
    return MARGIN + place.row * ACROSS + ACROSS // 2, HEAD + place.column * DOWN + DOWN // 2


def _lane(band: Band) -> str:
    left, wide = MARGIN + band.row * ACROSS + 2, band.rows * ACROSS - 4
    words = [band.lane.value] if band.rows > 1 else band.lane.value.replace("& ", "&\n").split("\n")
    return (
        f'<rect class="lane" x="{left}" y="4" width="{wide}" height="{HEIGHT - 8}" rx="6"/>'
        f"{_text(left + wide // 2, 23, words)}"
    )


def _step(task: str) -> str:
    x, y = _centre(task)
    kind = "step asks" if STEPS[task].chooses else "step"
    box = f'<rect class="{kind}" x="{x - WIDE // 2}" y="{y - HIGH // 2}" width="{WIDE}" height="{HIGH}" rx="5"/>'
    return f"{box}{_text(x, y, PLACES[task].lines)}"


def _text(x: int, y: int, words: tuple[str, ...] | list[str]) -> str:
    top = y + 4 - 7 * (len(words) - 1)
    lines = (f'<tspan x="{x}" y="{top + 14 * number}">{escape(word)}</tspan>' for number, word in enumerate(words))
    return f"<text>{''.join(lines)}</text>"


def _line(edge: Edge) -> str:
    points = _points(edge)
    line = f'<polyline class="line" points="{" ".join(f"{x},{y}" for x, y in points)}"/>'
    answer = label_of(edge.before, edge.after)
    (x, y), (next_x, _) = points[0], points[1]
    at = (x + 4, y + 13) if next_x == x else (x + 3, y - 4) if next_x > x else (x - 21, y - 5)
    return line + (f'<text class="answer" x="{at[0]}" y="{at[1]}">{answer}</text>' if answer else "")


def _points(edge: Edge) -> list[tuple[int, int]]:
    """Return the corners of a line: straight where it can be, else with one corner, or around other steps."""
    (x, y), (to_x, to_y) = _centre(edge.before), _centre(edge.after)
    aside = WIDE // 2 if to_x > x else -WIDE // 2
    if (edge.before, edge.after) == AROUND:
        return [(x, y + HIGH // 2), (x, to_y + DOWN // 2), (to_x, to_y + DOWN // 2), (to_x, to_y + HIGH // 2)]
    if x == to_x:
        return [(x, y + HIGH // 2), (to_x, to_y - HIGH // 2)]
    if y == to_y:
        return [(x + aside, y), (to_x - aside, to_y)]
    if len(STEPS[edge.before].followed_by) > 1:
        return [(x + aside, y), (to_x, y), (to_x, to_y - HIGH // 2)]
    return [(x, y + HIGH // 2), (x, to_y), (to_x - aside, to_y)]


if __name__ == "__main__":
    STORED.write_text(picture(), encoding="utf-8")

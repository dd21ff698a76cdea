"""Write the parts of a picture as SVG.

No charting library: each of those measured took three times as long or more for a picture, and a second or more to
start in each new process, which is what every task of a run is.
"""

from xml.sax.saxutils import escape

INK, SOFT, RULE = "#16212e", "#586676", "#e3e8ee"
READABLE = ' stroke="#ffffff" stroke-width="5" stroke-linejoin="round" paint-order="stroke"'  # white around the letters


def document(width: float, height: float, left: float, top: float, size: float, body: str) -> str:
    """Return a whole picture on white; `body` is drawn from the point (`left`, `top`) with words of that size."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}"><rect width="100%" height="100%" fill="#ffffff"/>'
        f'<g transform="translate({left:.0f},{top})" fill="none" font-size="{size}"'
        f' font-family="Liberation Sans, Arial, Helvetica, sans-serif">{body}</g></svg>'
    )


def text(x: float, y: float, said: str, colour: str, *, anchor: str = "", more: str = "") -> str:
    """Write words at a point."""
    placed = f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}"{placed}{more}>{fit(said)}</text>'


def fit(said: str) -> str:
    """Leave out what XML does not know."""
    return escape("".join(sign for sign in said if sign.isprintable() or sign == "\u00a0"))

"""Pictures of simulations: credits by month, how many windows differ by how much, the cost over a range of a term."""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil

from include.sla_logic.letters.charts.axes import round_steps
from include.sla_logic.letters.charts.panels import Scale
from include.sla_logic.letters.charts.svg import INK, RULE, SOFT, document, fit, text

OLD, NEW = "#8fa6bf", "#0b4a8f"
DEARER, CHEAPER = "#d64545", "#2f8f5b"
HEIGHT, TOP, BELOW, EDGE = 150, 46, 44, 14
TYPE, LETTER = 14, 8  # pixels
WIDTH = 300  # of the field, where nothing else is asked for
_MOST_NAMES = 6


def as_months(months: Sequence[tuple[str, Decimal, Decimal]], currency: str, *, width: float = WIDTH) -> str:
    """Draw what the old and the new contract owe by month (2026-10), as pairs of bars."""
    scale = Scale.around([0.0, *(float(one) for _month, *both in months for one in both)], HEIGHT)
    step = width / max(len(months), 1)
    bars = names = ""
    every = max(1, ceil(len(months) / _MOST_NAMES))
    for place, (month, old, new) in enumerate(months):
        for side, (amount, colour) in enumerate(((old, OLD), (new, NEW))):
            said = f"{month} {'new' if side else 'old'}: {amount:,} {currency}"
            bars += _bar(step * (place + 0.12 + 0.38 * side), step * 0.38, scale, float(amount), colour, said)
        if place % every == 0:
            names += text(step * (place + 0.5), HEIGHT + 18, month, SOFT, anchor="middle")
    legend = _legend((("on record", OLD), ("new", NEW)))
    return _framed(f"Owed by month, {currency}", legend, scale, bars + names, width)


def as_differences(differences: Sequence[Decimal], currency: str, *, width: float = WIDTH) -> str:
    """Draw a histogram of what the new contract costs more in a window; windows without a difference are left out."""
    values = [float(one) for one in differences if one]
    steps = round_steps(min([0.0, *values]), max([0.0, *values]), about=10)
    across = Scale(steps, width)
    counts = [0] * (len(steps) - 1)
    span = steps[1] - steps[0]
    for value in values:
        counts[min(int((value - steps[0]) / span), len(counts) - 1)] += 1
    up = Scale.around([0.0, *map(float, counts)], HEIGHT)
    bars = names = ""
    for place, count in enumerate(counts):
        low, high = steps[place], steps[place + 1]
        said = f"{count} windows: {low:+,g} to {high:+,g} {currency}"
        bars += _bar(
            across.at(low) + 1, across.at(high) - across.at(low) - 2, up, count, DEARER if low >= 0 else CHEAPER, said
        )
    every = max(1, ceil(len(steps) / _MOST_NAMES))
    for step in steps[::every]:
        names += text(across.at(step), HEIGHT + 18, f"{step:+,g}".replace("-", "\u2212"), SOFT, anchor="middle")
    legend = _legend((("cheaper", CHEAPER), ("dearer", DEARER)))
    return _framed(f"Windows by difference, {currency}", legend, up, bars + names, width)


def as_curve(term: str, steps: Sequence[tuple[str, Decimal | None]], now: Decimal, currency: str) -> str:
    """Draw what a contract owes at even steps of a term beside what is owed `now`; None where it is refused."""
    scale = Scale.around([0.0, float(now), *(float(owed) for _value, owed in steps if owed is not None)], HEIGHT)
    step = WIDTH / max(len(steps) - 1, 1)
    every = max(1, ceil(len(steps) / _MOST_NAMES))
    line = dots = names = ""
    for place, (value, owed) in enumerate(steps):
        if owed is not None:
            x, y = step * place, scale.up(float(owed))
            goes_on = place > 0 and steps[place - 1][1] is not None
            line += f"{'L' if goes_on else 'M'}{x:.1f},{y:.1f}"
            dots += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{NEW}">'
            dots += f"<title>{fit(f'{value}: {owed:,} {currency}')}</title></circle>"
        if place % every == 0:
            anchor = "middle" if place + 1 < len(steps) else "end"  # nothing stands right of the field
            names += text(step * place, HEIGHT + 18, fit(value), SOFT, anchor=anchor)
    level = scale.up(float(now))
    body = f'<path d="M0,{level:.1f}H{WIDTH}" stroke="{OLD}" stroke-width="2" stroke-dasharray="5 3"/>'
    body += f'<path d="{line}" fill="none" stroke="{NEW}" stroke-width="2"/>{dots}{names}'
    body += text(WIDTH / 2, HEIGHT + 34, fit(term), SOFT, anchor="middle")
    return _framed(f"Owed, {currency}", _legend((("on record", OLD), ("new", NEW))), scale, body)


def _bar(x: float, width: float, scale: Scale, value: float, colour: str, said: str) -> str:
    top = scale.up(value)
    return (
        f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{scale.up(0) - top:.1f}" fill="{colour}">'
        f"<title>{fit(said)}</title></rect>"
    )


def _legend(entries: Sequence[tuple[str, str]]) -> str:
    drawn, x = "", 0.0
    for said, colour in entries:
        drawn += f'<rect x="{x:.1f}" y="-14" width="9" height="9" fill="{colour}"/>' + text(x + 13, -6, said, INK)
        x += 13 + LETTER * (len(said) + 2)
    return drawn


def _framed(title: str, legend: str, scale: Scale, body: str, width: float = WIDTH) -> str:
    labels = scale.labels()
    left = EDGE + LETTER * max(len(said) for _at, said in labels)
    lines = f'<path d="{"".join(f"M0,{at:.1f}H{width:g}" for at, _said in labels)}" stroke="{RULE}"/>'
    beside = "".join(text(-6, at + 4, said, INK, anchor="end") for at, said in labels)
    heading = text(-left + EDGE / 2, -28, title, INK, more=' font-weight="bold"')
    return document(
        left + width + EDGE, TOP + HEIGHT + BELOW, left, TOP, TYPE, heading + legend + lines + beside + body
    )

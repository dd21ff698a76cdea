"""A picture of several panels, one below the other, with their axes; lengths in points."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from include.sla_logic.domain.calendars import find_zone
from include.sla_logic.domain.period import Period
from include.sla_logic.letters.charts.axes import decimals_of, round_steps, round_times
from include.sla_logic.letters.charts.svg import INK, RULE, SOFT, document, text

WIDTH, HEIGHT, TYPE, LETTER = 640, 150, 12, 6.8  # the field of a panel, the size of its words, the width of a letter
ABOVE, BELOW, EDGE, RIGHT, TOP = 26, 44, 16, 40, 24
LONGEST_LABEL = 26
BOUND = SOFT
_BOLD = ' font-weight="bold"'


@dataclass(frozen=True)
class Panel:
    """One panel: `labels` stand left of it at their heights, `axis` below, `body` is drawn from its upper left."""

    title: str
    height: float
    labels: Sequence[tuple[float, str]]
    body: str
    axis: str


def stack(title: str, panels: Sequence[Panel], *, below: str = "") -> str:
    """Draw the panels below each other, their fields in one column, under a title and a line below it."""
    left = EDGE + LETTER * max((len(_short(label)) for panel in panels for _, label in panel.labels), default=0)
    body, y = text(-left + EDGE / 2, 0, title, INK, more=_BOLD), 0.0
    if below:
        y += TYPE + EDGE / 2
        body += text(-left + EDGE / 2, y, below, INK)
    for panel in panels:
        y += ABOVE
        labels = "".join(text(-8, at + 4, _short(label), INK, anchor="end") for at, label in panel.labels)
        heading = text(0, -8, panel.title, INK, more=_BOLD) if panel.title else ""
        axis = text(WIDTH / 2, panel.height + 34, panel.axis, SOFT, anchor="middle")
        body += f'<g transform="translate(0,{y:g})">{heading}{labels}{panel.body}{axis}</g>'
        y += panel.height + BELOW
    return document(left + WIDTH + RIGHT, TOP + y, left, TOP, TYPE, body)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}\u2026"


class TimeAxis:
    """The window from left to right, in wall-clock time.

    The contract zone's offset at the start of the window holds throughout: a change of the clocks turns no bar round.
    """

    def __init__(self, window: Period, zone: str) -> None:
        """Take the window in any zone."""
        offset = timezone(window.start.astimezone(find_zone(zone)).utcoffset() or timedelta())
        self._start, self._end = window.start.astimezone(offset), window.end.astimezone(offset)
        changes = window.end.astimezone(find_zone(zone)).utcoffset() != offset.utcoffset(None)
        self.title = f"time in {zone}{f', {offset} throughout' if changes else ''}"

    def at(self, moment: datetime) -> float:
        """Place a moment; what lies outside the window is placed at its edge."""
        share = (moment - self._start) / (self._end - self._start)
        return WIDTH * min(max(share, 0.0), 1.0)

    def drawn(self, height: float) -> str:
        """Draw a line for each day or hour that is named below a panel of that height."""
        times, hourly = round_times(self._start, self._end)
        return _marks(
            height, ((self.at(time), f"{time:%H:%M}" if hourly else f"{time.day} {time:%b}") for time in times)
        )


@dataclass(frozen=True)
class Scale:
    """Values between round steps on a length."""

    steps: Sequence[float]
    length: float

    @classmethod
    def around(cls, values: Iterable[float], length: float) -> Scale:
        """Choose round steps that hold all values."""
        known = list(values)
        return cls(round_steps(min(known, default=0.0), max(known, default=1.0)), length)

    def at(self, value: float) -> float:
        """Place a value from the left."""
        return self.length * (value - self.steps[0]) / (self.steps[-1] - self.steps[0])

    def up(self, value: float) -> float:
        """Place a value from below."""
        return self.length - self.at(value)

    def labels(self) -> list[tuple[float, str]]:
        """Name the steps of a vertical scale."""
        return [(self.up(step), self._said(step)) for step in self.steps]

    def lines(self) -> str:
        """Draw a line for each step of a vertical scale."""
        return f'<path d="{"".join(f"M0,{self.up(step):.1f}H{WIDTH}" for step in self.steps)}" stroke="{RULE}"/>'

    def marks(self, height: float) -> str:
        """Draw a line for each step of a horizontal scale below a panel of that height."""
        return _marks(height, ((self.at(step), self._said(step)) for step in self.steps))

    def _said(self, step: float) -> str:
        return f"{step:,.{decimals_of(self.steps)}f}".replace("-", "\u2212")


def _marks(height: float, marks: Iterable[tuple[float, str]]) -> str:
    lines = words = ""
    for x, said in marks:
        lines += f"M{x:.1f},0V{height + 5:g}"
        words += text(x, height + 18, said, SOFT, anchor="middle")
    return f'<path d="{lines}M0,{height:g}H{WIDTH}" stroke="{RULE}"/>{words}'

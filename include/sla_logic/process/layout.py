"""Where a picture draws each step: a grid of columns and rows. What follows what stands in `process/graph.py`."""

from dataclasses import dataclass

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.process.graph import STAGES, STEPS, Edge

STEP_X, STEP_Y, WIDE, HIGH = 118, 56, 94, 38
LEFT, HEAD = 14, 22  # space before the first column, and for the name of each lane


@dataclass(frozen=True)
class Place:
    """Where one step stands, and its name in at most two lines."""

    column: int
    row: int
    lines: tuple[str, ...]

    @property
    def asks(self) -> bool:
        """Tell whether the step is drawn as a question: its first choice is the answer yes, its second no."""
        return self.lines[-1].endswith("?")


@dataclass(frozen=True)
class Band:
    """One lane of the picture: its first row and how many rows it has."""

    lane: Lane
    row: int
    rows: int


PLACES = {
    "enter_problem_report": Place(0, 1, ("Enter", "problem report")),
    "compare_with_sla": Place(0, 2, ("Compare", "with SLA")),
    "determine_counter_measures": Place(0, 3, ("Determine", "measures")),
    "determine_customer_significance": Place(1, 3, ("Determine", "significance")),
    "is_customer_premium": Place(1, 2, ("Premium", "customer?")),
    "link_to_extra_problem_fix": Place(1, 1, ("Link to extra", "problem fix")),
    "does_significance_change_priorities": Place(2, 2, ("Priorities", "change?")),
    "reprioritize_counter_measures": Place(3, 2, ("Re-prioritise", "measures")),
    "create_detailed_problem_report": Place(3, 3, ("Detailed", "problem report")),
    "is_problem_analyzable": Place(3, 4, ("Analysable", "here?")),
    "analyze_problem": Place(4, 4, ("Analyse", "problem")),
    "create_trouble_report": Place(5, 4, ("Trouble", "report")),
    "send_to_resource_provisioning": Place(3, 5, ("Send to", "Provisioning")),
    "is_problem_detected": Place(3, 7, ("Problem", "detected?")),
    "analyze_resource_problem": Place(4, 7, ("Analyse", "resources")),
    "create_resource_trouble_report": Place(5, 7, ("Resource", "trouble report")),
    "notify_normal_execution": Place(4, 8, ("Normal", "execution")),
    "send_status_report": Place(6, 7, ("Send status", "report")),
    "prepare_final_status_report": Place(6, 4, ("Final status", "report")),
    "choose_counter_measures": Place(7, 4, ("Choose", "measures")),
    "send_actual_service_performance": Place(8, 4, ("Send service", "performance")),
    "undertake_minor_corrections": Place(8, 5, ("Minor", "corrections")),
    "request_automatic_restoration": Place(7, 6, ("Request", "restoration")),
    "await_restoration_request": Place(7, 7, ("Await request", "up to 2 days")),
    "track_errors": Place(8, 7, ("Track", "errors")),
    "undertake_restoration": Place(9, 7, ("Undertake", "restoration")),
    "send_troubleshooting_report": Place(10, 7, ("Trouble-", "shooting report")),
    "terminate_restoration": Place(8, 8, ("Terminate", "restoration")),
    "send_problem_resolution_report": Place(10, 5, ("Resolution", "report")),
    "receive_outcome": Place(10, 2, ("Receive", "outcome")),
    "create_customer_report": Place(11, 2, ("Customer", "report")),
    "report_sla_rebate": Place(11, 1, ("Report", "SLA rebate")),
    "adjust_billing": Place(11, 0, ("Adjust", "billing")),
    "send_customer_report": Place(12, 2, ("Send report", "to customer")),
    "close_incident": Place(12, 3, ("Close", "incident")),
}

# The line that would run through other steps: it goes around them, past the last column.
AROUND = ("terminate_restoration", "send_problem_resolution_report")


def _band(lane: Lane) -> Band:
    rows = [PLACES[step.name].row for stage in STAGES if stage.lane is lane for step in stage.steps]
    return Band(lane, min(rows), max(rows) - min(rows) + 1)


BANDS = tuple(sorted({_band(stage.lane) for stage in STAGES}, key=lambda band: band.row))
COLUMNS = 1 + max(place.column for place in PLACES.values())


def label_of(step: str, following: str) -> str:
    """Return the answer that leads from a question to the step that follows; empty for any other step."""
    if not PLACES[step].asks:
        return ""
    return "yes" if STEPS[step].followed_by[0].step == following else "no"


def left_of(column: int) -> int:
    """Return where the boxes of a column begin, in units of the picture."""
    return LEFT + column * STEP_X + (STEP_X - WIDE) // 2


def top_of(row: int) -> int:
    """Return where the boxes of a row begin, below the names of the lanes above it."""
    heads = sum(band.row <= row for band in BANDS)
    return row * STEP_Y + heads * HEAD + 4


def height_of(band: Band) -> int:
    """Return how high the background of a lane is."""
    return (band.rows - 1) * STEP_Y + HIGH + HEAD + 10


def points_of(edge: Edge) -> list[tuple[int, int]]:
    """Return the corners of a line: straight where it can be, else with one corner, or around other steps.

    A line leaves sideways, or up or down where several lines leave the same step.
    """
    source, target = PLACES[edge.before], PLACES[edge.after]
    sx, sy = left_of(source.column) + WIDE // 2, top_of(source.row) + HIGH // 2
    tx, ty = left_of(target.column) + WIDE // 2, top_of(target.row) + HIGH // 2
    down = 1 if ty > sy else -1
    if (edge.before, edge.after) == AROUND:
        gutter = tx + STEP_X // 2
        return [(sx + WIDE // 2, sy), (gutter, sy), (gutter, ty), (tx + WIDE // 2, ty)]
    if source.row == target.row:
        return [(sx + WIDE // 2, sy), (tx - WIDE // 2, ty)]
    if source.column == target.column:
        return [(sx, sy + down * HIGH // 2), (tx, ty - down * HIGH // 2)]
    if len(STEPS[edge.before].followed_by) > 1:
        return [(sx, sy + down * HIGH // 2), (sx, ty), (tx - WIDE // 2, ty)]
    return [(sx + WIDE // 2, sy), (tx, sy), (tx, ty - down * HIGH // 2)]


WIDTH = LEFT + STEP_X * COLUMNS + LEFT
HEIGHT = top_of(BANDS[-1].row + BANDS[-1].rows - 1) + HIGH + 14

"""The page Process: how often and how fast each step, which ways, where the time goes."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from include.sla_logic.process.graph import STAGES, STEPS
from include.sla_logic.services.process_view import Variant
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import Text
from include.sla_logic.web.process_picture import draw_figures
from include.sla_logic.web.rendering import length, render
from include.sla_logic.web.translations import gettext
from include.sla_logic.web.wording import title_of

router = APIRouter(route_class=DeskRoute, include_in_schema=False)


@router.get("/process", response_class=HTMLResponse)
def process(
    request: Request, use_cases: WithUseCases, month: Text = "", contract: Text = "", outcome: Text = ""
) -> HTMLResponse:
    """Show the figures of the incidents that were reported in a month; without one, in the present month."""
    months = use_cases.reports.recent_months()
    figures = use_cases.process_view.month(month or months[0], contract=contract, outcome=outcome)
    lanes = {step.name: stage.lane.value for stage in STAGES for step in stage.steps}
    page = render(
        request,
        "process.html.j2",
        figures=figures,
        months=months,
        chosen={"month": f"{figures.period.start:%Y-%m}", "contract": contract, "outcome": outcome},
        picture=draw_figures(figures, length),
        rows=[(name, lane, figures.steps[name]) for name, lane in lanes.items() if name in figures.steps],
        ways=[(way_in_words(variant), variant) for variant in figures.variants],
    )
    return HTMLResponse(page)


def way_in_words(variant: Variant) -> str:
    """Say what each decision and the wait chose, as the process labels it; a bare yes or no after its question."""
    ways = [(step, to) for step in variant.choices for to in STEPS[step].followed_by]
    said = [(step, to.label) for step, to in ways if to.step == variant.choices[step]]
    words = [f"{title_of(step)} {gettext(label)}" if label in {"yes", "no"} else gettext(label) for step, label in said]
    return " → ".join(words) or gettext("nothing decided yet")

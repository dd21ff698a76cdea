"""The page of simulation: what past windows would have cost under another contract. Nothing is written."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse

from include.sla_logic.domain.contract import read_contract
from include.sla_logic.domain.errors import ForeseenError, InvalidInputError
from include.sla_logic.domain.instants import read_day
from include.sla_logic.domain.sentence import Sentence, sentence_of
from include.sla_logic.domain.simulation import Simulation, percent
from include.sla_logic.services.charts import draw_simulation
from include.sla_logic.services.simulation import Asked
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.forms import Form
from include.sla_logic.web.rendering import render
from include.sla_logic.web.translations import gettext

FIELDS, ALONE = (210, 560), 1180  # pixels of a picture's field: narrow window, half a page; alone on a page
router = APIRouter(route_class=DeskRoute, include_in_schema=False)
MOST, ROWS = 2_000, 50  # services that are judged here; rows of a list
_EMPTY = {"contract": "", "instead_of": "", "first": "", "last": "", "claimed": ""}


class UnableToReadQuestion(InvalidInputError):
    """The form does not say what is to be simulated."""


@router.get("/simulation", response_class=HTMLResponse)
def simulation(request: Request, use_cases: WithUseCases) -> HTMLResponse:
    """Ask which contract stands in for which, and for which days."""
    return _page(request, use_cases.simulations.contracts(), _EMPTY)


@router.post("/simulation", response_class=HTMLResponse)
async def simulate(request: Request, use_cases: WithUseCases, form: Form) -> HTMLResponse:
    """Show what the new contract would have cost; a question that cannot be answered says why."""
    asked = {name: form.get(name, "") for name in _EMPTY}
    contracts = await run_in_threadpool(use_cases.simulations.contracts)
    try:
        found = await run_in_threadpool(use_cases.simulations.simulate, _read(asked), most=MOST)
    except ForeseenError as error:
        return _page(request, contracts, asked, refusal=sentence_of(error))
    return _page(request, contracts, asked, found=found)


def _read(asked: Mapping[str, str]) -> Asked:
    days = {name: read_day(asked[name]) for name in ("first", "last")}
    if days["first"] is None or days["last"] is None or not asked["contract"].strip():
        raise UnableToReadQuestion(gettext("Paste the new contract, and give both days as 2026-10-01."))
    return Asked(
        new=read_contract(asked["contract"].replace("\r\n", "\n"), name=Sentence("the contract")),
        first=days["first"],
        last=days["last"],
        old=asked["instead_of"] or None,
        claimed=bool(asked["claimed"]),
    )


def _charts(found: Simulation) -> list[tuple[str, list[Markup]]]:
    """Return what each picture shows, and it for a narrow window, for half a page, and for all of it if it is alone."""
    drawn = [draw_simulation(found, width=width) for width in FIELDS]
    if len(drawn[0]) == 1:
        drawn.append(draw_simulation(found, width=ALONE))
    return [(each[0][0], [Markup(svg) for _said, svg in each]) for each in zip(*drawn, strict=True)]  # noqa: S704 - ours


def _page(
    request: Request,
    contracts: list[str],
    asked: Mapping[str, str],
    *,
    found: Simulation | None = None,
    refusal: str = "",
) -> HTMLResponse:
    charts = [] if found is None else _charts(found)
    values = {"contracts": contracts, "asked": asked, "found": found, "refusal": refusal, "charts": charts}
    page = render(request, "simulation.html.j2", **values, percent=percent, rows=ROWS, most=MOST)
    return HTMLResponse(page, status_code=422 if refusal else 200)

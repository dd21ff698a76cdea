"""The pages of one incident, of a run, and of what belongs to an incident: documents and charts."""

import json
from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, Response

from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.errors import NotFoundError
from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.services.charts import draw_course, has_course
from include.sla_logic.services.incident_views import IncidentView, Member, UnableToFindIncident
from include.sla_logic.web.addresses import airflow_root, segment
from include.sla_logic.web.dependencies import WithUseCases, get_desk
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import Reference
from include.sla_logic.web.presenters import present_document
from include.sla_logic.web.process_picture import draw_process
from include.sla_logic.web.rendering import figure, length, render
from include.sla_logic.web.translations import FALLBACK, gettext, language, locale
from include.sla_logic.web.wording import in_words

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
# A picture has styles of its own, and can load or run nothing.
# The widest window for each width of the picture, in pixels: it fills its card, with type of about the page's size. Two
# cards stand side by side from 916 pixels on. The last is for a screen on the wall, where the page's type is larger.
PICTURES = (
    (400, 300),
    (520, 400),
    (720, 560),
    (915, 740),
    (1100, 440),
    (1300, 530),
    (1560, 650),
    (1899, 780),
    (0, 890),
)
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


class UnableToFindChart(NotFoundError):
    """The incident has no such chart."""


class UnableToFindDocument(NotFoundError):
    """The incident has no such document."""


@router.get("/incidents/{reference}", response_class=HTMLResponse)
def incident(request: Request, use_cases: WithUseCases, reference: Reference) -> HTMLResponse:
    """Show everything about one incident."""
    return HTMLResponse(_incident_page(request, use_cases.incident_views.of(reference)))


@router.get("/runs/{run_id}", response_class=HTMLResponse)
def run(request: Request, use_cases: WithUseCases, run_id: Reference) -> HTMLResponse:
    """Show the incident of one run of the process, or those that it carries, or that there is none yet."""
    if members := use_cases.cohorts.members(run_id):
        return HTMLResponse(_cohort_page(request, run_id, members))
    try:
        view = use_cases.incident_views.of(run_id)
    except UnableToFindIncident:
        return HTMLResponse(render(request, "no_incident.html.j2", run_id=run_id))
    return HTMLResponse(_incident_page(request, view))


def _incident_page(request: Request, view: IncidentView) -> str:
    case = view.case
    return render(
        request,
        "incident.html.j2",
        case=case,
        now=view.now,
        glance=view.glance,
        sent_files={number for note in case.notes for number in note.attachments},
        mails=view.mails,
        picture=draw_process(case),
        report=case.document(ProblemReport),
        comparison=case.document(SlaComparison),
        waiting_credits=view.held_credits,
        airflow=_airflow_run(request, case.airflow_run, parent=view.parent_run),
        plan=case.document(CounterMeasurePlan),
        significance=case.document(CustomerSignificance),
        documents=[(document, present_document(document.kind, document.body)) for document in case.documents],
        charts=list(_charts(view).items()),
        pictures=PICTURES,
    )


def _cohort_page(request: Request, run_id: str, members: tuple[Member, ...]) -> str:
    counts = sorted(Counter(member.state for member in members).items())
    values = {"members": members, "counts": counts, "airflow_run": _airflow_run(request, run_id)[0]}
    return render(request, "cohort.html.j2", run_id=run_id, **values)


def _airflow_run(request: Request, run_id: str, *, parent: str | None = None) -> tuple[str, str]:
    """Return the address of the run in Airflow, beside the mount of the desk, and its name; empty without Airflow.

    The extra process works on a child ticket; its run is named after that of the `parent`.
    """
    desk = get_desk(request)
    dag = desk.airflow_dag
    if parent is not None:
        dag, run_id = desk.extra_run(parent) if desk.extra_run else (None, "")
    root = airflow_root(request)
    if dag is None or root is None:
        return "", ""
    return f"{root}/dags/{segment(dag)}/runs/{segment(run_id)}", run_id


def _charts(view: IncidentView) -> dict[int, PerformanceSeries]:
    return {number: series for number, series in enumerate(view.series) if has_course(series)}


@router.get("/incidents/{reference}/charts/{number}.svg")
def chart(
    use_cases: WithUseCases,
    reference: Reference,
    number: Annotated[int, Path(ge=0, le=50)],
    width: Annotated[int, Query(ge=PICTURES[0][1], le=PICTURES[-1][1])] = PICTURES[-1][1],
) -> Response:
    """Draw the course of one objective, as the letter to the customer shows it."""
    series = _charts(use_cases.incident_views.of(reference)).get(number)
    if series is None:
        raise UnableToFindChart(gettext("The incident has no such chart."))
    measured = in_words(series.metric) if series.points else gettext("downtime")
    others = (gettext("outage"), gettext("planned work"), gettext("corrected"))
    signs = None if language() == FALLBACK else locale()
    drawn = draw_course(series, measured, _promise(series), others, width=width, locale=signs)
    return Response(drawn, media_type="image/svg+xml", headers={"Content-Security-Policy": SANDBOX})


def _promise(series: PerformanceSeries) -> str:
    if series.points or series.allowed_seconds is None:
        return gettext("promised: %(target)s", target=figure(series.target, series.unit))
    return gettext("allowed: %(time)s", time=length(float(series.allowed_seconds)))


@router.get("/incidents/{reference}/documents/{kind}/{round_number}")
def document(
    use_cases: WithUseCases, reference: Reference, kind: Annotated[str, Path(max_length=64)], round_number: int
) -> Response:
    """Return one document as the JSON in which it is stored."""
    case = use_cases.lookups.incident(reference)
    bodies = [each.body for each in case.documents if (each.kind, each.round) == (kind, round_number)]
    if not bodies:
        raise UnableToFindDocument(gettext("%(ticket)s has no such document.", ticket=case.ticket.id))
    return Response(json.dumps(bodies[0], indent=2, ensure_ascii=False), media_type="application/json")

"""The pages for one incident and one service."""

import json
from collections import Counter
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from sqlalchemy import Connection
from starlette.responses import HTMLResponse, Response

from include.sla_logic.domain.counter_measures import CounterMeasurePlan
from include.sla_logic.domain.customer_report import CustomerReport
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.performance import PerformanceSeries
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.significance import CustomerSignificance
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.persistence.cohort_members import Member, members_of
from include.sla_logic.persistence.contracts import UnableToFindRecord
from include.sla_logic.persistence.credit_decisions import held_credits_of
from include.sla_logic.persistence.incident_records import UnableToFindIncident
from include.sla_logic.persistence.queries.incident import Case, KeptDocument, run_of_parent, view_case
from include.sla_logic.persistence.queries.services import view_service
from include.sla_logic.persistence.service_assessment import course_of_service
from include.sla_logic.web.dependencies import Desk, WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.field_tables import read_aloud
from include.sla_logic.web.presenters import present_document
from include.sla_logic.web.process_picture import draw_process
from include.sla_logic.web.rendering import figure, length, render, segment

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
Reference = Annotated[str, Path(max_length=280)]


class UnableToFindChart(ForeseenError):
    """The incident has no such picture."""


@router.get("/incidents/{reference}", response_class=HTMLResponse)
def incident(request: Request, use_cases: WithUseCases, reference: Reference) -> HTMLResponse:
    """Show everything about one incident."""
    with use_cases.work.reading() as connection:
        case = view_case(connection, reference)
        return HTMLResponse(_incident_page(request, connection, use_cases.work.database.now(connection), case))


@router.get("/runs/{run_id}", response_class=HTMLResponse)
def run(request: Request, use_cases: WithUseCases, run_id: Reference) -> HTMLResponse:
    """Show the incident of one run of the process, or those that it carries, or that there is none yet."""
    with use_cases.work.reading() as connection:
        if members := members_of(connection, run_id):
            return HTMLResponse(_cohort_page(request, run_id, members))
        try:
            case = view_case(connection, run_id)
        except UnableToFindIncident:
            return HTMLResponse(render(request, "no_incident.html.j2", run_id=run_id))
        return HTMLResponse(_incident_page(request, connection, use_cases.work.database.now(connection), case))


def _incident_page(request: Request, connection: Connection, now: datetime, case: Case) -> str:
    return render(
        request,
        "incident.html.j2",
        case=case,
        now=now,
        picture=draw_process(case),
        report=case.document(ProblemReport),
        comparison=case.document(SlaComparison),
        waiting_credits=_undecided(connection, case),
        airflow=_airflow_run(request, case.airflow_run, parent=run_of_parent(connection, case.ticket)),
        plan=case.document(CounterMeasurePlan),
        significance=case.document(CustomerSignificance),
        documents=[
            (document, present_document(document.kind, document.body), read_aloud(document.body))
            for document in case.documents
        ],
        charts=_drawable(connection, now, case),
    )


def _cohort_page(request: Request, run_id: str, members: list[Member]) -> str:
    counts = sorted(Counter(member.state for member in members).items())
    values = {"members": members, "counts": counts, "airflow_run": _airflow_run(request, run_id)[0]}
    return render(request, "cohort.html.j2", run_id=run_id, **values)


def _undecided(connection: Connection, case: Case) -> set[str]:
    held = case.adjustment is not None and case.adjustment.held
    return {credit.reference for credit in held_credits_of(connection, case.ticket.id)} if held else set()


def _airflow_run(request: Request, run_id: str, *, parent: str | None = None) -> tuple[str, str]:
    """Return where Airflow shows the run, beside the mount of the desk, and its name; empty where it has none.

    A child ticket is worked on by the extra process, whose run is named after that of its `parent`.
    """
    desk: Desk = request.app.state.desk
    dag = desk.airflow_dag
    if parent is not None:
        dag, run_id = desk.extra_run(parent) if desk.extra_run else (None, "")
    if dag is None:
        return "", ""
    root = str(request.scope.get("root_path", "")).removesuffix(desk.prefix)
    return f"{root}/dags/{segment(dag)}/runs/{segment(run_id)}", run_id


def _drawable(connection: Connection, now: datetime, case: Case) -> list[tuple[int, PerformanceSeries]]:
    """Return what the customer was shown, or, as long as the incident goes on, what is measured now."""
    report = case.document(CustomerReport)
    series = report.series if report else _measured_now(connection, now, case)
    return [(number, each) for number, each in enumerate(series) if _has_something(each)]


def _measured_now(connection: Connection, now: datetime, case: Case) -> tuple[PerformanceSeries, ...]:
    said = case.document(ProblemReport)
    if said is None:
        return ()
    try:
        return course_of_service(connection, said.customer, said.service, at=said.observed_from, now=now)
    except UnableToFindRecord:
        return ()


def _has_something(series: PerformanceSeries) -> bool:
    seen = any(point.mean is not None for point in series.points)
    return series.shown.seconds > 0 and (seen or series.allowed_seconds is not None)


@router.get("/incidents/{reference}/charts/{number}.svg")
def chart(use_cases: WithUseCases, reference: Reference, number: Annotated[int, Path(ge=0, le=50)]) -> Response:
    """Draw the course of one objective, as the letter to the customer shows it."""
    from include.sla_logic.letters.charts.curve import counts_hours
    from include.sla_logic.letters.charts.performance import Words, as_svg

    with use_cases.work.reading() as connection:
        found = dict(_drawable(connection, use_cases.work.database.now(connection), view_case(connection, reference)))
    if number not in found:
        raise UnableToFindChart("The incident has no such picture.")
    series = found[number]
    measured = "downtime" if not series.points else series.metric.replace("_", " ")
    unit = series.unit if series.points else ("h" if counts_hours(series) else "min")
    words = Words(measured, _promise(series), "outage", "planned work", "corrected", unit)
    # A picture of its own: its styles are its own, and it can load or run nothing.
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
    return Response(as_svg(series, words), media_type="image/svg+xml", headers=headers)


def _promise(series: PerformanceSeries) -> str:
    if series.points or series.allowed_seconds is None:
        return f"promised: {figure(series.target, series.unit)}"
    return f"allowed: {length(float(series.allowed_seconds))}"


@router.get("/incidents/{reference}/documents/{kind}/{round_number}")
def document(
    use_cases: WithUseCases, reference: Reference, kind: Annotated[str, Path(max_length=64)], round_number: int
) -> Response:
    """Hand out one document as the JSON in which it is kept."""
    with use_cases.work.reading() as connection:
        case = view_case(connection, reference)
    found = [document for document in case.documents if (document.kind, document.round) == (kind, round_number)]
    if not found:
        raise UnableToFindChart(f"{case.ticket.id} has no such document.")
    return Response(_as_json(found[0]), media_type="application/json")


def _as_json(document: KeptDocument) -> str:
    return json.dumps(document.body, indent=2, ensure_ascii=False)


@router.get("/services/{service}", response_class=HTMLResponse)
def service(request: Request, use_cases: WithUseCases, service: Annotated[str, Path(max_length=64)]) -> HTMLResponse:
    """Show what the windows of a service's contracts promised, used up and paid."""
    with use_cases.work.reading() as connection:
        now = use_cases.work.database.now(connection)
        view = view_service(connection, service, now=now)
    return HTMLResponse(render(request, "service.html.j2", view=view, now=now))

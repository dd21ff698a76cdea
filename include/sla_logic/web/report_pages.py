"""The figures of one month, as page and for a spreadsheet."""

import csv
import io

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from include.sla_logic.services.reports import Group, MonthReport
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import Text
from include.sla_logic.web.rendering import render

router = APIRouter(route_class=DeskRoute, include_in_schema=False)

COLUMNS = (
    "month",
    "cut",
    "name",
    "incidents",
    "breaches",
    "escalated",
    "restored",
    "median_seconds_to_restore",
    "credits",
    "under_review",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get("/reports", response_class=HTMLResponse)
def reports(request: Request, use_cases: WithUseCases, month: Text = "") -> HTMLResponse:
    """Show the figures of one month; without one, of the present month."""
    months = use_cases.reports.recent_months()
    report = use_cases.reports.month(month or months[0])
    return HTMLResponse(render(request, "reports.html.j2", report=report, months=months, cuts=cuts(report)))


@router.get("/reports.csv")
def reports_as_csv(use_cases: WithUseCases, month: Text) -> Response:
    """Return the figures of one month for a spreadsheet."""
    report = use_cases.reports.month(month)
    name = f"incidents-{report.period.start:%Y-%m}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(_as_csv(report), media_type="text/csv; charset=utf-8", headers=headers)


def cuts(report: MonthReport) -> list[tuple[str, str, list[Group]]]:
    """Name the four ways in which a month is cut."""
    return [
        ("outcome", "By outcome", list(report.by_outcome)),
        ("cause", "By cause", list(report.by_cause)),
        ("contract", "By contract", list(report.by_contract)),
        ("department", "By department that corrected", list(report.by_department)),
    ]


def _as_csv(report: MonthReport) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    month = f"{report.period.start:%Y-%m}"
    for cut, _, groups in [("all", "", [report.total]), *cuts(report)]:
        writer.writerows((month, cut, *_cells(group)) for group in groups)
    return out.getvalue()


def _cells(group: Group) -> tuple[object, ...]:
    return (
        harmless(group.name),
        group.incidents,
        group.breaches,
        group.escalated,
        group.restored,
        "" if group.restored_within is None else int(group.restored_within.total_seconds()),
        "; ".join(map(str, group.credits)),
        "; ".join(map(str, group.under_review)),
    )


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet reads it as a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text

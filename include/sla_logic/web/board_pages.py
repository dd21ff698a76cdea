"""The pages for many incidents: the board and the reports."""

import csv
import io
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse, Response

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.persistence.paging import LAST_PAGE
from include.sla_logic.persistence.queries.attention import count_figures, waiting_restorations
from include.sla_logic.persistence.queries.board import SHOWN, BoardFilter, read_board
from include.sla_logic.persistence.queries.reports import Group, MonthReport, month_of, report_month
from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.rendering import render

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
PAGE_SIZE = 50

Text = Annotated[str, Query(max_length=64)]
Shown = Annotated[Literal["open", "waiting", "escalated", "on_hold", "settled", "all"], Query()]
PageNumber = Annotated[int, Query(ge=1, le=LAST_PAGE)]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get("/", response_class=HTMLResponse)
def board(  # noqa: PLR0913, PLR0917 - one parameter for each filter
    request: Request,
    use_cases: WithUseCases,
    shown: Shown = "open",
    lane: Text = "",
    priority: Annotated[str, Query(pattern="^(P[1-5])?$")] = "",
    customer: Text = "",
    service: Text = "",
    search: Text = "",
    page: PageNumber = 1,
) -> HTMLResponse:
    """Show the incidents in queue order, with what waits for a person above them."""
    wanted = BoardFilter(shown, lane, priority, customer.strip(), service.strip(), search.strip())
    with use_cases.work.reading() as connection:
        now = use_cases.work.database.now(connection)
        values = {
            "page": read_board(connection, wanted, now=now, page=page, size=PAGE_SIZE),
            "figures": count_figures(connection, now=now),
            "waiting": waiting_restorations(connection, now=now).rows,
        }
    lanes = [each.value for each in Lane if each not in {Lane.CUSTOMER, Lane.ELECTRONIC_SERVICE}]
    return HTMLResponse(render(request, "board.html.j2", wanted=wanted, now=now, lanes=lanes, shows=SHOWN, **values))


@router.get("/reports", response_class=HTMLResponse)
def reports(request: Request, use_cases: WithUseCases, month: Text = "") -> HTMLResponse:
    """Show the figures of one month; without one, of the present."""
    with use_cases.work.reading() as connection:
        now = use_cases.work.database.now(connection)
        report = report_month(connection, month_of(month or f"{now:%Y-%m}"))
    return HTMLResponse(render(request, "reports.html.j2", report=report, months=month_choices(now), cuts=cuts(report)))


@router.get("/reports.csv")
def reports_as_csv(use_cases: WithUseCases, month: Text) -> Response:
    """Hand the figures of one month to a spreadsheet."""
    with use_cases.work.reading() as connection:
        report = report_month(connection, month_of(month))
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
    writer.writerow(
        [
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
        ]
    )
    month = f"{report.period.start:%Y-%m}"
    for cut, _, groups in [("all", "", [report.total]), *cuts(report)]:
        for group in groups:
            seconds = "" if group.restored_within is None else int(group.restored_within.total_seconds())
            writer.writerow(
                [
                    month,
                    cut,
                    harmless(group.name),
                    group.incidents,
                    group.breaches,
                    group.escalated,
                    group.restored,
                    seconds,
                    "; ".join(map(str, group.credits)),
                    "; ".join(map(str, group.under_review)),
                ]
            )
    return out.getvalue()


def harmless(text: str) -> str:
    """Return the text so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def month_choices(now: datetime) -> list[str]:
    """Return the last twelve months, the present one first."""
    count = now.year * 12 + now.month - 1
    return [f"{(count - back) // 12}-{(count - back) % 12 + 1:02d}" for back in range(12)]

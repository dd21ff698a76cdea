"""The figures of one month, as page and for a spreadsheet."""

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from include.sla_logic.domain.erasure import MARK
from include.sla_logic.services.reports import Group, MonthReport
from include.sla_logic.services.tables import as_csv, finance_as_csv
from include.sla_logic.web.dependencies import CurrentCaller, WithUseCases
from include.sla_logic.web.erasure_action import ERASE
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.letter_pages import SANDBOX
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
    "provisional",
    "under_review",
)


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
    month = f"{report.period.start:%Y-%m}"
    groups = ((cut, group) for cut, _, found in [("all", "", [report.total]), *cuts(report)] for group in found)
    return as_csv(COLUMNS, ((month, cut, *_cells(group)) for cut, group in groups))


def _cells(group: Group) -> tuple[object, ...]:
    return (
        group.name,
        group.incidents,
        group.breaches,
        group.escalated,
        group.restored,
        "" if group.restored_within is None else int(group.restored_within.total_seconds()),
        "; ".join(map(str, group.credits)),
        "; ".join(map(str, group.provisional)),
        "; ".join(map(str, group.under_review)),
    )


@router.get("/reports/finance", response_class=HTMLResponse)
def finance(request: Request, use_cases: WithUseCases, month: Text = "") -> HTMLResponse:
    """Show credits as they stood at the end of one month; without one, of the present month."""
    months = use_cases.reports.recent_months()
    report = use_cases.reports.finance(month or months[0])
    return HTMLResponse(render(request, "finance.html.j2", report=report, months=months))


@router.get("/reports/finance.csv")
def finance_csv(use_cases: WithUseCases, month: Text) -> Response:
    """Return each of these credits for a spreadsheet."""
    text = finance_as_csv(use_cases.reports.finance(month))
    headers = {"Content-Disposition": f'attachment; filename="credits-{month}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/reports/finance.json")
def finance_json(use_cases: WithUseCases, month: Text) -> Response:
    """Return sums and credits for a program."""
    return Response(use_cases.reports.finance(month).model_dump_json(), media_type="application/json")


@router.get("/reports/customer", response_class=HTMLResponse)
def customer_report(
    request: Request, use_cases: WithUseCases, caller: CurrentCaller, customer: Text = "", month: Text = ""
) -> HTMLResponse:
    """Ask for a customer and a month, and offer their service report in every form."""
    months = use_cases.reports.recent_months()
    report = use_cases.monthly_reports.report(customer, month) if customer and month else None
    may_erase = caller.may_write and ERASE.is_for(caller.roles) and report is not None and report.customer_name != MARK
    values = {"report": report, "customer": customer, "months": months, "may_erase": may_erase}
    return HTMLResponse(render(request, "customer_report.html.j2", **values))


@router.get("/reports/customer/letter", response_class=HTMLResponse)
def customer_report_page(use_cases: WithUseCases, customer: Text, month: Text) -> HTMLResponse:
    """Show the service report as the customer would read it."""
    page = use_cases.monthly_reports.as_page(customer, month)
    return HTMLResponse(page, headers={"Content-Security-Policy": SANDBOX})


@router.get("/reports/customer/letter.pdf")
def customer_report_pdf(use_cases: WithUseCases, customer: Text, month: Text) -> Response:
    """Return the same report as PDF."""
    headers = {"Content-Disposition": "inline"}
    pdf = use_cases.monthly_reports.as_pdf(customer, month)
    return Response(pdf, media_type="application/pdf", headers=headers)


@router.get("/reports/customer.csv")
def customer_report_csv(use_cases: WithUseCases, customer: Text, month: Text) -> Response:
    """Return the same report for a spreadsheet, in the customer's language."""
    text = use_cases.monthly_reports.as_csv(customer, month)
    headers = {"Content-Disposition": f'attachment; filename="services-{month}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)

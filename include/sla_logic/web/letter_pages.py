"""The letter to the customer, as she reads it and as PDF."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.incident_pages import Reference

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
# A letter brings its own styles and pictures inside it, and can load, run or send nothing.
ALONE = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)


@router.get("/incidents/{reference}/letter", response_class=HTMLResponse)
def letter(use_cases: WithUseCases, reference: Reference) -> HTMLResponse:
    """Show the newest letter of an incident exactly as it was kept."""
    from include.sla_logic.letters.letter_outbox import as_page

    return HTMLResponse(as_page(use_cases.lookups.letter(reference)), headers={"Content-Security-Policy": ALONE})


@router.get("/incidents/{reference}/letter.pdf")
def letter_as_pdf(use_cases: WithUseCases, reference: Reference) -> Response:
    """Hand out the same letter as PDF."""
    from include.sla_logic.letters.pdf import as_pdf

    headers = {"Content-Disposition": "inline"}  # a name here would win over the ticket's, which the link gives
    return Response(as_pdf(use_cases.lookups.letter(reference)), media_type="application/pdf", headers=headers)

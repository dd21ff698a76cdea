"""The letter to the customer, as they read it and as PDF."""

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from include.sla_logic.web.dependencies import WithUseCases
from include.sla_logic.web.errors import DeskRoute
from include.sla_logic.web.parameters import Reference

router = APIRouter(route_class=DeskRoute, include_in_schema=False)
# A letter brings its own styles and pictures inside it, and can load, run or send nothing.
SANDBOX = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox"
)


@router.get("/incidents/{reference}/letter", response_class=HTMLResponse)
def letter(use_cases: WithUseCases, reference: Reference) -> HTMLResponse:
    """Show the newest letter of an incident exactly as it is stored."""
    return HTMLResponse(use_cases.letters.as_page(reference), headers={"Content-Security-Policy": SANDBOX})


@router.get("/incidents/{reference}/letter.pdf")
def letter_as_pdf(use_cases: WithUseCases, reference: Reference) -> Response:
    """Return the same letter as PDF."""
    headers = {"Content-Disposition": "inline"}  # a name here would win over the ticket's, which the link gives
    return Response(use_cases.letters.as_pdf(reference), media_type="application/pdf", headers=headers)

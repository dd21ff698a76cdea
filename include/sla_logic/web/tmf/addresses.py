"""Where the open APIs are served."""

from fastapi import Request

from include.sla_logic.web.refusals import OPEN_APIS


def root_of(request: Request) -> str:
    """Return the path before /tmf-api as the caller sees it, whatever Airflow is served under."""
    return str(request.scope.get("root_path", "")).removesuffix(OPEN_APIS)

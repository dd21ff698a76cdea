"""Every route of the desk, taken from the desk itself, and what each kind of caller is answered there."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Mount

FILLED = {
    "reference": "TT-000001",
    "id": "TT-000001",
    "specification": "incident",
    "run_id": "run-0-premium",
    "number": "0",
    "kind": "SlaComparison",
    "round_number": "1",
    "service": "S-1001",
    "subject": "TT-000001",
    "name": "hold",
    "month": "2026-11",
    "run": "1",
    "problem": "SP-000001",
    "seen": "PA-000001",
    "credit": "TT-000001",
    "bill": "none",
    "violation": "SV-000001",
    "task": "1",
    "record": "1",
    "order": "1",
    "cycle": "1",
    "listener": "1",
}
Sent = dict[str, dict[str, str]]
FORM: Sent = {"data": {"owner": "customer"}}
JSON: Sent = {"json": {}}
NOTHING: Sent = {}

# What TM Forum describes and is not offered: 405, after the login.
NOT_OFFERED = {
    "serviceProblemManagement/v5/serviceProblem": "POST",
    "serviceProblemManagement/v5/serviceProblem/{problem}": "PATCH DELETE",
    "serviceProblemManagement/v5/problemUnacknowledgement": "GET POST",
    "serviceProblemManagement/v5/problemUnacknowledgement/{task}": "GET",
    "serviceProblemManagement/v5/problemGroup": "GET POST",
    "serviceProblemManagement/v5/problemGroup/{task}": "GET",
    "serviceProblemManagement/v5/problemUngroup": "GET POST",
    "serviceProblemManagement/v5/problemUngroup/{task}": "GET",
    "serviceProblemManagement/v5/serviceProblemEventRecord": "GET",
    "serviceProblemManagement/v5/serviceProblemEventRecord/{record}": "GET",
    "customerBillManagement/v5/appliedCustomerBillingRate": "POST",
    "customerBillManagement/v5/customerBill/{bill}": "PATCH",
    "customerBillManagement/v5/customerBillOnDemand": "GET POST",
    "customerBillManagement/v5/customerBillOnDemand/{order}": "GET",
    "customerBillManagement/v5/billCycle": "GET",
    "customerBillManagement/v5/billCycle/{cycle}": "GET",
    "customerBillManagement/v5/hub": "POST",
    "customerBillManagement/v5/hub/{listener}": "DELETE",
}

# route: what an operator is answered, and what is sent; a reader is answered the same, or 403 where it can change.
READING = {
    "GET /": 200,
    "GET /waiting": 200,
    "GET /problems": 200,
    "GET /feeds": 200,
    "GET /settlement": 200,
    "GET /settlement/windows": 200,
    "GET /settlement/runs/{run}": 200,
    "GET /simulation": 200,
    "POST /simulation": 422,  # no contract was given; it changes nothing, so readers may ask
    "GET /files": 200,
    "GET /files/{number}": 422,  # uploads are counted from 1
    "GET /files/{number}/rejected.csv": 422,
    "GET /files/samples/{kind}.csv": 404,  # no import is of the kind of a document
    "GET /files/mappings/{name}.yaml": 404,
    "GET /files/facts?service=S-1001": 200,
    "GET /files/process-log?month=2026-11": 200,
    "GET /process": 200,
    "GET /process?month=2026-11&contract=office-access&outcome=restored": 200,
    "GET /reports": 200,
    "GET /reports.csv?month=2026-11": 200,
    "GET /reports/finance": 200,
    "GET /reports/finance.csv?month=2026-11": 200,
    "GET /reports/finance.json?month=2026-11": 200,
    "GET /reports/customer?customer=C-1001&month=2026-11": 200,
    "GET /reports/customer/letter?customer=C-1001&month=2026-11": 200,
    "GET /reports/customer/letter.pdf?customer=C-1001&month=2026-11": 200,
    "GET /reports/customer.csv?customer=C-1001&month=2026-11": 200,
    "GET /incidents/{reference}": 200,
    "GET /runs/{run_id}": 200,
    "GET /incidents/{reference}/charts/{number}.svg": 200,
    "GET /incidents/{reference}/documents/{kind}/{round_number}": 200,
    "GET /services/{service}": 200,
    "GET /incidents/{reference}/attachments/{number}": 404,  # nothing is attached
    "GET /api/v1/incidents/{reference}/attachments/{number}": 404,
    "GET /incidents/{reference}/letter": 200,
    "GET /incidents/{reference}/letter.pdf": 200,
    "GET /api/v1/incidents": 200,
    "GET /api/v1/incidents/{reference}": 200,
    "GET /api/v1/services/{service}": 200,
    "GET /api/v1/reports/{month}": 200,
    "GET /api/v1/restorations": 200,
    "GET /api/v1/credits": 200,
    "GET /api/v1/disputes": 200,
    "GET /api/v1/quarantine": 200,
    "GET /api/v1/messages": 200,
    "GET /api/v1/problems": 200,
    "GET /api/v1/audit": 200,
    "GET /api/v1/alarms": 200,
    "GET /api/v1/alarms/hit": 200,
    "GET /api/v1/settlement/periods": 200,
    "GET /api/v1/settlement/windows": 200,
    "GET /api/v1/settlement/runs": 200,
    "GET /api/v1/settlement/runs/{run}": 200,
    "GET /api/v1/openapi.json": 200,
    "GET /tmf-api/openapi.json": 200,
    "GET /tmf-api/troubleTicket/v5/troubleTicket": 200,
    "GET /tmf-api/troubleTicket/v5/troubleTicket/{id}": 200,
    "DELETE /tmf-api/troubleTicket/v5/troubleTicket/{id}": 405,
    "GET /tmf-api/troubleTicket/v5/troubleTicketSpecification": 200,
    "POST /tmf-api/troubleTicket/v5/troubleTicketSpecification": 405,
    "GET /tmf-api/troubleTicket/v5/troubleTicketSpecification/{specification}": 200,
    "PATCH /tmf-api/troubleTicket/v5/troubleTicketSpecification/{specification}": 405,
    "DELETE /tmf-api/troubleTicket/v5/troubleTicketSpecification/{specification}": 405,
    "GET /tmf-api/troubleTicket/v5/hub/{number}": 403,  # only partners have listeners: tests/events/test_hub.py
    "GET /tmf-api/serviceProblemManagement/v5/serviceProblem": 200,
    "GET /tmf-api/serviceProblemManagement/v5/serviceProblem/{problem}": 200,
    "GET /tmf-api/serviceProblemManagement/v5/problemAcknowledgement": 200,
    "GET /tmf-api/serviceProblemManagement/v5/problemAcknowledgement/{seen}": 404,
    "GET /tmf-api/customerBillManagement/v5/appliedCustomerBillingRate": 200,
    "GET /tmf-api/customerBillManagement/v5/appliedCustomerBillingRate/{credit}": 404,
    "GET /tmf-api/customerBillManagement/v5/customerBill": 200,
    "GET /tmf-api/customerBillManagement/v5/customerBill/{bill}": 404,
    "GET /tmf-api/serviceProblemManagement/v5/hub/{number}": 403,
    "GET /tmf-api/slaViolation/v1/hub/{number}": 403,
    "GET /tmf-api/slaViolation/v1/schema": 200,
    "GET /tmf-api/slaViolation/v1/slaViolation": 200,
    "GET /tmf-api/slaViolation/v1/slaViolation/{violation}": 200,
} | {f"{method} /tmf-api/{path}": 405 for path, methods in NOT_OFFERED.items() for method in methods.split()}
CHANGING = {
    "GET /acts/ticket/{subject}/{name}": (200, NOTHING),
    "POST /acts/ticket/{subject}/{name}": (422, FORM),  # no reason was given
    "GET /acts/ticket/many": (303, NOTHING),
    "POST /acts/ticket/many": (422, {"data": {"name": "hold", "owner": "customer"}}),
    "POST /files": (415, FORM),
    "POST /files/{number}/import": (422, FORM),
    "POST /files/{number}/discard": (422, FORM),
    "GET /new": (200, NOTHING),
    "POST /new": (422, FORM),
    "POST /incidents/{reference}/attachments": (415, FORM),  # no form with a file
    "POST /api/v1/incidents/{reference}/attachments?name=x": (415, JSON),
    "POST /api/v1/acts/ticket/{subject}/{name}": (422, JSON),
    "POST /api/v1/incidents": (422, JSON),
    "POST /tmf-api/troubleTicket/v5/troubleTicket": (400, JSON),
    "PATCH /tmf-api/troubleTicket/v5/troubleTicket/{id}": (400, JSON),
    "POST /tmf-api/serviceProblemManagement/v5/problemAcknowledgement": (400, JSON),
    "POST /tmf-api/troubleTicket/v5/hub": (403, {"json": {"callback": "https://hooks.example/x"}}),
    "DELETE /tmf-api/troubleTicket/v5/hub/{number}": (403, NOTHING),
    "POST /tmf-api/serviceProblemManagement/v5/hub": (403, {"json": {"callback": "https://hooks.example/x"}}),
    "DELETE /tmf-api/serviceProblemManagement/v5/hub/{number}": (403, NOTHING),
    "POST /tmf-api/slaViolation/v1/hub": (403, {"json": {"callback": "https://hooks.example/x"}}),
    "DELETE /tmf-api/slaViolation/v1/hub/{number}": (403, NOTHING),
}


# Monitoring systems send with a token of their own and need no login: tests/alarms/test_webhook.py.
SENDING = {"POST /api/v1/alarms", "POST /api/v1/alarms/alertmanager"}


def routes_of(app: FastAPI) -> set[str]:
    """Name every route of the desk as `METHOD path`."""
    return {f"{method} {path}" for path, route in _look(app.routes) for method in route.methods}


def _look(routes: list[BaseRoute], below: str = "") -> Iterator[tuple[str, APIRoute]]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield below + route.path, route
        elif hasattr(route, "original_router"):
            yield from _look(route.original_router.routes, below)
        else:
            assert isinstance(route, Mount), f"nobody walks {route}"
            if route.path != "/assets":
                assert isinstance(route.app, FastAPI), f"nobody walks {route}"
                yield from _look(route.app.routes, route.path)


def walk(walked: str) -> tuple[str, str, Sent]:
    """Return method, filled-in path and what is sent."""
    method, _, path = walked.partition(" ")
    _, sent = CHANGING.get(walked, (0, FORM if method == "POST" else NOTHING))
    return method, path.format_map(FILLED), sent


def pattern(walked: str) -> str:
    """Return the route that a walk takes."""
    return walked.partition("?")[0].replace("/acts/ticket/", "/acts/{kind}/")

"""TMF656 v5: a service problem and its acknowledgement."""

from include.sla_logic.domain.open_apis.parts import (
    Resource,
    characteristic,
    href_of,
    instant,
    reference,
    related,
    stated,
)
from include.sla_logic.domain.problem_view import Acknowledged, ProblemView
from include.sla_logic.domain.service_problem import ProblemEnd

API = "serviceProblemManagement/v5"
ENDS = {
    ProblemEnd.RESTORED: "Restored: the errors were seen gone after the orders to the network.",
    ProblemEnd.SUPERSEDED: "Superseded: something else was found at the resource, under another service problem.",
    ProblemEnd.LEFT: "Left: all its incidents have ended, and nothing was restored.",
}


def service_problem(view: ProblemView, *, root: str | None = None) -> Resource:
    """Write a service problem; `root` is the address of the Open APIs, None where nothing is linked to.

    What the schema has no field for stands as characteristic, since when it is there and when it was released, or as
    related entity: under which ticket it was analysed, and which services its alarm hits without an incident.
    """
    one = view.problem
    services = [*view.services, *(each for each in view.without_incident if each not in view.services)]
    restored = one.end is ProblemEnd.RESTORED
    return stated(
        {
            "@type": "ServiceProblem",
            "id": one.id,
            "href": href_of(root, API, "serviceProblem", one.id),
            "category": one.type_of_problem,
            "priority": view.priority,
            "description": f"{one.type_of_problem.replace('_', ' ').capitalize()} at {one.resource}.",
            "reason": one.reason,
            "status": view.status,
            "statusChangeDate": instant(one.closed_at),
            "statusChangeReason": None if one.end is None else ENDS[one.end],
            "creationDate": instant(one.opened_at),
            "resolutionDate": instant(one.closed_at) if restored else None,
            "firstAlert": _first_alert(view),
            "affectedNumberOfServices": len(services),
            "affectedService": [reference("ServiceRef", each) for each in services],
            "rootCauseResource": [reference("ResourceRef", one.resource)],
            "underlyingAlarm": [reference("ResourceAlarmRef", each) for each in _alarms(view)],
            "troubleTicket": [reference("TroubleTicketRef", each) for each in view.tickets],
            "relatedEntity": _related(view),
            "characteristic": [
                *characteristic("beganAt", instant(one.began_at)),
                *characteristic("releasedAt", instant(one.released_at)),
            ],
            "trackingRecord": [tracking_record(each) for each in view.acknowledged],
        }
    )


def tracking_record(one: Acknowledged) -> Resource:
    """Write who has acknowledged a problem, and when."""
    return stated(
        {
            "@type": "TrackingRecord",
            "id": one.id,
            "description": f"acknowledge: {one.said}" if one.said else "acknowledge",
            "time": instant(one.at),
            "user": one.by,
        }
    )


def acknowledgement(one: Acknowledged, problems: list[str], *, root: str | None = None) -> Resource:
    """Write the task that has acknowledged these problems."""
    named = [reference("ServiceProblemRef", each, href=href_of(root, API, "serviceProblem", each)) for each in problems]
    return stated(
        {
            "@type": "ProblemAcknowledgement",
            "id": one.id,
            "href": href_of(root, API, "problemAcknowledgement", one.id),
            "state": "acknowledged",
            "problem": named,
            "ackProblem": named,
            "trackingRecord": tracking_record(one),
        }
    )


def _alarms(view: ProblemView) -> list[str]:
    return list(dict.fromkeys(finding.alarm for finding in view.problem.findings if finding.alarm))


def _first_alert(view: ProblemView) -> Resource | None:
    raised = [(one.raised_at, one.alarm) for one in view.problem.findings if one.alarm and one.raised_at]
    return related("firstAlert", reference("ResourceAlarmRef", min(raised)[1])) if raised else None


def _related(view: ProblemView) -> list[Resource]:
    analysed = view.problem.analysed_as
    mine = [related("analysedAs", reference("TroubleTicketRef", analysed))] if analysed in view.tickets else []
    return mine + [related("withoutIncident", reference("ServiceRef", each)) for each in view.without_incident]

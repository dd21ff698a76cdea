"""What Resource Provisioning sees of the network, and what it can order there."""

from decimal import Decimal
from enum import StrEnum

from pydantic import AwareDatetime

from include.sla_logic.domain.document import Value
from include.sla_logic.domain.notification import Metric


class ResourceState(StrEnum):
    """Operational state as the inventory reports it."""

    IN_SERVICE = "in_service"
    DEGRADED = "degraded"
    OUT_OF_SERVICE = "out_of_service"


class Layer(StrEnum):
    """Who looks after a resource: the service layer is Service Management's own."""

    SERVICE = "service"
    RESOURCE = "resource"


class Severity(StrEnum):
    """Perceived severity of an alarm (ITU-T X.733)."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"


class Resource(Value):
    """One thing on which a service runs."""

    id: str
    kind: str
    name: str
    site: str
    layer: Layer
    state: ResourceState


class Alarm(Value):
    """One alarm of a resource; `code` is what the diagnosis tables look up."""

    id: str
    resource: str
    code: str
    severity: Severity
    text: str
    raised_at: AwareDatetime
    cleared_at: AwareDatetime | None = None


class Action(StrEnum):
    """What can be ordered on a resource."""

    RESTART_PORT = "restart_port"
    FAIL_OVER_LINK = "fail_over_link"
    REPROVISION_PROFILE = "reprovision_profile"
    CLEAR_ALARM = "clear_alarm"


class ActionResult(Value):
    """What the network answered to an order; an order that ran need not have helped."""

    action: Action
    resource: str
    ran: bool
    answer: str
    at: AwareDatetime


class Probe(Value):
    """One fresh measurement of a service; `None` means that nothing came back.

    Units: availability in percent (100 or 0), latency and jitter in ms, packet loss in percent.
    """

    metric: Metric
    unit: str
    value: Decimal | None
    taken_at: AwareDatetime

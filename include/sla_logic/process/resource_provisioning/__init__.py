"""Resource Provisioning: resources, alarms, corrective actions, and the wait (rows 11 to 14, 20 to 24)."""

from include.sla_logic.process.resource_provisioning.checking import (
    ProblemAnswer,
    analyze_resource_problem,
    create_resource_trouble_report,
    is_problem_detected,
    notify_normal_execution,
    send_status_report,
)
from include.sla_logic.process.resource_provisioning.restoring import (
    AfterTheWait,
    UnableToEndTheWait,
    go_on_after_the_wait,
    send_troubleshooting_report,
    terminate_restoration,
    track_errors,
    undertake_restoration,
)

__all__ = [
    "AfterTheWait",
    "ProblemAnswer",
    "UnableToEndTheWait",
    "analyze_resource_problem",
    "create_resource_trouble_report",
    "go_on_after_the_wait",
    "is_problem_detected",
    "notify_normal_execution",
    "send_status_report",
    "send_troubleshooting_report",
    "terminate_restoration",
    "track_errors",
    "undertake_restoration",
]

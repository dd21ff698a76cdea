"""The fixed shape of the process: which step stands in which lane, and what follows what."""

from dataclasses import dataclass

from include.sla_logic.domain.lanes import Lane


@dataclass(frozen=True)
class Station:
    """One step in the picture: column and row of a grid, and its name in at most two lines."""

    task: str
    column: int
    row: int
    lines: tuple[str, ...]

    @property
    def decides(self) -> bool:
        """Tell whether the step chooses its successor."""
        return self.lines[-1].endswith("?") or self.task in {"choose_counter_measures", "await_restoration_request"}


@dataclass(frozen=True)
class Track:
    """What follows what; `way` says how the line is drawn: h, v, hv, vh or round."""

    source: str
    target: str
    way: str
    label: str = ""


@dataclass(frozen=True)
class Band:
    """One lane of the picture: its first row and how many rows it has."""

    lane: Lane
    row: int
    rows: int


BANDS = (
    Band(Lane.BILLING, 0, 1),
    Band(Lane.CUSTOMER_SERVICE, 1, 3),
    Band(Lane.SERVICE_MANAGEMENT, 4, 3),
    Band(Lane.RESOURCE_PROVISIONING, 7, 2),
)

STATIONS = (
    Station("enter_problem_report", 0, 1, ("Enter", "problem report")),
    Station("compare_with_sla", 0, 2, ("Compare", "with SLA")),
    Station("determine_counter_measures", 0, 3, ("Determine", "measures")),
    Station("determine_customer_significance", 1, 3, ("Determine", "significance")),
    Station("is_customer_premium", 1, 2, ("Premium", "customer?")),
    Station("link_to_extra_problem_fix", 1, 1, ("Link to extra", "problem fix")),
    Station("does_significance_change_priorities", 2, 2, ("Priorities", "change?")),
    Station("reprioritize_counter_measures", 3, 2, ("Re-prioritise", "measures")),
    Station("create_detailed_problem_report", 3, 3, ("Detailed", "problem report")),
    Station("is_problem_analyzable", 3, 4, ("Analysable", "here?")),
    Station("analyze_problem", 4, 4, ("Analyse", "problem")),
    Station("create_trouble_report", 5, 4, ("Trouble", "report")),
    Station("send_to_resource_provisioning", 3, 5, ("Send to", "Provisioning")),
    Station("is_problem_detected", 3, 7, ("Problem", "detected?")),
    Station("analyze_resource_problem", 4, 7, ("Analyse", "resources")),
    Station("create_resource_trouble_report", 5, 7, ("Resource", "trouble report")),
    Station("notify_normal_execution", 4, 8, ("Normal", "execution")),
    Station("send_status_report", 6, 7, ("Send status", "report")),
    Station("prepare_final_status_report", 6, 4, ("Final status", "report")),
    Station("choose_counter_measures", 7, 4, ("Choose", "measures")),
    Station("send_actual_service_performance", 8, 4, ("Send service", "performance")),
    Station("undertake_minor_corrections", 8, 5, ("Minor", "corrections")),
    Station("request_automatic_restoration", 7, 6, ("Request", "restoration")),
    Station("await_restoration_request", 7, 7, ("Await request", "up to 2 days")),
    Station("track_errors", 8, 7, ("Track", "errors")),
    Station("undertake_restoration", 9, 7, ("Undertake", "restoration")),
    Station("send_troubleshooting_report", 10, 7, ("Trouble-", "shooting report")),
    Station("terminate_restoration", 8, 8, ("Terminate", "restoration")),
    Station("send_problem_resolution_report", 10, 5, ("Resolution", "report")),
    Station("receive_outcome", 10, 2, ("Receive", "outcome")),
    Station("create_customer_report", 11, 2, ("Customer", "report")),
    Station("report_sla_rebate", 11, 1, ("Report", "SLA rebate")),
    Station("adjust_billing", 11, 0, ("Adjust", "billing")),
    Station("send_customer_report", 12, 2, ("Send report", "to customer")),
    Station("close_incident", 12, 3, ("Close", "incident")),
)

TRACKS = (
    Track("enter_problem_report", "compare_with_sla", "v"),
    Track("compare_with_sla", "determine_counter_measures", "v"),
    Track("determine_counter_measures", "determine_customer_significance", "h"),
    Track("determine_customer_significance", "is_customer_premium", "v"),
    Track("is_customer_premium", "link_to_extra_problem_fix", "v", "yes"),
    Track("is_customer_premium", "does_significance_change_priorities", "h", "no"),
    Track("link_to_extra_problem_fix", "does_significance_change_priorities", "hv"),
    Track("does_significance_change_priorities", "reprioritize_counter_measures", "h", "yes"),
    Track("does_significance_change_priorities", "create_detailed_problem_report", "vh", "no"),
    Track("reprioritize_counter_measures", "create_detailed_problem_report", "v"),
    Track("create_detailed_problem_report", "is_problem_analyzable", "v"),
    Track("is_problem_analyzable", "analyze_problem", "h", "yes"),
    Track("is_problem_analyzable", "send_to_resource_provisioning", "v", "no"),
    Track("analyze_problem", "create_trouble_report", "h"),
    Track("create_trouble_report", "prepare_final_status_report", "h"),
    Track("send_to_resource_provisioning", "is_problem_detected", "v"),
    Track("is_problem_detected", "analyze_resource_problem", "h", "yes"),
    Track("is_problem_detected", "notify_normal_execution", "vh", "no"),
    Track("analyze_resource_problem", "create_resource_trouble_report", "h"),
    Track("create_resource_trouble_report", "send_status_report", "h"),
    Track("notify_normal_execution", "send_status_report", "hv"),
    Track("send_status_report", "prepare_final_status_report", "v"),
    Track("prepare_final_status_report", "choose_counter_measures", "h"),
    Track("choose_counter_measures", "send_actual_service_performance", "h"),
    Track("choose_counter_measures", "undertake_minor_corrections", "vh"),
    Track("choose_counter_measures", "request_automatic_restoration", "v"),
    Track("send_actual_service_performance", "receive_outcome", "hv"),
    Track("undertake_minor_corrections", "send_problem_resolution_report", "h"),
    Track("request_automatic_restoration", "await_restoration_request", "v"),
    Track("await_restoration_request", "track_errors", "h"),
    Track("await_restoration_request", "terminate_restoration", "vh"),
    Track("track_errors", "undertake_restoration", "h"),
    Track("undertake_restoration", "send_troubleshooting_report", "h"),
    Track("send_troubleshooting_report", "send_problem_resolution_report", "v"),
    Track("terminate_restoration", "send_problem_resolution_report", "round"),
    Track("send_problem_resolution_report", "receive_outcome", "v"),
    Track("receive_outcome", "create_customer_report", "h"),
    Track("receive_outcome", "report_sla_rebate", "vh"),
    Track("report_sla_rebate", "adjust_billing", "v"),
    Track("adjust_billing", "send_customer_report", "hv"),
    Track("create_customer_report", "send_customer_report", "h"),
    Track("send_customer_report", "close_incident", "v"),
)

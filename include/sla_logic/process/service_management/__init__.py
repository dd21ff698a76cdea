"""Service Management: the first level for violations of quality in services (rows 8 to 10, 15 to 19, 25)."""

from include.sla_logic.process.service_management.analysing import (
    AnalyzableAnswer,
    analyze_problem,
    create_trouble_report,
    is_problem_analyzable,
    send_to_resource_provisioning,
)
from include.sla_logic.process.service_management.deciding import (
    CounterMeasureChoice,
    choose_counter_measures,
    prepare_final_status_report,
    request_automatic_restoration,
    send_actual_service_performance,
    send_problem_resolution_report,
    undertake_minor_corrections,
)

__all__ = [
    "AnalyzableAnswer",
    "CounterMeasureChoice",
    "analyze_problem",
    "choose_counter_measures",
    "create_trouble_report",
    "is_problem_analyzable",
    "prepare_final_status_report",
    "request_automatic_restoration",
    "send_actual_service_performance",
    "send_problem_resolution_report",
    "send_to_resource_provisioning",
    "undertake_minor_corrections",
]

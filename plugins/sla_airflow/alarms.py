"""The task that opens incidents for the customers whom alarms hit."""

import logging

from airflow.sdk.exceptions import AirflowSkipException

from sla_airflow import runtime

LIMIT, LIMIT_WITHOUT = "sla_alarm_incidents", 100  # Airflow variable: incidents that alarms may open in an hour

log = logging.getLogger(__name__)


def open_incidents(*, limit: int) -> list[str]:
    """Return the tickets that were opened; skip the task where there is none, so that no event wakes the backlog."""
    use_cases = runtime.open_use_cases(sends=False)
    runtime.enter(use_cases)
    if known := use_cases.alarms.recognise():
        log.info("%d alarms are recognised now: what they name has come on record", known)
    opened = use_cases.proactive_incidents.open(limit=limit)
    if opened.waiting:
        log.warning("%d services that alarms hit wait: %d incidents an hour is the limit", opened.waiting, limit)
    if not opened.tickets:
        raise AirflowSkipException("No alarm opens an incident now.")
    log.info("Alarms have opened %d incidents: %s", len(opened.tickets), ", ".join(opened.tickets))
    return list(opened.tickets)

"""What is done every minute for all incidents together."""

import logging

from sla_airflow.metrics import send_figures
from sla_airflow.operators import open_use_cases

MESSAGES = 500  # in one round; the next begins a minute later

JUDGED = 100  # in one round, those whose tier passed first

log = logging.getLogger(__name__)


def deliver_and_measure() -> None:
    """Send what is due, then the figures of the moment, then judge anew whose credit tier has passed.

    A message that cannot leave keeps its reason.
    """
    use_cases = open_use_cases()
    report = use_cases.outbox.deliver(limit=MESSAGES)
    log.info("Outbox: %s", report)
    for key in report.dead:  # the reason may quote an address
        log.error("The message %s is given up; `sla outbox list --state dead` says why", key)
    send_figures(use_cases.monitoring.figures())
    if count := use_cases.monitoring.rejudge(limit=JUDGED):
        log.info("Judged %d incidents anew, whose next credit tier had passed", count)

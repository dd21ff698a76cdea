"""What is done every minute for all incidents together."""

import logging

from sla_airflow.activities import open_office
from sla_airflow.metrics import send_figures

MESSAGES = 500  # in one round; the next begins a minute later

JUDGED = 100  # in one round, those whose tier passed first

log = logging.getLogger(__name__)


def deliver_and_measure() -> None:
    """Send what is due, then the figures of the moment, then judge anew whose credit tier has passed.

    A message that cannot leave keeps its reason.
    """
    office = open_office()
    report = office.deliver(limit=MESSAGES)
    log.info("Outbox: %s", report)
    for key in report.dead:  # the reason may quote an address
        log.error("The message %s is given up; `sla outbox list --state dead` says why", key)
    send_figures(office.figures())
    if count := office.judge_again(limit=JUDGED):
        log.info("Judged %d incidents anew, whose next credit tier had passed", count)

"""What is done every minute for all incidents together."""

import logging

from sla_airflow import pairing, runtime
from sla_airflow.metrics import send_figures

MESSAGES = 500  # in one round; the next begins a minute later
REJUDGED = 100  # in one round, those first whose credit tier passed first
LOOKED_AT = 500  # tickets in one round, about which a notice may be due
ARCHIVED = 500  # letters in one round
ARCHIVE, ARCHIVE_WITHOUT = "sla_archive_days", 90  # Airflow variable: days until a letter is moved; 0 moves none

log = logging.getLogger(__name__)


def deliver_and_measure() -> None:
    """Send what is due and the current figures, then judge incidents again whose credit tier has passed.

    Notices to the team follow, since a tier that has passed is none to come; the next round sends them. A message that
    cannot leave keeps its reason. The kept counts of tickets are added up. Once an hour Airflow's runs are compared
    with the tickets.
    """
    use_cases = runtime.open_use_cases()
    with runtime.no_retry_for_foreseen_errors():
        pairing.beat(use_cases)
    report = use_cases.outbox.deliver(limit=MESSAGES, seconds=runtime.SENDS_FOR)
    log.info("Outbox: %s", report)
    for key in report.dead:  # the reason may quote an address
        log.error("The message %s is given up; `sla outbox list --state dead` says why", key)
    send_figures(use_cases.monitoring.figures())
    if count := use_cases.monitoring.rejudge(limit=REJUDGED):
        log.info("Judged %d incidents again, whose next credit tier had passed", count)
    if count := use_cases.monitoring.put_notices(limit=LOOKED_AT):
        log.info("Put %d notices to the team into the outbox", count)
    if count := use_cases.open_apis.trouble_tickets.fold_counts():
        log.info("Added %d changes up into the kept counts of tickets", count)
    pairing.tell_lost(use_cases)


def archive_letters(*, days: int) -> None:
    """Move letters about what has been over for that many days into the archive; 0 moves none."""
    if not days:
        return
    use_cases = runtime.open_use_cases(sends=False)
    runtime.enter(use_cases)
    if (moved := use_cases.outbox.archive(days=days, limit=ARCHIVED)).letters:
        log.info("Moved into the archive: %s", moved)


def tell_listeners() -> None:
    """Pass events on and tell listeners, for less than a minute: a listener that is slow has its turn in the next.

    A listener that fails is put off and named (`sla doctor`); the task does not fail for it.
    """
    use_cases = runtime.open_use_cases(sends=False)
    runtime.enter(use_cases)
    with runtime.no_retry_for_foreseen_errors():
        report = use_cases.outbox.deliver_events()
    log.info("Listeners: %s", report)
    for one in use_cases.open_apis.event_hub.troubles():
        log.warning("Listener %d: %s", one.listener.id, "suspended" if one.listener.suspended_at else "does not answer")

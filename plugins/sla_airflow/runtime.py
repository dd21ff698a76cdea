"""What every task needs: the use cases on the right database, one step performed, and what it sends delivered."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

import structlog
from airflow.sdk.exceptions import AirflowFailException

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.process.stages import done_in_one_go
from include.sla_logic.process.step import Step
from sla_airflow import pairing
from sla_airflow.connections import network, settings, settings_inside, settings_outside

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases

DELIVERED_AT_ONCE = 500  # messages
SENDS_FOR = 120.0  # seconds: a task that sends ends within five minutes, however slow the mail server is

log = logging.getLogger(__name__)
structured = structlog.get_logger(__name__)  # fields for machines: ids of incident and ticket, never personal data


def open_use_cases(*, sends: bool = True) -> "UseCases":
    """Open the use cases on the database that Airflow's connection names; mail and billing only for a task that sends.

    Each connection is a question to Airflow's api-server, a missing one two: together they cost more than a step.
    A setting that cannot be understood fails the task at once.
    """
    from include.sla_logic.services import UseCases

    with no_retry_for_foreseen_errors():
        return UseCases(settings() if sends else settings_inside(), network=network)


def warm_up() -> None:
    """Learn of the database and compile once what each task that is forked later would have to."""
    from include.sla_logic.services import UseCases
    from include.sla_logic.services.warm_up import warm_up as compile_what_steps_send

    try:
        if known := settings_outside():
            compile_what_steps_send(UseCases(known).work)
    except Exception as error:  # noqa: BLE001 - whatever it is, the scheduler must start
        log.warning("The operations database could not be asked before the first task: %s", type(error).__name__)


@contextmanager
def no_retry_for_foreseen_errors() -> Iterator[None]:
    """Fail at once with the sentence of a `ForeseenError` that no retry can cure; let all else be retried."""
    try:
        yield
    except ForeseenError as error:
        if error.passes:
            raise
        raise AirflowFailException(str(error)) from error


def enter(use_cases: "UseCases") -> None:
    """Fail at once where another Airflow works this database, or this is a copy of it."""
    with no_retry_for_foreseen_errors():
        pairing.enter(use_cases)


def perform(step: Step, run_id: str, use_cases: "UseCases") -> str | None:
    """Perform a step for the incident of a run; return the choice where the step decides."""
    with no_retry_for_foreseen_errors():
        ticket, choice = use_cases.incidents.perform_step(step, run_id=run_id)
    structured.info("step done", incident=run_id, ticket=ticket, step=step.name, choice=choice)
    return choice


def perform_cohort(step: Step, run_id: str, use_cases: "UseCases") -> list[str]:
    """Perform a step for the incidents of a cohort that have come to it; return every choice that was made.

    The first task of a stage does more of its steps; the tasks behind it find them done, and say how many and when.
    """
    with no_retry_for_foreseen_errors():
        then = done_in_one_go(step.name)
        choices = sorted(use_cases.cohorts.perform(step, run_id=run_id, then=then, mail=settings))
    members = use_cases.cohorts.completed(step.name, run_id=run_id)
    if members:
        first, last = (pick(member.done_at for member in members).isoformat() for pick in (min, max))
        log.info("%s: done for %d incidents, from %s to %s", step.name, len(members), first, last)
    tickets = [member.ticket for member in members]
    structured.info("step done", incident=run_id, tickets=tickets, step=step.name, choices=choices)
    return choices


def deliver(run_id: str, use_cases: "UseCases") -> None:
    """Deliver the incident's messages now; what fails stays in the outbox, due again later."""
    try:
        log.info("Outbox: %s", use_cases.outbox.deliver_run(run_id))
        for place in use_cases.lookups.incident_of_run(run_id).letters:
            log.info("The letter: %s", place)
    except Exception:
        log.exception("Nothing could be delivered now; the outbox keeps it")


def deliver_all(use_cases: "UseCases") -> None:
    """Deliver what is due, round by round while anything leaves: most of it is the cohort's.

    After `SENDS_FOR` seconds the rest is left to the housekeeping.
    """
    ends = monotonic() + SENDS_FOR
    try:
        while (left := ends - monotonic()) > 0:
            report = use_cases.outbox.deliver(limit=DELIVERED_AT_ONCE, seconds=left)
            if not report.sent:
                return
            log.info("Outbox: %s", report)
        log.info("Outbox: %d messages are due and left to sla_housekeeping", use_cases.outbox.due())
    except Exception:
        log.exception("Not everything could be delivered now; the outbox keeps it")

"""Resource Provisioning on hold: the sensor that waits for a restoration request, and its trigger.

The outcome is one row in our database. Airflow only says when to look: no retry, clear, restart or deployment moves
the deadline, which is an absolute instant stored with the status report (docs/operations.md).
"""

import inspect
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from zlib import crc32

from airflow.sdk import BaseSensorOperator, BranchMixIn, Context
from airflow.sdk.exceptions import AirflowSensorTimeout
from airflow.triggers.base import BaseTrigger, TriggerEvent

from include.sla_logic.domain.restoration import RestorationOutcome
from sla_airflow import runtime
from sla_airflow.cohorts import carries_cohort, conf_of_cohort
from sla_airflow.connections import database_url
from sla_airflow.execution_api import RunNotStarted, start_run
from sla_airflow.wait_poller import wait_poller

WINDOW = timedelta(days=2)
# A trigger that fires sooner can fail its task: apache/airflow #67287, #72716.
FIRST_LOOK_SECONDS = 15
JITTER_SECONDS = 5
NAMED = 10  # waiting tickets in the log
SAFETY_NET = timedelta(minutes=5)  # after the deadline Airflow's scheduler wakes the task even without a triggerer


class RestorationSensor(BaseSensorOperator, BranchMixIn):
    """Stay on hold until Service Management sends the restoration request, at most until the stored deadline.

    In time if it was sent at or before the deadline, which counts from the sending of the status report: 2 days, or
    what the contract says. Too late or rejected ends Resource Provisioning's part. Row 20 of the process.
    """

    inherits_from_skipmixin = True

    def __init__(self, *, goes_on: Callable[[RestorationOutcome], str], **kwargs: Any) -> None:
        # `timeout` shows the window of the process text; what counts is the deadline in our database.
        # `execution_timeout` stays unset: nothing runs but the looks, each for a moment.
        super().__init__(timeout=WINDOW, doc_md=inspect.getdoc(type(self)), **kwargs)
        self.goes_on = goes_on

    def execute(self, context: Context) -> Any:
        """Look before deferring: the request may have been sent already."""
        return self._look_for_many(context) if carries_cohort(context) else self.look(context)

    def look(self, context: Context, event: object = None) -> Any:  # noqa: ARG002
        """Decide in our database; a trigger's event says only that it is worth a look."""
        if carries_cohort(context):
            return self._look_again_for_many(context)
        use_cases, run_id = runtime.open_use_cases(sends=False), str(context["run_id"])
        with runtime.no_retry_for_foreseen_errors():
            outcome = use_cases.restorations.decide(run_id)
            if outcome is None:
                self._defer(run_id, use_cases.restorations.deadline(run_id))
        ticket = use_cases.lookups.ticket_of(run_id)
        self.log.info("The wait of %s for the restoration request ended: %s", ticket, outcome)
        return self.do_branch(context, self.goes_on(outcome))

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Treat Airflow's own timeout as an occasion to look, never as a failure."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout:
            self.log.warning("No triggerer looked in time; looking now")
            return self.look(context)

    def _look_again_for_many(self, context: Context) -> Any:
        """Defer again where nothing can be looked at now: hundreds of looks share the tries of this one task."""
        from include.sla_logic.services.carried_incidents import passes

        try:
            return self._look_for_many(context)
        except Exception as error:
            if not passes(error) and not isinstance(error, RunNotStarted):
                raise
            self.log.exception("The waits cannot be looked at now; they are looked at again in a moment")
            self._defer(str(context["run_id"]), datetime.now(UTC), anyway=True)

    def _look_for_many(self, context: Context) -> Any:
        """Decide for each incident; where some wait and others need not, a part goes on in a run of its own."""
        run_id = str(context["run_id"])
        with runtime.no_retry_for_foreseen_errors():
            result = runtime.open_use_cases(sends=False).cohorts.await_restoration(run_id=run_id)
        for part in result.parts:
            started = start_run(self.dag_id, part.run_id, conf_of_cohort(part.tickets))
            known = "" if started else ", which exists already"
            self.log.info("%d incidents go on in run %s%s", len(part.tickets), part.run_id, known)
        if result.until is not None:
            some = ", ".join(result.waiting[:NAMED])
            self.log.info("%d incidents wait for their requests, among them %s", len(result.waiting), some)
            self._defer(run_id, result.until)
        return self.do_branch(context, sorted(result.choices))

    def _defer(self, run_id: str, deadline: datetime, *, anyway: bool = False) -> NoReturn:
        """Defer until the first look, spread by run so that not all waits of a restart look at once.

        `anyway` asks for a look though no wait of the run may be over: those that are have left it, for a run that
        Airflow has not started yet.
        """
        now = datetime.now(UTC)
        jitter = crc32(run_id.encode()) % (JITTER_SECONDS * 1000) / 1e3
        first_look = now + timedelta(seconds=FIRST_LOOK_SECONDS + jitter)
        self.defer(
            trigger=RestorationTrigger(run_id, deadline.isoformat(), first_look.isoformat(), anyway=anyway),
            method_name="look",
            timeout=max(deadline, first_look) + SAFETY_NET - now,
        )


class RestorationTrigger(BaseTrigger):
    """Fire when this run's wait can be decided; all instants are absolute, so a restart changes nothing.

    The classpath and the arguments stand in Airflow's database while a run waits: both are public names.
    """

    def __init__(self, run_id: str, deadline: str, not_before: str, *, anyway: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.run_id = run_id
        self.deadline = deadline
        self.not_before = not_before
        self.anyway = anyway

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Keep no database address: a trigger's arguments are written into logs."""
        kept: dict[str, Any] = {"run_id": self.run_id, "deadline": self.deadline, "not_before": self.not_before}
        if self.anyway:
            kept["anyway"] = True
        return f"{type(self).__module__}.{type(self).__qualname__}", kept

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait on the poller that all waits of this database share."""
        self.log.info("On hold for a restoration request until %s", self.deadline)
        not_before = datetime.fromisoformat(self.not_before)
        await wait_poller(await database_url()).wait(self.run_id, not_before=not_before, anyway=self.anyway)
        yield TriggerEvent({"look": self.run_id})  # type: ignore[no-untyped-call]

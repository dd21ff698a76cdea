"""Ask before anything leaves whether this Airflow and the operations database know each other."""

import logging
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from include.sla_logic.services import UseCases

VARIABLE = "sla_installation"
SAYS = "Which operations database this Airflow works. Do not copy or change it: `sla database adopt` does."
PATIENCE_SECONDS = (1, 1, 2, 3)  # until another task has introduced the two to each other

log = logging.getLogger(__name__)


class AirflowSilent(Exception):
    """Airflow did not say what it keeps; worth a retry: silence must not look like a new Airflow."""


class AirflowNotebook:
    """The Airflow variable, over the Execution API: it is in Airflow's own database, and workers reach it."""

    def read(self) -> str | None:
        """Return the variable, past every cache and secrets backend, which two Airflows may share."""
        from airflow.sdk.exceptions import AirflowRuntimeError, ErrorType
        from airflow.sdk.execution_time.comms import ErrorResponse, GetVariable, VariableResult
        from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS

        try:
            answer = SUPERVISOR_COMMS.send(GetVariable(key=VARIABLE))
        except AirflowRuntimeError as error:
            answer = error.error
        if isinstance(answer, VariableResult):
            return answer.value
        if isinstance(answer, ErrorResponse) and answer.error == ErrorType.VARIABLE_NOT_FOUND:
            return None
        raise AirflowSilent(f"Airflow does not say whether the variable {VARIABLE} exists.")

    def write(self, text: str) -> None:
        """Replace the variable."""
        from airflow.sdk import Variable

        Variable.set(VARIABLE, text, description=SAYS)


def enter(use_cases: "UseCases") -> None:
    """Raise `UnableToWorkDatabase` unless the two know each other; wait a moment for another task's introduction."""
    from include.sla_logic.services.installation import IntroductionUnderWay

    for seconds in PATIENCE_SECONDS:
        try:
            return use_cases.installation.enter(AirflowNotebook())
        except IntroductionUnderWay as error:
            log.info("%s", error)
            time.sleep(seconds)
    return use_cases.installation.enter(AirflowNotebook())


def tell_lost(use_cases: "UseCases") -> None:
    """Once an hour, tell the operators which tickets only Airflow or only the database knows."""
    from sla_airflow.execution_api import AirflowRecords

    if not use_cases.monitoring.comparison_is_due():
        return
    records = AirflowRecords()
    if not records.are_few():
        log.warning("There are too many runs to compare with the tickets here; `sla doctor` does it")
        return
    for sentence in use_cases.monitoring.tell_lost(records):
        log.error("%s", sentence)


def beat(use_cases: "UseCases") -> None:
    """Enter, and let both know that another round has come."""
    enter(use_cases)
    use_cases.installation.beat(AirflowNotebook())

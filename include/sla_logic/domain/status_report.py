"""Status report and final status report; their sending starts the clock of the restoration (process.md, rule 4)."""

from datetime import timedelta

from pydantic import AwareDatetime

from include.sla_logic.domain.diagnosis import NormalExecutionNotification, TroubleReport
from include.sla_logic.domain.document import Document
from include.sla_logic.domain.lanes import Lane


class StatusReport(Document):
    """Resource Provisioning's answer: either a trouble report or the notification of normal execution.

    `restoration_deadline` is absolute: no retry and no restart moves it.
    """

    ticket: str
    trouble: TroubleReport | None
    normal_execution: NormalExecutionNotification | None
    sent_at: AwareDatetime
    restoration_deadline: AwareDatetime


class FinalStatusReport(Document):
    """What Service Management concludes, from its own analysis or from the status report.

    `clock_started_by` names the department whose report started the restoration window.
    """

    ticket: str
    trouble: TroubleReport | None
    normal_execution: NormalExecutionNotification | None
    clock_started_by: Lane
    sent_at: AwareDatetime
    restoration_deadline: AwareDatetime

    @property
    def types_of_problem(self) -> tuple[str, ...]:
        """The leading type of problem first, then those of the other findings; none where all is normal."""
        if self.trouble is None:
            return ()
        found = (finding.type_of_problem for finding in self.trouble.findings)
        return tuple(dict.fromkeys((self.trouble.type_of_problem, *found)))


def conclude_status(
    received: StatusReport | None,
    own: TroubleReport | None,
    *,
    ticket: str,
    window: timedelta,
    now: AwareDatetime,
) -> FinalStatusReport:
    """Conclude from the received report, else from the own analysis; only the latter starts the clock now."""
    return FinalStatusReport(
        ticket=ticket,
        trouble=received.trouble if received else own,
        normal_execution=received.normal_execution if received else None,
        clock_started_by=Lane.RESOURCE_PROVISIONING if received else Lane.SERVICE_MANAGEMENT,
        sent_at=now,
        restoration_deadline=received.restoration_deadline if received else now + window,
    )

"""Windows in a row that missed the target, for a rule that pays only from a number of them on."""

from include.sla_logic.domain.calendars import local_day
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.sla.case import Case
from include.sla_logic.domain.sla.measuring import measure
from include.sla_logic.domain.sla.objective_judgement import DataState, RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge
from include.sla_logic.domain.sla.rolling import earlier_values


def missed_before(objective: Objective, case: Case, most: int) -> int:
    """Return how many windows in a row before this one missed the target; no more than `most` are looked at.

    Raise `UnableToJudge` where nobody knows of one of them.
    """
    if objective.id not in case.missed_before:
        case.missed_before[objective.id] = _missed_before(objective, case, most)
    return case.missed_before[objective.id]


def _missed_before(objective: Objective, case: Case, most: int) -> int:
    count = 0
    for start, measured in earlier_values(objective, case, most, measure).items():
        no_data = measured.value is None and measured.state is not DataState.MEASURED
        if no_data or measured.doubt(case.contract) is not None:
            day = local_day(start, case.contract.zone)
            reason = f"It is not known whether the window from {day} missed the target of {objective.id}."
            raise UnableToJudge(RefusalCode.TARGET_UNKNOWN, reason)
        if measured.value is None or not objective.is_missed(measured.value):
            break
        count += 1
    return count

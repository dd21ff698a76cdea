"""Readings: values of an objective that were measured or aggregated elsewhere; none is ignored, none contradicts."""

from decimal import Decimal
from fractions import Fraction

from include.sla_logic.domain.contract import measures
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.measurements import Reading
from include.sla_logic.domain.money import half_up
from include.sla_logic.domain.sla.case import Case, LateDay, Measured
from include.sla_logic.domain.sla.objective_judgement import DataState, RefusalCode
from include.sla_logic.domain.sla.refusal import UnableToJudge

_MOST = {"percent": 100, "days": 36_500}


def reading_of(objective: Objective, case: Case) -> Reading | None:
    """Return the reading that names the objective or its metric; raise `UnableToJudge` where two differ."""
    named = (objective.id, objective.metric.value)
    found = [reading for reading in case.facts.readings if reading.metric in named]
    if not found:
        return None
    _check_meaning(objective, case, found)
    for reading in found:
        if same_unit(reading.unit) != same_unit(objective.shown_unit):
            reason = f"{reading.metric} was measured in {reading.unit}, the contract speaks of {objective.shown_unit}."
            raise UnableToJudge(RefusalCode.UNIT_MISMATCH, reason)
    if len(values := sorted({reading.value for reading in found})) > 1:
        shown = " and ".join(f"{value:f}" for value in values)
        reason = f"The readings of {objective.id} contradict each other: {shown} {objective.shown_unit}."
        raise UnableToJudge(RefusalCode.CONTRADICTING_FACTS, reason)
    _check_range(objective, found[0])
    return found[0]


def _check_meaning(objective: Objective, case: Case, found: list[Reading]) -> None:
    if isinstance(objective.measured_by, measures.FromEvents):
        reason = f"A reading of {objective.id} names no event: give event_credits."
        raise UnableToJudge(RefusalCode.UNIT_MISMATCH, reason)
    alike = [one for one in case.contract.objectives if one.metric is objective.metric]
    if any(reading.metric != objective.id for reading in found) and len({one.measured_by for one in alike}) > 1:
        ids = ", ".join(one.id for one in alike)
        reason = f"A reading of {objective.metric.value} may mean any of {ids}: name the objective."
        raise UnableToJudge(RefusalCode.CONTRADICTING_FACTS, reason)


def _check_range(objective: Objective, reading: Reading) -> None:
    most = _MOST.get(same_unit(objective.shown_unit))
    if reading.value < 0 or (most is not None and reading.value > most):
        reason = f"A reading of {reading.metric} of {reading.value} {reading.unit} cannot be right."
        raise UnableToJudge(RefusalCode.CONTRADICTING_FACTS, reason)


def from_reading(objective: Objective, reading: Reading, otherwise: Measured, *, recorded: bool) -> Measured:
    """Return the reading as the value; where the same was `recorded` as well, the exact record, if they agree.

    They agree if the record, rounded half up to the decimals of the reading, is the reading.
    """
    shown = f"{reading.metric} = {reading.value} {reading.unit}, as measured"
    if otherwise.state is DataState.NEVER_ANSWERED:
        return otherwise
    if recorded and otherwise.value is not None:
        rounded = half_up(otherwise.value, _decimals(reading.value))
        if rounded != reading.value:
            reason = f"{shown}, but the records say {rounded} {objective.shown_unit}."
            raise UnableToJudge(RefusalCode.CONTRADICTING_FACTS, reason)
        otherwise.steps.append(f"{shown}: it agrees")
        return otherwise
    found = Measured(total=otherwise.total, value=Fraction(reading.value), steps=[shown], stated=True)
    if isinstance(objective.measured_by, measures.FromDaysLate):
        if reading.value != int(reading.value):
            raise UnableToJudge(RefusalCode.UNIT_MISMATCH, f"{shown}: days late are whole days.")
        found.days = int(reading.value)
        found.paid_days = [LateDay("reading", None, number + 1) for number in range(found.days)]
    return found


def _decimals(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def same_unit(name: str) -> str:
    """Return one name for both spellings of percent."""
    return {"%": "percent"}.get(name, name)

"""The sentence that sums up the judgement of one objective."""

from fractions import Fraction

from include.sla_logic.domain.contract import rules
from include.sla_logic.domain.contract.contract import Objective
from include.sla_logic.domain.contract.plain import plain_rule
from include.sla_logic.domain.money import Money, half_up
from include.sla_logic.domain.sla.case import Measured
from include.sla_logic.domain.sla.figures import told_apart
from include.sla_logic.domain.sla.objective_judgement import ClaimFinding, ObjectiveJudgement


def reason_of(objective: Objective, measured: Measured, credit: Money, *, breached: bool) -> str:
    """Say what was measured and promised, and what is owed for it."""
    if measured.value is None:
        return measured.note or "There was nothing to judge."
    target = None if objective.target is None else Fraction(objective.target)
    shown = f"{told_apart(measured.value, target)} {objective.shown_unit}"
    rule = plain_rule(objective.rule)
    if isinstance(rule, rules.Tiers) and rule.round_decimals is not None:
        shown += f", rounded to {half_up(measured.value, rule.round_decimals):f}"
    promised = "" if objective.target is None else f", promised {objective.target.normalize():f}"
    verdict = "missed" if breached else "kept"
    return f"{objective.title or objective.id} {verdict}: {shown}{promised}; {_credit_words(credit)}."


def _credit_words(credit: Money) -> str:
    return f"credit {credit}"


def said_of_claim(judgement: ObjectiveJudgement, claim: ClaimFinding) -> ObjectiveJudgement:
    """Say of a credit that was claimed too late that it is lost: nothing is due."""
    if claim.state != "late" or not judgement.credit:
        return judgement
    lost = f"a credit of {judgement.credit} is lost, since it was claimed too late"
    return judgement.model_copy(update={"reason": judgement.reason.replace(_credit_words(judgement.credit), lost)})

"""The SLA judgement: what was promised, what was measured, what is owed."""

from include.sla_logic.domain.sla.agreed import UnableToFindAgreedTime, choose_agreement
from include.sla_logic.domain.sla.claims import check_claims
from include.sla_logic.domain.sla.compare import RULES_VERSION, Assessed, compare
from include.sla_logic.domain.sla.comparison import (
    ChronicFinding,
    ClaimFinding,
    CountedInterval,
    DataState,
    NextTier,
    ObjectiveJudgement,
    RefusalCode,
    SlaComparison,
    Verdict,
)

__all__ = [
    "RULES_VERSION",
    "Assessed",
    "ChronicFinding",
    "ClaimFinding",
    "CountedInterval",
    "DataState",
    "NextTier",
    "ObjectiveJudgement",
    "RefusalCode",
    "SlaComparison",
    "UnableToFindAgreedTime",
    "Verdict",
    "check_claims",
    "choose_agreement",
    "compare",
]

"""The terms of the register, and contracts to simulate."""

from typing import Any

from include.sla_logic.domain.contract import Contract, read_contract
from tests.assessment.provider import RULE
from tests.assessment.registers import COUNTED
from tests.domain.sla.make import objective, text_of

SAID: dict[str, Any] = {"maintenance": {"notice": "1 d"}, "claim": {"automatic": True}, "counting": COUNTED}
DEARER = {**RULE, "tiers": [{"at_least": "99.95", "credit": 0}, {"below": "99.95", "credit": "12.5%"}]}


def contract(rule: dict[str, Any] | None = None, **changes: Any) -> Contract:
    said = {"zone": "UTC", **SAID, **changes}
    return read_contract(text_of(objective(rule or DEARER), **{"id": "NEW", "version": "1", **said}), name="new")

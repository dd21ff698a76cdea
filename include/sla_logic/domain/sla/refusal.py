"""Refusing to name a credit, with the reason."""

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.sla.objective_judgement import RefusalCode


class UnableToJudge(ForeseenError):
    """The facts or the contract do not allow a credit to be named; `code` says why."""

    def __init__(self, code: RefusalCode, reason: str) -> None:
        """Keep the code beside the sentence."""
        super().__init__(reason)
        self.code, self.reason = code, reason

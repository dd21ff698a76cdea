"""Finding what is wrong with a contract before anybody is judged by it."""

from typing import Literal

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.quantities import Term
from include.sla_logic.domain.contract.reading import UnableToReadContract, parse_contract


class Finding(Term):
    """One defect of a contract text; `level` says whether loading refuses or warns."""

    level: Literal["refuses", "warns"]
    line: int
    code: str
    text: str
    witness: str | None = None

    def __str__(self) -> str:
        """Show on one line."""
        shown = f" (for example {self.witness})" if self.witness else ""
        return f"line {self.line}: {self.level}: {self.code}: {self.text}{shown}"


def check_contract(text: str, *, name: str) -> tuple[Contract | None, tuple[Finding, ...]]:
    """Return the contract, where it can be read, and everything that is wrong with it."""
    try:
        contract, _lines = parse_contract(text, name=name)
    except UnableToReadContract as error:
        return None, (Finding(level="refuses", line=error.line, code="unreadable", text=error.reason),)
    return contract, ()


def read_contract(text: str, *, name: str) -> Contract:
    """Return a contract that may be used; raise `UnableToReadContract` with the line of the first refusal."""
    contract, findings = check_contract(text, name=name)
    refusal = next((finding for finding in findings if finding.level == "refuses"), None)
    if contract is None or refusal is not None:
        reason = f"{refusal.code}: {refusal.text}" if refusal else "unreadable"
        raise UnableToReadContract(reason, name=name, line=refusal.line if refusal else 0)
    return contract

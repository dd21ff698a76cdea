"""Where a contract is silent about agreements that begin, end or change inside a window."""

from collections.abc import Iterable

from include.sla_logic.domain.contract.contract import Contract
from include.sla_logic.domain.contract.finding import Finding, LineOf

_SILENT = {
    "partial_window": "a window that an agreement holds only in part is judged as {read} "
    "(cut: the days in service; whole: the whole window; excluded: nothing is promised)",
    "on_agreement_change": "agreements that follow each other in a window are judged as {read} "
    "(apart: each in a window of its own; together: time over the whole window)",
}


def lint_agreement_terms(contract: Contract, line: LineOf) -> Iterable[Finding]:
    """Find terms that are only supposed, and credits on a charge that nobody pays for so few days."""
    for term, what in _SILENT.items():
        if term not in contract.model_fields_set:
            text = f"{term} is not stated: {what.format(read=getattr(contract, term))}"
            yield Finding(level="warns", line=line(), code=f"silent_{term}", text=text)
    if contract.proration == "none" and contract.partial_window == "cut":
        text = (
            "with proration none a window of one day is charged in full, and its credits are a share of the full "
            "charge, while its time is that of the one day (partial_window cut)"
        )
        yield Finding(level="warns", line=line("proration"), code="cut_window_charged_in_full", text=text)

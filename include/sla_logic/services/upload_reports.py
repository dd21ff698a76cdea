"""What a dry run or an import of an upload found, as it is kept: counts, some records, and every refused row."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from include.sla_logic.domain.sentence import Sentence

if TYPE_CHECKING:
    from include.sla_logic.importers import ImportReport, Rejected
    from include.sla_logic.importers.tickets import TicketReport

MOST_REJECTED = 10_000  # rows that are kept of one report
_REASON, _SHOWN = 300, 20
REJECTED = ("row", "field", "value", "reason", "what to do")
_UNKNOWN = {
    "customer": Sentence("Import the customers first, or correct the number."),
    "service": Sentence("Import the services or the agreements first, or correct the number."),
    "contract": Sentence("Load the contract first (`sla load contracts`), or correct its id and version."),
    "resource": Sentence("Import the resources first, or correct the number."),
    "agreement": Sentence("Import the agreements first, or correct the number."),
    "account": Sentence("Import the agreements first, which open the account, or correct the number."),
    "invoice": Sentence("Import the invoices first, or correct the number."),
}


def kept_report(kind: str, report: "ImportReport | TicketReport") -> dict[str, Any]:
    """Return a report as it is kept: whole numbers are counts, in words; the rest is under its name."""
    fields = vars(report)
    return {
        "counts": {name.replace("_", " "): value for name, value in fields.items() if isinstance(value, int)},
        "first": [{name: str(value) for name, value in each.items()} for each in fields["first"]],
        "warnings": [*fields.get("warnings", ())][:_SHOWN],
        "coverage": [*fields.get("coverage", ())][:_SHOWN],
        "passed": report.most_passed() if hasattr(report, "most_passed") else "",
        "rejected": len(report.rejected),
        "rows": [_told(kind, each) for each in report.rejected[:MOST_REJECTED]],
    }


def _told(kind: str, each: "Rejected") -> list[Any]:
    return [each.row, each.field[:_REASON], each.value, each.reason[:_REASON], what_to_do(kind, each)]


def what_to_do(kind: str, each: "Rejected") -> str:
    """Say how the row can come in."""
    from include.sla_logic.importers.columns import import_kinds

    if each.reason.endswith("is not known") and each.field in _UNKNOWN:
        return _UNKNOWN[each.field]
    if "lies in the future" in each.reason:
        return Sentence("Correct the time, its year or its zone.")
    if "mapping" in each.reason:
        return Sentence("Say it in a mapping, or write the value as the column wants it.")
    form = import_kinds()[kind].form_of(each.field)
    return Sentence("Write it so: %(form)s.", form=form) if form else Sentence("Correct the row in the file.")


def rejected_rows(report: Mapping[str, Any] | None) -> Sequence[Sequence[Any]]:
    """Return the refused rows of a kept report."""
    return [] if report is None else report["rows"]

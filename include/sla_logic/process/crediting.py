"""What the window of an incident owes now, and why a second person must look at it first (rows 28 and 29)."""

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.period import spanning
from include.sla_logic.domain.problem_report import ProblemReport
from include.sla_logic.domain.rebate import work_out_rebate
from include.sla_logic.domain.relationship import Agreement
from include.sla_logic.domain.sla import SlaComparison
from include.sla_logic.process.ports import CaseFile


def rebate_now(file: CaseFile, agreement: Agreement, comparison: SlaComparison) -> Rebate:
    """Work out what the window still brings, less everything that was credited and decided before for its time.

    What an old incident brings, or one whose window is settled, is held for a second person.
    """
    earlier = file.billing.earlier_credits(agreement, spanning(comparison.window, comparison.cap_window))
    rebate = work_out_rebate(comparison, earlier=earlier, decided=file.billing.decisions(agreement))
    if rebate.total:
        rebate = rebate.held_also([*_why_odd(file, agreement, rebate), *_doubtful(file, agreement, comparison)])
    return rebate


def _why_odd(file: CaseFile, agreement: Agreement, rebate: Rebate) -> list[str]:
    """Say why a second person must look before this incident is credited on today's invoice."""
    observed_from, deadline = file.read(ProblemReport).observed_from, rebate.claim_deadline
    reasons = [file.policies.credits.too_old(observed_from, now=file.now)]
    if (invoice := file.billing.settled_with(agreement, rebate.window)) is not None:
        reasons.append(f"the window {rebate.window} was settled with the invoice {invoice}")
    if deadline is not None and file.now >= deadline:
        reasons.append(f"the credit was to be claimed before {deadline:%Y-%m-%d %H:%M} UTC")
    return [reason for reason in reasons if reason is not None]


def _doubtful(file: CaseFile, agreement: Agreement, comparison: SlaComparison) -> list[str]:
    """Name outages whose ends may be missing, by their length; none if all that count began in the window."""
    window, calendar = comparison.window, comparison.contract_window or comparison.window
    counted = [one for each in comparison.objectives for one in each.intervals if one.kind == "counted"]
    if all(one.start > window.start for one in counted):
        return []
    facts = file.measurements.facts(agreement, calendar, as_of=comparison.as_of)
    return file.policies.credits.doubtful(facts.outages, window, whole=calendar.seconds, as_of=comparison.as_of)

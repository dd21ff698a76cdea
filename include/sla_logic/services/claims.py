"""A claim judged before it is booked: for its own moment, so that what came too late drops out of the amount."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from include.sla_logic.domain.calendars import local_midnight
from include.sla_logic.domain.contract import Contract
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.measurements import ClaimFiled, ServiceFacts
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sla import compare
from include.sla_logic.domain.sla.claims import as_claimed, first_fault, objection_to
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.process.case_documents import agreement_and_contract
from include.sla_logic.services.settled_credits import RoundFile


@dataclass(frozen=True)
class JudgedClaim:
    """What a claim of that moment means: why it cannot be one, or is too late, what of the credit is lost, what is due.

    `due` is what the window owes with this claim and those before, without other windows; None where that is not known.
    """

    filed: datetime
    refusal: str | None
    lost: Money
    day: date | None = None
    due: Money | None = None

    @property
    def shown(self) -> str:
        """Say when it was filed: the day that a person named, or the moment."""
        return f"at {self.filed:%Y-%m-%d %H:%M} UTC" if self.day is None else f"on {self.day}"


def end_of_day(day: date, contract: Contract, *, now: datetime) -> datetime:
    """Return the last moment of a day in the contract's zone, or now while the day lasts."""
    last = local_midnight(day + timedelta(days=1), contract.zone) - timedelta(seconds=1)
    return min(last, now) if local_midnight(day, contract.zone) <= now else last


def judge_claim(file: SqlCaseFile | RoundFile, window: Period, filed: datetime | date) -> JudgedClaim:
    """Judge the credit of a window as claimed then; a day stands for its last moment."""
    agreement, contract = file.agreed if isinstance(file, RoundFile) else agreement_and_contract(file)
    day = None if isinstance(filed, datetime) else filed
    moment = filed if isinstance(filed, datetime) else end_of_day(filed, contract, now=file.now)
    facts = file.measurements.facts(agreement, window, as_of=file.now)
    nothing = Money.zero(contract.currency)
    begun = first_fault(facts, window, contract)
    if (objection := objection_to(moment, first=begun, now=file.now)) is not None:
        return JudgedClaim(moment, objection, nothing, day)
    with_it = facts.model_copy(update={"claim": None, "claims": (*facts.claims_filed, ClaimFiled(filed_at=moment))})
    try:
        judged = compare(contract, with_it, window=window, as_of=file.now)
    except ForeseenError as error:
        reason = f"its window cannot be judged as claimed {moment:%Y-%m-%d %H:%M} UTC: {error}"
        return JudgedClaim(moment, reason, nothing, day)
    late = judged.claim.reason if judged.claim.state == "late" else None
    lost = _lost(contract, facts, window, judged.credit_due, file.now)
    return JudgedClaim(moment, late, lost, day, judged.credit_due)


def _lost(contract: Contract, facts: ServiceFacts, window: Period, due: Money | None, now: datetime) -> Money:
    """Return what the window would owe beyond that, if everything was claimed in time."""
    whole = compare(as_claimed(contract), facts, window=window, as_of=now).credit_due
    nothing = Money.zero(contract.currency)
    return nothing if whole is None or due is None else max(whole - due, nothing)

"""Whether a credit that an incident has left held still says what the facts of now say."""

from dataclasses import dataclass

from sqlalchemy import Connection, update

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.rebate import facts_of
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.domain.sla.judgement_diff import differences
from include.sla_logic.persistence.case_file import SqlCaseFile
from include.sla_logic.persistence.schema.accounts import applied_billing_credits
from include.sla_logic.process.case_documents import agreement_and_contract, compare_now
from include.sla_logic.process.crediting import rebate_now

_MOST = 5  # differences that are named


@dataclass(frozen=True)
class ChangedFacts:
    """What is judged otherwise since, in sentences; the name of what is found now; what it still brings, if known."""

    said: str
    facts: str
    newest: Money | None

    def refusal(self, reference: str) -> str:
        """Say why the credit cannot be approved, and what to do instead."""
        what = Sentence("Facts have changed since %(credit)s was held: %(said)s", credit=reference, said=self.said)
        if self.newest is None:
            msg = "%(what)s Judged again, no amount can be named: enter one, which another person approves, or decline."
            return Sentence(msg, what=what)
        if self.newest.amount <= 0:
            return Sentence("%(what)s Judged again, nothing is still due: decline it.", what=what)
        msg = "%(what)s Judged again, %(due)s are due: enter that amount, which another person approves, or decline."
        return Sentence(msg, what=what, due=self.newest)


def changed_facts(file: SqlCaseFile, facts: str | None) -> ChangedFacts | None:
    """Judge the window of an incident again for the moment of its judgement; None where the same is found.

    `facts` names what the credit rests on; credits of releases before it had a name are taken as they are.
    """
    known = file.find(SlaComparison)
    if facts is None or known is None:
        return None
    agreement, contract = agreement_and_contract(file)
    calendar = known.contract_window or known.window
    records = file.measurements.facts(agreement, calendar, as_of=known.as_of)
    again = compare(contract, records, window=calendar, as_of=known.as_of)
    if (name := facts_of(again)) == facts:
        return None
    found = differences(known, again)[:_MOST] or ["what is measured is another value."]
    try:
        rebate = rebate_now(file, agreement, compare_now(file, agreement, contract, calendar))
    except ForeseenError:
        return ChangedFacts(" ".join(found), name, None)
    return ChangedFacts(" ".join(found), name, rebate.total if rebate.named else None)


def rest_on(connection: Connection, reference: str, facts: str) -> None:
    """Let a credit rest on these facts: the person who enters an amount knows them."""
    mine = applied_billing_credits.c.id == reference
    connection.execute(update(applied_billing_credits).where(mine).values(facts=facts))

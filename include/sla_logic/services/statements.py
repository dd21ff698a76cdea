"""Letters about settled windows: written once everything about a window is decided, and something new is to be told."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row

from include.sla_logic.domain.credit import Rebate
from include.sla_logic.domain.customer_report import CreditState, CustomerReport, NextStep
from include.sla_logic.domain.judged_facts import FactKind, kinds_of
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.rebate import facts_of, work_out_rebate
from include.sla_logic.domain.service_performance import summarise
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.domain.sla import SlaComparison, compare
from include.sla_logic.domain.statement import (
    SettlementStatement,
    StatedCredit,
    StatementKind,
    Unlike,
    counted_outages,
    owed_by,
)
from include.sla_logic.persistence.accounts import lock_service
from include.sla_logic.persistence.contracts import ContractRegister
from include.sla_logic.persistence.counted_credits import COUNTS, Subscription, counted_credit, window_of
from include.sla_logic.persistence.flush import file_messages, message_row
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.pending_messages import Message
from include.sla_logic.persistence.policy_tables import policies_in_force
from include.sla_logic.persistence.queries.settled_windows import rounds_of
from include.sla_logic.persistence.schema.columns import to_minor_units
from include.sla_logic.persistence.settlement import find_run, newest_rounds, round_name, round_number
from include.sla_logic.persistence.statements import add_statement, all_credits, reports_of, statements_of
from include.sla_logic.services.ended_windows import EndedWindow, windows_until
from include.sla_logic.services.stated_credits import stated_credit
from include.sla_logic.services.stated_disputes import StatedDisputes

log = logging.getLogger(__name__)

_OPEN_STEPS = {
    NextStep.CREDIT_MAY_GROW,
    NextStep.MEASUREMENTS_ARE_COMPLETED,
    NextStep.CREDIT_IS_REVIEWED,
    NextStep.DISPUTE_IS_DECIDED,
}


@dataclass
class Statements:
    """Writes the letters of one customer's service in one transaction; what was told before is not told again."""

    connection: Connection
    subscription: Subscription
    now: datetime
    sender: str | None = None

    def tell(self, *, run: int | None = None, about: Period | None = None) -> list[SettlementStatement]:
        """Write what is new of the windows that share time with those of a run, or with one window."""
        lock_service(self.connection, self.subscription[1])
        rounds = newest_rounds(self.connection, self.subscription).values()
        touched = [window_of(row) for row in rounds if row.run == run] if about is None else [about]
        chosen = [row for row in rounds if any(window_of(row).overlaps(one) for one in touched)]
        told = [(row.number, one) for row in chosen if (one := self._statement(row)) is not None]
        for number, statement in told:
            self._post(statement, number)
        return [statement for _, statement in told]

    @cached_property
    def _known(self) -> list[SettlementStatement]:
        return statements_of(self.connection, self.subscription)

    @cached_property
    def _disputes(self) -> StatedDisputes:
        return StatedDisputes(self.connection, self.subscription)

    @cached_property
    def _credits(self) -> Sequence[Row[Any]]:
        return all_credits(self.connection, self.subscription)

    @cached_property
    def _reports(self) -> list[CustomerReport]:
        return reports_of(self.connection, self.subscription)

    @cached_property
    def _register(self) -> ContractRegister:
        return ContractRegister(connection=self.connection, subscriptions=[self.subscription])

    def _statement(self, row: Row[Any]) -> SettlementStatement | None:
        """Return what is to be told of a window; nothing while any of it is undecided."""
        window = window_of(row)
        credits_ = [one for one in self._credits if window_of(one).overlaps(window)]
        open_ = any(one.state == "held" for one in credits_) or self._disputes.is_open(window)
        if row.state != RoundState.DONE or row.owed is None or open_:
            return None
        stated = tuple(self._stated(credits_))
        promised = self._is_promised(window)
        if not self._is_news(row, stated, promised=promised):
            return None
        judged = self._judged(row)
        if judged is None:
            return None
        ended, comparison = judged
        reviewed = any(one.decided_by is not None and one.held_because is not None for one in credits_)
        rebate = work_out_rebate(comparison, earlier=self._beside(window))
        if to_minor_units(rebate.gross) != row.owed or (comparison.provisional and not reviewed):
            return None
        unlike = Unlike.REVIEWED if reviewed else None
        if not reviewed and any(one.state == "lapsed" for one in credits_):
            unlike = Unlike.LAPSED
        statement = self._written(row, ended, comparison, rebate, stated, promised=promised, unlike=unlike)
        if statement.missing and unlike is None:
            log.warning(
                "%s is not told: nothing on record explains why %s of it are missing",
                statement.reference,
                statement.missing,
            )
            return None
        return statement

    def _is_news(self, row: Row[Any], stated: Sequence[StatedCredit], *, promised: bool) -> bool:
        """Tell whether there is something to tell that can be added up; amounts of two currencies cannot."""
        window = window_of(row)
        decided = self._disputes.is_decided_since(window, self._known, self._reports)
        if not any(one.new for one in stated) and not decided and not (promised and self._is_recent(window)):
            return False
        others = {one.amount.currency for one in stated} - {row.currency}
        if others:
            names = round_name(row.number), row.currency, ", ".join(sorted(others))
            log.warning("%s is not told: it owes %s, and some of its credits are in %s", *names)
        return not others

    def _written(
        self,
        row: Row[Any],
        ended: EndedWindow,
        comparison: SlaComparison,
        rebate: Rebate,
        stated: tuple[StatedCredit, ...],
        *,
        promised: bool,
        unlike: Unlike | None,
    ) -> SettlementStatement:
        window = window_of(row)
        before = [one for one in self._known if one.performance.window.overlaps(window)]
        reported = [one for one in self._reports if one.performance.window.overlaps(window)]
        statement = SettlementStatement(
            reference=round_name(row.number),
            kind=StatementKind.CORRECTION if before or (reported and not promised) else StatementKind.FINAL,
            customer=ended.agreement.customer,
            locale=self._register.customer(ended.agreement.customer).locale,
            provider=ended.contract.provider,
            zone=ended.contract.zone,
            service=ended.agreement.service,
            service_name=ended.agreement.service_name,
            contract=ended.contract.id,
            contract_version=ended.contract.version,
            performance=summarise(comparison, ended.contract, at_risk_within=timedelta(0)),
            outages=counted_outages(comparison),
            **owed_by(rebate),
            credits=stated,
            promised=promised,
            follows=bool(before or reported),
            claimed_late=comparison.claim.state == "late",
            unlike=unlike,
            claim_deadline=comparison.claim.deadline,
            amounts=policies_in_force().credits.amounts,
            disputes=self._disputes.of(window),
            created_at=self.now,
        )
        return self._compared(statement, before)

    def _compared(self, statement: SettlementStatement, before: Sequence[SettlementStatement]) -> SettlementStatement:
        """Say what has changed since the letter before about the same window, and whether it is a charge."""
        window = statement.performance.window
        same = [one for one in before if one.performance.window == window]
        if same:
            last = round_number(same[-1].reference) or 0
            rows = rounds_of(self.connection, self.subscription, window)
            kinds = {kind for row in rows if row.number > last for kind in kinds_of(row.changed)}
            statement = statement.after(same[-1], sorted(kinds, key=list(FactKind).index))
        charged = statement.difference.amount < 0
        return statement.model_copy(update={"kind": StatementKind.CHARGE}) if charged else statement

    def _stated(self, rows: Sequence[Row[Any]]) -> Iterator[StatedCredit]:
        """Return the credits that count or can be claimed; new are those of rounds that no letter has named so."""
        named = {(one.reference, one.state) for statement in self._known for one in statement.credits}
        for row in rows:
            state = "booked" if row.state in COUNTS else row.state
            of_round = round_number(row.ticket) is not None
            if state == "superseded":
                state = "withdrawn"
                was_told = (row.id, "unclaimed") in named or not of_round
                if not was_told or row.amount is None:
                    continue
            elif state not in ("booked", "unclaimed"):
                continue
            yield stated_credit(row, state, new=(row.id, state) not in named and (of_round or state == "withdrawn"))

    def _is_promised(self, window: Period) -> bool:
        """Tell whether a letter about an incident has left the amount open, and no statement has followed it."""
        stated = [one.created_at for one in self._known if one.performance.window.overlaps(window)]
        return any(
            report.credit is not None
            and report.performance.window.overlaps(window)
            and (report.credit.state is CreditState.PROVISIONAL or not _OPEN_STEPS.isdisjoint(report.next_steps))
            and all(at < report.created_at for at in stated)
            for report in self._reports
        )

    def _is_recent(self, window: Period) -> bool:
        """Tell whether it is worth a letter that nothing has changed: not for windows of long ago."""
        return window.end >= self.now - timedelta(days=policies_in_force().credits.old_after_days)

    def _judged(self, row: Row[Any]) -> tuple[EndedWindow, SlaComparison] | None:
        """Judge the window as the round did; None where facts have changed since: the next run tells it."""
        at = find_run(self.connection, row.run).at
        for ended in windows_until(self._register, at):
            if ended.window == window_of(row):
                measured = MeasurementRegister(
                    connection=self.connection, contracts=self._register, subscriptions=[self.subscription]
                )
                facts = measured.facts(ended.agreement, ended.calendar, as_of=at)
                comparison = compare(ended.contract, facts, window=ended.calendar, as_of=at)
                return (ended, comparison) if facts_of(comparison) == row.facts else None
        return None

    def _beside(self, window: Period) -> list[Any]:
        """Return what counts beside the window: it uses up the cap."""
        counted = [counted_credit(row) for row in self._credits if row.state in COUNTS]
        return [one for one in counted if not one.window.overlaps(window)]

    def _post(self, statement: SettlementStatement, round_: int) -> None:
        from include.sla_logic.letters.letter_outbox import render_statement

        customer = self._register.customer(statement.customer)
        installation = installation_id(self.connection)
        payload = render_statement(statement, customer, installation=installation, sender=self.sender)
        message = Message(kind="mail", key=payload["message_id"], payload=payload)
        file_messages(self.connection, [message_row(message, ticket=None, now=self.now)])
        add_statement(self.connection, statement, round_=round_, key=message.key)

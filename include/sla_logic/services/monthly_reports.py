"""The service report of a customer's month: shown, printed, exported and mailed on request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from include.sla_logic.domain.calendars import calendar_window
from include.sla_logic.domain.disputes import frozen_by
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.monthly_report import MonthlyReport, ServiceMonth
from include.sla_logic.domain.period import Period
from include.sla_logic.domain.sentence import Sentence
from include.sla_logic.domain.service_performance import summarise
from include.sla_logic.domain.settlement import RoundState
from include.sla_logic.domain.sla import compare
from include.sla_logic.domain.statement import counted_outages
from include.sla_logic.letters.pdf import as_pdf
from include.sla_logic.persistence.audit import Act, note_act
from include.sla_logic.persistence.contracts import ContractRegister, Subscription
from include.sla_logic.persistence.counted_credits import COUNTS, window_of
from include.sla_logic.persistence.disputes import disputes_of
from include.sla_logic.persistence.flush import file_messages, message_row
from include.sla_logic.persistence.installation import installation_id
from include.sla_logic.persistence.measurements import MeasurementRegister
from include.sla_logic.persistence.outbox import has_message
from include.sla_logic.persistence.pending_messages import Message
from include.sla_logic.persistence.queries.reports import UnableToReadMonth, month_of
from include.sla_logic.persistence.settlement import newest_rounds, subscriptions
from include.sla_logic.persistence.statements import all_credits
from include.sla_logic.persistence.unit_of_work import UnitOfWork
from include.sla_logic.services.ended_windows import EndedWindow, windows_until
from include.sla_logic.services.service_assessment import only_what_is_known
from include.sla_logic.services.stated_credits import stated_credit


class UnableToSendReport(ForeseenError):
    """The report is in the outbox already."""


@dataclass(frozen=True)
class MonthlyReports:
    """Judges all services of a customer as known now; raises `UnableToFindRecord` for an unknown customer."""

    work: UnitOfWork

    def report(self, customer: str, month: str) -> MonthlyReport:
        """Return the report of a month such as 2026-10; raise `UnableToReadMonth`."""
        with self.work.reading() as connection:
            return self._report(connection, customer, month)

    def as_page(self, customer: str, month: str) -> str:
        """Return the report as a page that stands alone."""
        from include.sla_logic.letters.letter_outbox import as_page

        return as_page(self._payload(customer, month))

    def as_pdf(self, customer: str, month: str) -> bytes:
        """Return the report as PDF; raise `UnableToMakePdf` where the programs for it are missing."""
        return as_pdf(self._payload(customer, month))

    def as_text(self, customer: str, month: str) -> str:
        """Return the report as text."""
        from include.sla_logic.domain.mail_message import read_message, text_of

        return text_of(read_message(str(self._payload(customer, month)["message"])))

    def as_csv(self, customer: str, month: str) -> str:
        """Return the report for a spreadsheet, in the customer's language."""
        from include.sla_logic.letters.monthly_letter import csv_rows
        from include.sla_logic.services.tables import as_csv

        columns, rows, delimiter = csv_rows(self.report(customer, month))
        return as_csv(columns, rows, delimiter=delimiter)

    def send(self, customer: str, month: str, *, by: str) -> str:
        """Put the report into the outbox and return its key; raise `UnableToSendReport` where the same is there."""
        with self.work.writing() as connection:
            report = self._report(connection, customer, month)
            payload = self._rendered(connection, report)
            message = Message(kind="mail", key=payload["message_id"], payload=payload)
            if has_message(connection, message.key):
                msg = "The report of %(month)s for %(customer)s was sent, and nothing has changed since."
                raise UnableToSendReport(Sentence(msg, month=month, customer=customer))
            now = report.created_at
            file_messages(connection, [message_row(message, ticket=None, now=now)])
            note_act(connection, Act(now, by, "report sent", customer, f"service report of {month}"))
            return message.key

    def _payload(self, customer: str, month: str) -> Mapping[str, Any]:
        with self.work.reading() as connection:
            return self._rendered(connection, self._report(connection, customer, month))

    def _rendered(self, connection: Connection, report: MonthlyReport) -> dict[str, Any]:
        from include.sla_logic.letters.letter_outbox import render_monthly_report

        customer = ContractRegister(connection=connection).customer(report.customer)
        installation = installation_id(connection)
        return render_monthly_report(report, customer, installation=installation, sender=self.work.sender)

    def _report(self, connection: Connection, customer: str, month: str) -> MonthlyReport:
        now = self.work.database.now(connection)
        if month_of(month).start > now:
            raise UnableToReadMonth(Sentence("%(month)s lies in the future.", month=month))
        person = ContractRegister(connection=connection).customer(customer)
        mine = [one for one in subscriptions(connection) if one[0] == customer]
        found = [each for one in mine for each in _windows(connection, one, month, now)]
        return MonthlyReport(
            customer=customer,
            customer_name=person.name,
            locale=person.locale,
            month=month,
            providers=tuple(sorted({provider for provider, _ in found if provider})),
            services=tuple(one for _, one in found),
            created_at=now,
        )


def _windows(
    connection: Connection, subscription: Subscription, month: str, now: datetime
) -> Iterator[tuple[str | None, ServiceMonth]]:
    """Return the provider and the report of each window of a service that shares time with the month."""
    register = ContractRegister(connection=connection, subscriptions=[subscription])
    measured = MeasurementRegister(connection=connection, contracts=register, subscriptions=[subscription])
    contested = disputes_of(connection, [subscription])[subscription]
    rounds, credits_ = newest_rounds(connection, subscription), all_credits(connection, subscription)
    begun = windows_until(register, min(now, month_of(month).end + timedelta(days=1)))
    for ended in begun:
        if not ended.window.overlaps(_local_month(month, ended.contract.zone)):
            continue
        facts = measured.facts(ended.agreement, ended.calendar, as_of=now)
        facts = only_what_is_known(connection, facts, ended.window, as_of=now)
        comparison = compare(ended.contract, facts, window=ended.calendar, as_of=now)
        touching = [row for row in credits_ if window_of(row).overlaps(ended.window)]
        held = any(row.state == "held" for row in touching)
        done, disputed = rounds.get(ended.window.span), frozen_by(contested, ended.window) is not None
        yield (
            ended.contract.provider,
            ServiceMonth(
                service=ended.agreement.service,
                service_name=ended.agreement.service_name,
                contract=ended.contract.id,
                zone=ended.contract.zone,
                performance=summarise(comparison, ended.contract, at_risk_within=timedelta(0)),
                outages=counted_outages(comparison),
                credits=tuple(
                    stated_credit(row, "booked" if row.state in COUNTS else row.state)
                    for row in touching
                    if row.state in (*COUNTS, "unclaimed")
                ),
                settled=done is not None and done.state == RoundState.DONE and not held and not disputed,
                under_review=held,
                next_window=_next(ended),
                disputed=disputed,
            ),
        )


def _local_month(month: str, zone: str) -> Period:
    """Return the month as the zone counts it: its middle lies in it everywhere."""
    return calendar_window("month", zone, month_of(month).start + timedelta(days=14))


def _next(ended: EndedWindow) -> Period | None:
    over, until = ended.agreement.over, ended.calendar.end
    if over is not None and over <= until:
        return None
    following = ended.contract.window_at(until)
    return following if over is None else Period(start=following.start, end=min(following.end, over))

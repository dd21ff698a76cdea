"""Close the month of one incident by an instant given to the run, correct it afterwards, and read what is told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from deploy.demo.table import Result
from deploy.demo.verdict import first_comparison
from include.sla_logic.domain.customer_report import CreditState
from include.sla_logic.domain.period import Period
from include.sla_logic.importers import KINDS, plain_mapping
from include.sla_logic.services import Settings, UseCases
from include.sla_logic.services.lookups import Case
from include.sla_logic.services.settled_windows import SettledWindow

CLOSER, SECOND_PERSON = "demo operator", "second demo operator"
SETTLED_AFTER = timedelta(days=18)  # the grace, and the longest wait for what is still under way
INCIDENT = "premium"  # its contract has tiers enough for the month to owe more, and still less than its charge
MISSED_HOURS = 40  # of the outage that is recorded too late


@dataclass(frozen=True)
class Closed:
    """Hold what happened to the window, in sentences, and what is wrong about it."""

    told: tuple[str, ...]
    wrong: tuple[str, ...]


class Closing:
    """One window after its end: the clock is ahead, so that the demo need not wait for it."""

    def __init__(self, settings: Settings, case: Case, window: Period) -> None:
        self.case, self.window, self.at = case, window, window.end + SETTLED_AFTER
        ahead = self.at + timedelta(hours=1) - datetime.now(UTC)
        self.use_cases = UseCases(settings, clock=lambda: datetime.now(UTC) + ahead)
        self.folder = settings.letters_folder

    def close(self) -> Closed:
        """Settle the window, record an outage that was missed, and settle it again."""
        for kind in ("outages", "samples"):
            self.use_cases.imports.complete(kind, until=self.at, by=CLOSER, source="the demo")
        before, held = self.case.closed, self._settle()
        first = self._now()
        self._miss_an_outage()
        self._settle()
        second = self._now()
        self.use_cases.outbox.deliver(limit=1_000)
        told = [
            f"{self.case.ticket.id} was credited {before.credit if before else None}, provisionally.",
            f"Its window {self.window} is closed as of {self.at:%Y-%m-%d %H:%M} UTC: {first.booked} in all.",
            f"The run was held ({held}); {SECOND_PERSON} released it." if held else "It was within the limits.",
            f"An outage of {MISSED_HOURS} hours is recorded afterwards: {second.booked} in all.",
            *self._letter(second),
            f"The whole letter is {second.letter} among the letters.",
        ]
        return Closed(tuple(told), tuple(self._wrong(first, second)))

    def _settle(self) -> str | None:
        """Settle as of the instant, with a second person where the run is held; return why it was."""
        settlement = self.use_cases.settlement
        run = settlement.run(by=CLOSER, at=self.at, shards=1)
        if run.state == "held":
            settlement.release(run.number, by=SECOND_PERSON, reason="The demo's month is right.")
            settlement.run(by=CLOSER)
        return run.held_because

    def _miss_an_outage(self) -> None:
        start = self.window.start + timedelta(days=1)
        times = f"{start.isoformat()},{(start + timedelta(hours=MISSED_HOURS)).isoformat()}"
        file = self.folder.parent / "missed.csv"
        file.write_text(f"service,reference,started_at,ended_at\n{self.case.ticket.service},MISSED,{times}\n")
        mapping = plain_mapping("outages", KINDS["outages"].record.model_fields)
        day = self.at.date()
        self.use_cases.imports.records(file, kind="outages", mapping=mapping, as_of=day, progress=lambda _rows: None)

    def _now(self) -> SettledWindow:
        ticket = self.case.ticket
        found = self.use_cases.settlement_views.windows(size=100_000).rows
        mine = ticket.customer, ticket.service, self.window
        return next(one for one in found if (one.customer, one.service, one.window) == mine)

    def _letter(self, window: SettledWindow) -> list[str]:
        """Return the letter down to what it says of the amounts: what stands before its first underlined heading."""
        return self.use_cases.letters.as_text(window.letter or "").partition("\n---")[0].splitlines()[:-1]

    def _wrong(self, first: SettledWindow, second: SettledWindow) -> Iterator[str]:
        for window in (first, second):
            if window.state != "done":
                yield f"the window is {window.state}: {window.reason}"
            if window.booked != window.owed:
                yield f"{window.owed} are owed, and {window.booked} are booked"
        if first.booked is None or second.booked is None or second.booked <= first.booked:
            yield "the outage that was missed has brought nothing"
        elif str(second.booked.amount) not in "".join(self._letter(second)):
            yield f"the letter does not say {second.booked}"
        yield from (str(one) for one in self.use_cases.monitoring.violations())


def close_a_month(settings: Settings, results: Sequence[Result]) -> Closed | None:
    """Close the window of the premium customer's incident; None where it was not started, or not credited."""
    case = next((result.case for result in results if result.incident.key == INCIDENT), None)
    comparison = first_comparison(case) if case else None
    if case is None or comparison is None or case.closed is None:
        return None
    provisional = case.closed.credit_state is CreditState.PROVISIONAL
    return Closing(settings, case, comparison.window).close() if provisional else None

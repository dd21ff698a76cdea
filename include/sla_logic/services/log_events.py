"""The events of the process log: what is kept of an incident, put as what happened, when, and to which objects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from include.sla_logic.domain.lanes import Lane
from include.sla_logic.domain.outgoing_keys import name_in
from include.sla_logic.domain.pseudonyms import Pseudonyms
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.persistence.flush import AUTOMATIC
from include.sla_logic.persistence.incident_records import ticket_id
from include.sla_logic.persistence.schema.columns import from_minor_units
from include.sla_logic.persistence.service_problems import problem_id
from include.sla_logic.process.graph import STAGES, STEPS, WAIT, Kind
from include.sla_logic.services.stalled_incidents import WATCHDOG

_LANES = {step.name: stage.lane for stage in STAGES for step in stage.steps}
_KINDS = {Kind.ACTIVITY: "step", Kind.DECISION: "decision", Kind.WAIT: "wait"}
_ON_HOLD = frozenset({TicketStatus.PENDING.value, TicketStatus.HELD.value})
_MESSAGES = MappingProxyType({"mail": ("letter", Lane.CUSTOMER_SERVICE), "billing": ("posting", Lane.BILLING)})
_PROGRAMS = frozenset({"Airflow", WATCHDOG, AUTOMATIC})


class About(NamedTuple):
    """An object of an event or of another object, and what it is to it."""

    type: str
    id: str
    qualifier: str


@dataclass(frozen=True)
class LogEvent:
    """Something that happened; `order` decides between events of one moment. Attributes are texts or decimals."""

    id: str
    activity: str
    kind: str
    at: datetime
    order: tuple[int, int]
    about: tuple[About, ...]
    lifecycle: str = "complete"
    department: str = ""
    person: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class EventMaker:
    """Makes events; `names` says that customers, people and what they wrote may be shown as they are."""

    pseudonyms: Pseudonyms
    names: bool

    def of_incident(self, incident: Any, rows: Mapping[str, Iterable[Any]]) -> list[LogEvent]:
        """Return everything that happened to one incident, in order; `rows` are its own."""
        about = (About("incident", ticket_id(incident.number), "of"), *self._parties(incident))
        credits_ = {row.id for row in rows["credits"]}
        made = (
            *self._steps(about, rows["steps"]),
            *self._history(about, rows["history"]),
            *(event for row in rows["waits"] for event in self._wait(about, row)),
            *(event for row in rows["messages"] for event in self._message(about, row, credits_)),
            *(self._act(about, row) for row in rows["acts"]),
            *(event for row in rows["credits"] for event in self._credit(about, row)),
            *(_tie(about, row) for row in rows["tied"]),
            *(event for row in rows["problems"] for event in _problem(about, row)),
        )
        return sorted(made, key=lambda event: (event.at, event.order, event.id))

    def of_round(self, row: Any, credits_: Iterable[Any]) -> list[LogEvent]:
        """Return a round of settlement, and what became of the credits that it brought."""
        parties = self._parties(row)
        contract = About("contract", row.contract, "under")
        its = tuple(About("credit", credit.id, "brings") for credit in credits_)
        said = {"state": row.state, "round": row.round, **_money(row.owed, row.currency), **self._words(row.reason)}
        what = "window settled" if row.round == 1 else "window corrected"
        event = _event("round", row.number, 9, what, "correction", row.recorded_at, (*parties, contract, *its), said)
        booked = [one for credit in credits_ for one in self._credit(parties, credit)]
        return sorted([_within(event, Lane.BILLING), *booked], key=lambda one: (one.at, one.order, one.id))

    def of_message(self, row: Any) -> list[LogEvent]:
        """Return what became of a message that belongs to no incident."""
        return list(self._message(self._parties(row) if row.customer else (), row, frozenset()))

    def of_act(self, row: Any) -> list[LogEvent]:
        """Return an act that is about no incident."""
        return [self._act((), row)]

    def customer(self, name: str) -> str:
        """Return the customer's id, or the pseudonym."""
        return self.pseudonyms.of("customer", name)

    def _parties(self, row: Any) -> tuple[About, ...]:
        return About("customer", self.customer(row.customer), "for"), About("service", row.service, "at")

    def _person(self, name: str | None) -> str:
        """Return who acted, where it was a person."""
        ours = not name or name in _PROGRAMS or name.startswith("run ")
        return "" if ours else self.pseudonyms.of("person", name or "")

    def _words(self, text: str | None) -> dict[str, str]:
        """Return what somebody wrote, which may name anybody."""
        return {"reason": text} if text and self.names else {}

    def _steps(self, about: tuple[About, ...], rows: Iterable[Any]) -> Iterator[LogEvent]:
        for row in rows:
            node, said = STEPS.get(row.task), {"choice": row.choice} if row.choice else {}
            kind = _KINDS[node.kind] if node else "step"
            event = _event("step", row.id, 2, row.task, kind, row.done_at, about, said)
            yield _within(event, _LANES[row.task]) if node else event

    def _history(self, about: tuple[About, ...], rows: Iterable[Any]) -> Iterator[LogEvent]:
        before = ""
        for row in sorted(rows, key=lambda row: row.sequence):
            name, lifecycle = f"ticket {row.status}", "complete"
            if row.status in _ON_HOLD:
                name, lifecycle = "ticket on hold", "suspend"
            elif before in _ON_HOLD and row.status == TicketStatus.IN_PROGRESS.value:
                name, lifecycle = "ticket resumed", "resume"
            before = row.status
            said = {"state": row.status, **({"owner": row.owner} if row.owner else {}), **self._words(row.reason)}
            key = f"{row.ticket}:{row.sequence}"
            kind = "hold" if lifecycle != "complete" else "status"
            yield _event("status", key, 1, name, kind, row.at, about, said, lifecycle=lifecycle, turn=row.sequence)

    def _wait(self, about: tuple[About, ...], row: Any) -> Iterator[LogEvent]:
        moments: tuple[tuple[str, datetime | None, str, dict[str, Any], str], ...] = (
            ("wait opened", row.opened_at, "", {}, "start"),
            ("restoration request sent", row.sent_at, row.sent_by, self._words(row.reason), "complete"),
            ("restoration request rejected", row.rejected_at, row.rejected_by, self._words(row.reason), "complete"),
            ("wait decided", row.decided_at, "", {"state": row.outcome}, "complete"),
        )
        for turn, (what, at, by, said, lifecycle) in enumerate(moments):
            if at is not None:
                event = _event("wait", f"{row.ticket}:{what}", 3, what, "wait", at, about, said, lifecycle, turn)
                yield _within(event, _LANES[WAIT], self._person(by))

    def _message(self, about: tuple[About, ...], row: Any, credits_: frozenset[str] | set[str]) -> Iterator[LogEvent]:
        what, lane = _MESSAGES.get(row.kind, ("message", None))
        letter = (About("letter", str(row.id), "of"),) if what == "letter" else ()
        posted = name_in(row.key).partition(":")[2]
        credit = (About("credit", posted, "posts"),) if posted in credits_ else ()
        for turn, (done, at) in enumerate((("written", row.created_at), ("sent", row.sent_at))):
            if at is not None:
                name, key = f"{what} {done}", f"{row.id}:{done}"
                event = _event("message", key, 5, name, "message", at, (*about, *letter, *credit), {}, turn=turn)
                yield _within(event, lane)

    def _act(self, about: tuple[About, ...], row: Any) -> LogEvent:
        event = _event("act", row.id, 7, row.action, "act", row.at, about, self._words(row.detail))
        return _within(event, None, self._person(row.actor))

    def _credit(self, about: tuple[About, ...], row: Any) -> Iterator[LogEvent]:
        whole = (*about, About("credit", row.id, "of"))
        moments = (
            ("recorded", row.recorded_at, ""),
            ("claimed", row.claimed_at, row.claimed_by),
            ("decided", row.decided_at, row.decided_by),
            ("posted", row.posted_at, ""),
            ("paid out", row.paid_out_at, row.paid_out_by),
        )
        for turn, (what, at, by) in enumerate(moments):
            if at is not None:
                said = self._words(row.decision_reason) if what == "decided" else {}
                event = _event("credit", f"{row.id}:{what}", 4, f"credit {what}", "credit", at, whole, said, turn=turn)
                yield _within(event, Lane.BILLING, self._person(by))


def _event(  # noqa: PLR0913, PLR0917 - what an event is made of
    source: str,
    key: object,
    rank: int,
    activity: str,
    kind: str,
    at: datetime,
    about: tuple[About, ...],
    said: Mapping[str, Any],
    lifecycle: str = "complete",
    turn: int | None = None,
) -> LogEvent:
    order = (rank, turn if turn is not None else key if isinstance(key, int) else 0)
    return LogEvent(f"{source}:{key}", activity, kind, at, order, about, lifecycle, attributes=said)


def _within(event: LogEvent, lane: Lane | None, person: str = "") -> LogEvent:
    return LogEvent(**{**vars(event), "department": lane.value if lane else "", "person": person})


def _tie(about: tuple[About, ...], row: Any) -> LogEvent:
    whole = (*about, About("service problem", problem_id(row.problem), "caused by"))
    key = f"{row.ticket}:{row.problem}"
    return _event("tie", key, 6, "tied to service problem", "problem", row.tied_at, whole, {}, turn=row.problem)


def _problem(about: tuple[About, ...], row: Any) -> Iterator[LogEvent]:
    whole = (*about, About("service problem", problem_id(row.number), "of"), About("resource", row.resource, "on"))
    moments = (("opened", row.opened_at), ("released", row.released_at), ("over", row.closed_at))
    for turn, (what, at) in enumerate(moments):
        if at is not None:
            said = {"type_of_problem": row.type_of_problem}
            key = f"{row.number}:{what}"
            yield _event("problem", key, 6, f"service problem {what}", "problem", at, whole, said, turn=turn)


def _money(amount: int | None, currency: str) -> dict[str, Any]:
    return {} if amount is None else {"amount": from_minor_units(amount, currency).amount, "currency": currency}

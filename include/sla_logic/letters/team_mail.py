"""Mail to the team about open incidents: ids, times, amounts and our own sentences; no name or word of a customer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

from include.sla_logic.domain.durations import show_duration
from include.sla_logic.domain.mail_message import NOTICE
from include.sla_logic.domain.notice_policy import MISSED
from include.sla_logic.domain.notices import Notice, NoticeKind
from include.sla_logic.domain.trouble_ticket import TroubleTicket
from include.sla_logic.letters.operator_mail import Envelope, Payload, operator_mail

_SHOWN = 200  # incidents in one mail


def notice_mail(notice: Notice, envelope: Envelope) -> Payload:
    """Return the mail about one incident."""
    says = (
        f"{sentence(notice)}\n\nTicket: {notice.ticket}\nService: {notice.service}\n"
        f"Owner: {notice.owner or 'nobody'}\n\n{_WHAT_TO_DO[notice.kind]}\n"
    )
    return operator_mail(_name(notice), f"{notice.ticket}: {subject(notice)}", says, envelope, start=NOTICE)


def notices_mail(notices: Sequence[Notice], envelope: Envelope) -> Payload:
    """Return the mail about many incidents, which stands in place of one for each."""
    name = f"list-{sha256(repr([_name(one) for one in notices]).encode()).hexdigest()[:16]}"
    shown = [f"{one.ticket}: {sentence(one)}" for one in notices[:_SHOWN]]
    more = [f"… and {len(notices) - _SHOWN} more, each in the timeline of its incident."]
    says = "\n".join((*shown, *(more if len(notices) > _SHOWN else ()), ""))
    return operator_mail(name, f"{len(notices)} notices about open incidents", says, envelope, start=NOTICE)


def assigned_mail(ticket: TroubleTicket, by: str, reason: str, envelope: Envelope) -> Payload:
    """Return the mail to a person to whom somebody else has assigned a ticket."""
    says = f"{ticket.id} is assigned to you by {by}.\n\nReason: {reason}\nService: {ticket.service}\n"
    name = f"{ticket.id}.assigned-{envelope.now.astimezone(UTC):%Y%m%dT%H%M%S%f}"
    return operator_mail(name, f"{ticket.id}: assigned to you by {by}", says, envelope, start=NOTICE)


_WHAT_TO_DO = {
    NoticeKind.DUE_TIME: "The clock stands while the customer owes the next step; its page at the desk shows both.",
    NoticeKind.NEXT_TIER: "The page of the incident shows the judgement, and what is owed so far.",
    NoticeKind.BROKEN_PROMISE: "Write to them at the desk, or with `sla incident write`.",
}


def subject(notice: Notice) -> str:
    """Return what the notice is about in a few words."""
    if notice.kind is NoticeKind.BROKEN_PROMISE:
        return "a letter that was promised is missing"
    if notice.kind is NoticeKind.NEXT_TIER:
        return f"the next credit tier comes within {_left(notice)}"
    if notice.share == MISSED:
        return f"the due time of {notice.priority} is missed"
    return f"{notice.share} % of the due time of {notice.priority} used up"


def sentence(notice: Notice) -> str:
    """Return the notice in a sentence, as mails and the timeline have it."""
    if notice.kind is NoticeKind.BROKEN_PROMISE:
        by = _at(notice.promised)
        return f"The customer was promised a letter by {by}, and has not been written to since."
    comes = _at(notice.standing.runs_out_at if notice.standing else None)
    if notice.kind is NoticeKind.NEXT_TIER:
        costs = f"It costs {notice.costs} more." if notice.costs else "What it costs more is not known."
        return f"The next credit tier ({notice.tier}) is reached at {comes} if the outage lasts. {costs}"
    if notice.share == MISSED:
        return f"The due time of {notice.priority} is missed: it was over at {comes}."
    return (
        f"{notice.share} % of the due time of {notice.priority} are used up: "
        f"{_left(notice)} left, until {comes} if the clock runs on."
    )


def _left(notice: Notice) -> str:
    seconds = notice.standing.seconds_left if notice.standing else None
    return show_duration(max(0, seconds or 0), units=2)


def _at(moment: datetime | None) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if moment else "a time that is not known"


def _name(notice: Notice) -> str:
    """Identify a notice: the same one has the same Message-ID."""
    about = f"{notice.share}" if notice.kind is NoticeKind.DUE_TIME else f"{notice.tier}{_at(notice.promised)}"
    return f"{notice.ticket}.{notice.kind.replace(' ', '-')}-{sha256(about.encode()).hexdigest()[:12]}"

"""The form for a new problem report: the same model as every other way in, and its mistakes named field by field."""

from collections.abc import Mapping

from include.sla_logic.domain.calendars import UnableToReadInstant, read_instant
from include.sla_logic.domain.notification import ProblemNotification
from include.sla_logic.services import UseCases

SUGGESTED = 200
_INSTANTS = ("observed_from", "observed_to", "reported_at")


def read_report(form: Mapping[str, str], use_cases: UseCases) -> ProblemNotification:
    """Return the notification; raise `ValidationError` for its fields, `UnableToFindSubscription` for its records."""
    filled: dict[str, object] = {name: value.strip() for name, value in form.items() if value.strip()}
    for name in _INSTANTS:
        if name in filled:
            filled[name] = _in_utc(str(filled[name]))
    notification = ProblemNotification.model_validate(filled)
    use_cases.subscriptions.require(notification.customer, notification.service, at=notification.observed_from)
    return notification


def _in_utc(text: str) -> str:
    """Add the zone that the form asks for: browsers send a wall-clock time without one."""
    try:
        return read_instant(text, zone="UTC").isoformat()
    except UnableToReadInstant:
        return text

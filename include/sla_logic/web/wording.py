"""Codes in words, and the notices after an action."""

import re
from types import MappingProxyType

from include.sla_logic.web.translations import FALLBACK, gettext, language

_CODES = MappingProxyType(
    {
        "inProgress": "in progress",
        "due by priority": "priority target",
        "is_customer_premium": "Premium customer?",
        "does_significance_change_priorities": "Does significance change priorities?",
        "is_problem_analyzable": "Can Service Management analyse the problem?",
        "is_problem_detected": "Is a problem detected?",
        "prepare_final_status_report": "Prepare final status report",
        "await_restoration_request": "Wait for the restoration request",
        "pending": "on hold: customer",
        "held": "on hold: ours",
        "none_due": "no credit due",
        "under_review": "credit under review",
        "to_be_claimed": "credit to be claimed",
        "declined": "credit declined",
        "none": "not known",
    }
)
_NOTICES = MappingProxyType(
    {
        "credit_approved": "The credit is approved and booked.",
        "credit_declined": "The credit is declined.",
        "credit_claimed": "The claim is noted and the credit is booked.",
        "amount_entered": "The amount is entered; another person approves it.",
        "credit_paid_out": "The credit is noted as paid out.",
        "dispute_recorded": "The dispute is recorded: nothing is booked until another person decides it.",
        "dispute_accepted": "The dispute is accepted; the window is judged again.",
        "dispute_declined": "The dispute is declined; the next letter to the customer says why.",
        "run_released": "The run is released: the next run of the DAG or of the command books it.",
        "released": "The restoration request is sent; the run continues.",
        "rejected": "The restoration request is rejected; the run continues.",
        "on_hold": "The ticket is on hold.",
        "resumed": "The ticket is resumed.",
        "taken": "The ticket is yours.",
        "assigned": "The ticket is assigned.",
        "given_back": "The ticket is given back; anybody can take it.",
        "noted": "The note is kept.",
        "attached": "The file is attached.",
        "written": "The message to the customer is in the outbox.",
        "work_recorded": "The work is recorded.",
        "measured_again": "The service was measured; the timeline says what was found.",
        "incident_resolved": "The incident is resolved, and the letter to the customer is in the outbox.",
        "incident_reopened": "The incident is open again.",
        "customer_written_to": "The letter to the customer is in the outbox.",
        "accepted": "The notification is accepted.",
        "imports_dismissed": "The rejected rows of imports are dismissed.",
        "report_sent": "The report is in the outbox.",
        "customer_erased": "The personal data are erased; records that were changed: %(count)s.",
        "resent": "The message is sent again at once.",
    }
)
_COUNT = re.compile(r"[0-9]{1,12}")
_LOUD = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")
_CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")
_FACTOR = re.compile(r"\b([a-z][a-z ]*):([a-z]+)\b")
_SLA = re.compile(r"\bsla\b", re.IGNORECASE)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def in_words(code: object) -> str:
    """Write a code as words: `restoration_too_late` as `restoration too late`."""
    return gettext(_words(code))


def title_of(code: object) -> str:
    """Write a code as a heading: `SlaComparison` as `SLA comparison`."""
    words = _words(code).strip()
    words = words[:1].upper() + words[1:].lower() if words.isascii() and _HUMP.search(str(code)) else words
    heading = _SLA.sub("SLA", words[:1].upper() + words[1:])
    translated = gettext(heading)
    if translated == heading and language() != FALLBACK:  # what is no heading elsewhere has its words
        translated = gettext(words)
    return translated[:1].upper() + translated[1:]


def said(text: object) -> str:
    """Write a whole text in the reader's language where the catalogue has it, as it is where not."""
    return gettext(str(text))


def _words(code: object) -> str:
    text = str(code)
    return _CODES.get(text) or _HUMP.sub(" ", text).replace("_", " ")


def sentences() -> tuple[str, ...]:
    """Return every word and notice of this module, in English."""
    return *_CODES.values(), *_NOTICES.values()


def notice_of(code: str, count: str = "") -> str:
    """Write what was just done, and to how many records where it says so; an unknown code gives no notice."""
    notice = gettext(_NOTICES.get(code, ""))
    return notice % {"count": count if _COUNT.fullmatch(count) else "–"} if "%(count)s" in notice else notice


def plainly(text: str) -> str:
    """Write the codes inside a stored reason as words: `LINK_DOWN` as `link down`, `tenure>=5` as `tenure ≥ 5`."""
    text = _LOUD.sub(lambda code: code[0].replace("_", " ").lower(), text)
    text = _CODE.sub(lambda code: code[0].replace("_", " "), text)
    return _FACTOR.sub(r"\1 \2", text).replace(">=", " ≥ ").replace("->", "→").replace("<", " below ")

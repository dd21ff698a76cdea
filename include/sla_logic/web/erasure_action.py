"""Erasing the personal data of a customer, as an action of those who have the role for it."""

from include.sla_logic.services import UseCases
from include.sla_logic.web.action import Action
from include.sla_logic.web.performed import ActionRequest


def check(use_cases: UseCases, customer: str) -> None:
    """Refuse while anything about the customer is open, unsent or in force."""
    use_cases.erasure.check(customer)


def erase(use_cases: UseCases, request: ActionRequest) -> str:
    """Erase the personal data of a customer; return how many records were changed."""
    undelivered = request.undelivered == "yes"
    done = use_cases.erasure.erase(request.subject, by=request.by, reason=request.reason, undelivered=undelivered)
    return str(done.records)


ERASE = Action(
    "erase",
    "customer",
    "Erase the customer's personal data",
    "What tells who the customer is or what they said is replaced by [erased], for good. Nobody can undo it.",
    "Erase for good",
    "customer_erased",
    erase,
    danger=True,
    asks_undelivered=True,
    role="admin",
    counts=True,
    check=check,
)

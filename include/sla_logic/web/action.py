"""What an action of an operator is, and how its form is read."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from fastapi import HTTPException

from include.sla_logic.domain.numbers import number_in
from include.sla_logic.services import UseCases
from include.sla_logic.web.forms import reason_of
from include.sla_logic.web.performed import ActionRequest
from include.sla_logic.web.translations import gettext

FIELDS = (
    *("owner", "amount", "received_on", "person", "text", "done_at", "basis", "with_children", "contested"),
    "undelivered",
)
FILE_FIELD = "attachment_"


@dataclass(frozen=True)
class Action:
    """One action: how the desk explains it, how it is performed, and the notice that follows.

    `subject` is what it is performed on: ticket, credit, dispute, window (customer, service and an instant), run (of
    settlement), report (customer and month), customer, entry (of the quarantine), imports (their rejected rows) or
    message (of the outbox). `tells_reason`: the customer reads the reason. `check` refuses before anything is
    asked for. `role`: the login must have it, written in small letters. `counts`: `perform` returns how many records
    it has changed; else the ticket whose page follows.
    """

    name: str
    subject: str
    title: str
    explanation: str
    button: str
    done: str
    perform: Callable[[UseCases, ActionRequest], str | None]
    danger: bool = False
    asks_owner: bool = False
    asks_amount: bool = False
    asks_day: bool = False
    asks_person: bool = False
    asks_text: bool = False
    asks_reason: bool = True
    asks_when: bool = False
    asks_basis: bool = False
    asks_children: bool = False
    asks_contested: bool = False
    tells_reason: bool = False
    asks_files: bool = False
    asks_undelivered: bool = False
    role: str = ""
    counts: bool = False
    check: Callable[[UseCases, str], None] | None = None

    def is_for(self, roles: Iterable[str]) -> bool:
        """Tell whether somebody with these roles may do it, who may act at all."""
        return not self.role or self.role in map(str.lower, roles)

    def refuse_others(self, roles: Iterable[str]) -> None:
        """Refuse who has not the role that the action needs."""
        if not self.is_for(roles):
            msg = gettext("You need the role %(role)s for this: somebody who has it must do it.", role=self.role)
            raise HTTPException(403, msg)


def action_request(
    action: Action,
    subject: str,
    fields: Mapping[str, str],
    *,
    by: str,
    roles: tuple[str, ...] = (),
    attachments: tuple[int, ...] = (),
) -> ActionRequest:
    """Read the fields of a form; raise `UnableToReadReason` without a reason where the action asks for one.

    A form names each of its files in a field of its own. Who has not the role for the action is answered with 403.
    """
    action.refuse_others(roles)
    named = (name.removeprefix(FILE_FIELD) for name in fields if name.startswith(FILE_FIELD))
    files = (*attachments, *(number for one in named if (number := number_in("", one)) is not None))
    reason = reason_of(fields.get("reason")) if action.asks_reason else ""
    told = {name: fields.get(name, "") for name in FIELDS}
    return ActionRequest(subject, by, reason, **told, roles=roles, attachments=files if action.asks_files else ())

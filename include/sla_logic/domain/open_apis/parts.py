"""The parts that all resources are made of: references, money, periods and instants."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.money import Money
from include.sla_logic.domain.period import Period

Resource = dict[str, Any]


class UnableToWriteAmount(ForeseenError):
    """A JSON number cannot say the amount exactly."""


def reference(kind: str, identity: str, *, href: str | None = None) -> Resource:
    """Refer to another resource by its id."""
    return stated({"@type": kind, "id": identity, "href": href})


def href_of(root: str | None, api: str, *parts: str) -> str | None:
    """Return where a resource is found below the Open APIs, None where nothing is linked to."""
    return None if root is None else "/".join([root, api, *(quote(part, safe="") for part in parts)])


def related(role: str, entity: Mapping[str, Any]) -> Resource:
    """Refer to something in the role that it plays."""
    return {"@type": "RelatedEntity", "role": role, "entity": dict(entity)}


def customer_party(customer: str) -> Resource:
    """Name the customer as a related party."""
    return {
        "@type": "RelatedPartyRefOrPartyRoleRef",
        "role": "customer",
        "partyOrPartyRole": {"@type": "PartyRef", "id": customer},
    }


def money(amount: Money) -> Resource:
    """Write an amount; raise `UnableToWriteAmount` where a JSON number would be another amount."""
    value = float(amount.amount)
    if Decimal(repr(value)) != amount.amount:
        msg = f"{amount} cannot be written as a JSON number without loss."
        raise UnableToWriteAmount(msg)
    return {"unit": amount.currency, "value": value}


def instant(at: datetime | None) -> str | None:
    """Write an instant in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def period(one: Period) -> Resource:
    """Write a period; its end does not belong to it."""
    return {"startDateTime": instant(one.start), "endDateTime": instant(one.end)}


def characteristic(name: str, value: str | bool | None) -> list[Resource]:  # noqa: FBT001 - the value itself
    """State one fact for which the resource has no field, typed; nothing where it is not known."""
    if value is None:
        return []
    kind = "boolean" if isinstance(value, bool) else "string"
    return [{"@type": f"{kind.title()}Characteristic", "name": name, "valueType": kind, "value": value}]


def stated(resource: Mapping[str, Any]) -> Resource:
    """Leave out what is not known and lists without entries: the schemas of TM Forum know no null."""
    return {name: value for name, value in resource.items() if value is not None and value != []}

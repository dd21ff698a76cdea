"""What a list of trouble tickets is asked for."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request

from include.sla_logic.domain.calendars import read_instant
from include.sla_logic.domain.errors import ForeseenError
from include.sla_logic.domain.open_apis.trouble_ticket import SEVERITIES, SPECIFICATION
from include.sla_logic.domain.trouble_ticket import TicketStatus
from include.sla_logic.services.open_apis import Cut, Key
from include.sla_logic.services.trouble_tickets import TicketQuery
from include.sla_logic.web.tmf.access import CurrentParty
from include.sla_logic.web.tmf.errors import NotOffered, UnableToReadRequest
from include.sla_logic.web.tmf.json_path import read_json_path
from include.sla_logic.web.tmf.pages import WantedCut, check_key
from include.sla_logic.web.tmf.queries import read_filters

_PARTY, _SERVICE, _REFERENCE = "relatedParty.partyOrPartyRole.id", "relatedEntity.entity.id", "externalIdentifier.id"
_CREATED = {f"creationDate.{how}": how for how in ("gt", "gte", "lt", "lte")}
_IMPACTS = {severity: int(level) for level, severity in SEVERITIES.items()}
FILTERS = ("id", "status", "severity", "ticketType", _PARTY, _SERVICE, _REFERENCE, *_CREATED)
SORTS = {"id": (False, False), "-id": (False, True), "creationDate": (True, False), "-creationDate": (True, True)}
_MOST = 200  # alternatives of one filter


def get_ticket_query(
    request: Request,
    party: CurrentParty,
    cut: WantedCut,
    sort: Annotated[str, Query(max_length=64, description="id, -id, creationDate or -creationDate.")] = "-id",
    filter: Annotated[str, Query(max_length=2000, description="JSONPath, as docs/open-apis.md has it.")] = "",  # noqa: A002 - TM Forum's name
) -> tuple[TicketQuery, Cut]:
    """Read filters, order and part; raise what says which of them is not understood or not offered."""
    if sort not in SORTS:
        raise NotOffered(f"sort: {sort!r} is not offered; there are {', '.join(SORTS)}.")
    by_creation, descending = SORTS[sort]
    told = read_filters(request, FILTERS)
    wanted = _query(told, TicketQuery(party.customers, by_creation=by_creation, descending=descending))
    if filter:
        for name, value in read_json_path(filter, FILTERS):
            if name in told:
                raise UnableToReadRequest(f"filter: {name} stands in the query too; say it once.")
            told[name] = (value,)
        wanted = _query(told, wanted)
    if not by_creation:
        return wanted, check_key(cut, int)
    cut = check_key(cut, str, int)
    return wanted, replace(cut, after=_by_instant("after", cut.after), before=_by_instant("before", cut.before))


WantedTickets = Annotated[tuple[TicketQuery, Cut], Depends(get_ticket_query)]


def _query(told: Mapping[str, tuple[str, ...]], wanted: TicketQuery) -> TicketQuery:
    for name, values in told.items():
        if not 0 < len(values) <= _MOST:
            raise UnableToReadRequest(f"{name}: send 1 to {_MOST} values, with commas between them.")
    for name, known in (("status", tuple(TicketStatus)), ("severity", tuple(_IMPACTS))):
        if unknown := [value for value in told.get(name, ()) if value not in known]:
            raise UnableToReadRequest(f"{name}: {unknown[0][:64]!r} is none; there are {', '.join(known)}.")
    kinds = told.get("ticketType", ())
    ids = told.get("id", ())
    return replace(
        wanted,
        ids=ids if SPECIFICATION in kinds or not kinds else ("none",),  # there is no ticket of another type
        statuses=told.get("status", ()),
        impacts=[_IMPACTS[severity] for severity in told.get("severity", ())],
        parties=told.get(_PARTY, ()),
        services=told.get(_SERVICE, ()),
        references=told.get(_REFERENCE, ()),
        created=[(how, _instant(name, value)) for name, how in _CREATED.items() for value in told.get(name, ())],
    )


def _instant(name: str, value: str) -> datetime:
    try:
        return read_instant(value)
    except ForeseenError as error:
        raise UnableToReadRequest(f"{name}: {error}") from error


def _by_instant(name: str, key: Key | None) -> tuple[Any, ...] | None:
    return None if key is None else (_instant(name, key[0]), key[1])

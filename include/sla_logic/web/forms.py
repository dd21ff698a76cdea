"""Reading forms as browsers send them, with limits and without a multipart parser."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, HTTPException, Request

from include.sla_logic.domain.errors import InvalidInputError
from include.sla_logic.web.media_type import media_type
from include.sla_logic.web.translations import gettext

_FIELDS = 200
REASON_LIMIT = 500


class UnableToReadReason(InvalidInputError):
    """An action needs a reason that people can read."""


async def read_form(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; of a field sent twice the last counts."""
    if media_type(request) != "application/x-www-form-urlencoded":
        raise HTTPException(415, gettext("Send the form as application/x-www-form-urlencoded."))
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
    except ValueError as error:
        raise HTTPException(400, gettext("The form cannot be read as UTF-8 text.")) from error
    return dict(pairs)


Form = Annotated[Mapping[str, str], Depends(read_form)]


def reason_of(text: str | None) -> str:
    """Return the reason on one line; raise `UnableToReadReason` where there is none or too much of it."""
    reason = " ".join((text or "").split())
    if not reason:
        raise UnableToReadReason(gettext("Give a reason: it is stored with the incident."))
    if len(reason) > REASON_LIMIT:
        raise UnableToReadReason(gettext("The reason is longer than %(most)s characters.", most=REASON_LIMIT))
    if not reason.isprintable():
        raise UnableToReadReason(gettext("The reason contains a character that cannot be shown."))
    return reason

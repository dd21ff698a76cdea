"""Who asks: a partner, a reader or an operator of the desk."""

import logging
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, HTTPException

from include.sla_logic.services.open_apis import OpenApiSettings, UnableToReadOpenApis
from include.sla_logic.web.dependencies import CurrentCaller, WithUseCases

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Party:
    """Who asks; `customers` are those whose records they may see, None for all of them, as who uses the desk does."""

    name: str
    may_write: bool
    customers: frozenset[str] | None = None
    roles: tuple[str, ...] = ()

    @property
    def is_partner(self) -> bool:
        """Tell whether only some customers may be seen."""
        return self.customers is not None


def get_settings(use_cases: WithUseCases, _caller: CurrentCaller) -> OpenApiSettings:
    """Read the file of the open APIs; as long as it cannot be read, nobody is let in."""
    try:
        return use_cases.open_apis.settings()
    except UnableToReadOpenApis as error:
        log.error("%s Nobody is let into the open APIs until it is corrected.", error)  # noqa: TRY400 - it says all
        raise HTTPException(
            503, "Partners cannot be told from others at the moment; the server's log says why."
        ) from error


CurrentSettings = Annotated[OpenApiSettings, Depends(get_settings)]


def get_party(caller: CurrentCaller, settings: CurrentSettings) -> Party:
    """Return who asks; a user who is a partner sees their customers alone, whatever rights they have in Airflow."""
    if (partner := settings.partners.get(caller.name)) is not None:
        return Party(caller.name, may_write=True, customers=partner.customers)
    if not caller.may_read:
        raise HTTPException(403, "You are neither a partner nor a reader of the incident desk.")
    return Party(caller.name, may_write=caller.may_write, roles=caller.roles)


CurrentParty = Annotated[Party, Depends(get_party)]


def get_writer(party: CurrentParty) -> Party:
    """Return who asks for a change; refuse readers."""
    if not party.may_write:
        raise HTTPException(403, "You may read here, but change nothing.")
    return party


WritingParty = Annotated[Party, Depends(get_writer)]

"""Who types a command: the name that they give, and their account on this machine."""

import os
import pwd
from typing import Annotated

import typer

from include.sla_logic.domain.people import signed


def account() -> str:
    """Return the account that runs this process, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container
        return f"uid {os.getuid()}"


def _signed(name: str | None) -> str | None:
    return None if name is None else signed(name.strip() or account(), account())


By = Annotated[
    str,
    typer.Option(
        help="Who does it; kept in the audit, with your account on this machine.",
        default_factory=account,
        callback=_signed,
    ),
]
PerhapsBy = Annotated[str | None, typer.Option(help="Who says that they are complete.", callback=_signed)]

"""Who acted: a name, and at the command line also the account of the machine, which nobody can type."""

_ACCOUNT = ", signed in as "


def signed(name: str, account: str) -> str:
    """Return what is kept of somebody who gave this name while signed in under that account."""
    return name if _folded(name) == _folded(account) else f"{name}{_ACCOUNT}{account}"


def may_be_one_person(one: str, other: str | None) -> bool:
    """Tell whether two who acted share a name or an account."""
    return other is not None and not _names(one).isdisjoint(_names(other))


def _names(actor: str) -> set[str]:
    return {_folded(name) for name in actor.split(_ACCOUNT)}


def _folded(name: str) -> str:
    return name.strip().casefold()

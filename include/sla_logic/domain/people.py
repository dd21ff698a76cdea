"""Who acted: a login at the desk; at the command line a name, and the account of the machine that nobody can type."""

from collections.abc import Mapping

_ACCOUNT = ", signed in as "


def signed(name: str, account: str) -> str:
    """Return what is kept of somebody who gave this name at the command line, signed in under that account."""
    return f"{name}{_ACCOUNT}{account}"


def may_be_one_person(one: str, other: str | None, *, logins: Mapping[str, str]) -> bool:
    """Tell whether two who acted share a name, an account or a login; `logins` are those of the accounts."""
    return other is not None and not _names(one, logins).isdisjoint(_names(other, logins))


def was_at_command_line(actor: str) -> bool:
    """Tell whether somebody acted at the command line."""
    return _account(actor) is not None


def unknown_account(one: str, other: str | None, *, logins: Mapping[str, str]) -> str | None:
    """Return the account of whichever of the two was at the command line, where the other was at the desk.

    None where `logins` says who the account is at the desk, and where both acted in the same place.
    """
    accounts = [account for account in (_account(one), _account(other or one)) if account is not None]
    if len(accounts) != 1:
        return None
    return None if _folded(accounts[0]) in {_folded(known) for known in logins} else accounts[0]


def _account(actor: str) -> str | None:
    name, _, account = actor.rpartition(_ACCOUNT)
    return account if name else None


def _names(actor: str, logins: Mapping[str, str]) -> set[str]:
    names = {_folded(name) for name in actor.split(_ACCOUNT)}
    return names | {_folded(login) for account, login in logins.items() if _folded(account) in names}


def _folded(name: str) -> str:
    return name.strip().casefold()
